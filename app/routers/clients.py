"""Clients: the machine credentials of the authority's organisations."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.db import WriteSession
from app.http.answers import JSON, created, once, page, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag
from app.queries.writes import Writes
from app.routers.schemas.clients import ClientIn, ClientOut, ClientPage, ClientWithSecretOut, RotationIn
from app.services import clients
from app.services.clients import ClientWithSecret
from app.services.idempotency import Answer

router = APIRouter(tags=["clients"])

IfMatch = Annotated[str | None, Header(max_length=1000)]


@router.get("/v1/clients", operation_id="list_clients", response_model=ClientPage)
async def list_clients(
    call: Annotated[Call, Depends(caller("list_clients"))],
    organisation_id: Annotated[UUID | None, Query(description="Only this organisation's clients.")] = None,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The authority's clients, oldest first, revoked ones included; a school or provider sees its own."""
    position = call.position(cursor)
    async with call.read() as session:
        rows, last = await clients.list_clients(
            session, organisation_id=organisation_id, after=UUID(str(position[0])) if position else None, limit=limit
        )
    return page(call, [ClientOut.model_validate(row) for row in rows], call.cursor([str(last)]) if last else None)


@router.post(
    "/v1/clients",
    operation_id="create_client",
    status_code=201,
    responses={201: {"model": ClientWithSecretOut, "description": "The client, with its secret this once."}},
)
async def create_client(body: ClientIn, call: Annotated[Call, Depends(caller("create_client"))]) -> Response:
    """Make a client for one organisation. The answer is the only one that ever shows its secret.

    With an `Idempotency-Key` a retry makes no second client, but its answer has no secret in it.
    """
    made: list[ClientWithSecret] = []

    async def work(session: WriteSession, writes: Writes) -> Answer:
        new = await clients.create_client(
            session, writes, organisation_id=body.organisation_id, name=body.name, scopes=frozenset(body.scopes)
        )
        made.append(new)
        return created(_with_secret(new.client, None), new.client["version"], f"/v1/clients/{new.client['id']}")

    return _reveal(await once(call, body.model_dump(mode="json"), work), made)


@router.get("/v1/clients/{client_id}", operation_id="get_client", response_model=ClientOut)
async def get_client(client_id: UUID, call: Annotated[Call, Depends(caller("get_client"))]) -> Response:
    """One client and the times of its live secrets."""
    async with call.read() as session:
        found = await clients.read_client(session, client_id)
    return thing(call, ClientOut.model_validate(found), found["version"])


@router.post(
    "/v1/clients/{client_id}/rotate-secret", operation_id="rotate_client_secret", response_model=ClientWithSecretOut
)
async def rotate_client_secret(
    client_id: UUID,
    body: RotationIn,
    call: Annotated[Call, Depends(caller("rotate_client_secret"))],
    if_match: IfMatch = None,
) -> Response:
    """Give a client a new secret, shown in this answer only.

    The present secret still works for `overlap_seconds`, so that the client's system can be changed without a gap. A
    secret that an earlier rotation had already replaced ends at once: no more than two ever work.
    """
    made: list[ClientWithSecret] = []

    async def work(session: WriteSession, writes: Writes) -> Answer:
        check_match(if_match, (await clients.read_client(session, client_id))["version"])
        new = await clients.rotate_secret(session, writes, client_id, timedelta(seconds=body.overlap_seconds))
        made.append(new)
        return _answer(_with_secret(new.client, None), new.client["version"])

    return _reveal(await once(call, {"client_id": client_id, **body.model_dump()}, work), made)


@router.post("/v1/clients/{client_id}/revoke", operation_id="revoke_client", response_model=ClientOut)
async def revoke_client(
    client_id: UUID, call: Annotated[Call, Depends(caller("revoke_client"))], if_match: IfMatch = None
) -> Response:
    """End a client for good. It gets no further token; those that it holds run out within a quarter of an hour."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        check_match(if_match, (await clients.read_client(session, client_id))["version"])
        ended = await clients.revoke_client(session, writes, client_id)
        return _answer(ClientOut.model_validate(ended), ended["version"])

    return await once(call, {"client_id": client_id}, work)


def _answer(content: object, version: int) -> Answer:
    return Answer(200, {"ETag": entity_tag(version)}, to_bytes(content))


def _with_secret(client: dict[str, Any], secret: str | None) -> ClientWithSecretOut:
    return ClientWithSecretOut.model_validate({**client, "client_secret": secret})


def _reveal(answer: Response, made: list[ClientWithSecret]) -> Response:
    """The answer with the secret in it, if this request made one: the answer that is kept for a retry is without."""
    if not made:
        return answer
    (new,) = made
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
    return Response(to_bytes(_with_secret(new.client, new.secret)), answer.status_code, headers, JSON)

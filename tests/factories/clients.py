"""Clients with secrets, made through the service, and requests to the token endpoint."""

from base64 import b64encode
from urllib.parse import quote

import httpx

from app.access import Principal, Scope
from app.db import Database
from app.queries.writes import Writes
from app.services.clients import ClientWithSecret, create_client
from tests.factories.http import Api

SCHOOL_SCOPES = frozenset({Scope.REFERRALS_READ, Scope.REFERRALS_WRITE, Scope.SUPPLY_READ})


async def make_client(
    database: Database, officer: Principal, organisation: Principal, *, scopes: frozenset[Scope] = SCHOOL_SCOPES
) -> ClientWithSecret:
    async with database.write(officer) as session:
        return await create_client(
            session,
            Writes(),
            organisation_id=organisation.organisation_id,
            name="Made up MIS",
            scopes=scopes,
        )


def basic(client_id: object, secret: str) -> dict[str, str]:
    pair = f"{quote(str(client_id), safe='')}:{quote(secret, safe='')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


async def ask(api: Api, client: ClientWithSecret, **form: str) -> httpx.Response:
    """Ask for a token by HTTP Basic."""
    return await api.client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", **form},
        headers=basic(client.client["id"], client.secret),
    )

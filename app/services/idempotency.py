"""One effect and one answer for a retried request (draft-ietf-httpapi-idempotency-key-header).

The key is scoped to client and operation and claimed in the transaction of the act itself, so an acknowledged write
and its stored answer stand or fall together. A try-lock comes first: a second insert of the same key would block
instead of answering. Refused requests are not stored; they are judged anew.
"""

from dataclasses import dataclass
from hashlib import sha256

import orjson

from app import clock
from app.db import WriteSession
from app.errors import IdempotencyKeyReused, RequestInProgress
from app.models.parties import idempotency_record
from app.queries.writes import Writes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """A key taken for the rest of this transaction."""

    operation: str
    key: str
    digest: bytes


async def claim(session: WriteSession, operation: str, key: str, body: object) -> Claim | Answer:
    """Take a key, or return the answer that it already has.

    Raises RequestInProgress while another transaction holds the key, IdempotencyKeyReused when it was used with
    another body.
    """
    canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    wanted = Claim(operation, key, sha256(canonical).digest())
    client_id = session.principal.client_id
    known = await session.row(
        "SELECT * FROM claim_idempotency_key($1, $2, $3, $4)", session.authority_id, client_id, operation, key
    )
    if known is None or not known["free"]:
        raise RequestInProgress(headers={"Retry-After": "1"})
    if known["status"] is None:
        return wanted
    if known["body_digest"] != wanted.digest:
        raise IdempotencyKeyReused
    return Answer(known["status"], orjson.loads(known["headers"]), known["body"])


def keep(writes: Writes, session: WriteSession, claimed: Claim, answer: Answer) -> None:
    """Queue the answer to be stored with the act."""
    writes.add(
        idempotency_record,
        client_id=session.principal.client_id,
        operation=claimed.operation,
        idempotency_key=claimed.key,
        body_digest=claimed.digest,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        created_at=clock.real_now(),
    )

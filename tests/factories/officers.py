"""What officers do to referrals, and what is read back of it."""

from typing import Any
from uuid import UUID

import orjson

from app.access import Principal
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

OFFICER = {"name": "Robin Exemplar", "role": "officer"}


async def send(caller: Caller, **changes: Any) -> dict[str, Any]:
    """A referral that was taken."""
    answer = await caller.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def read(caller: Caller, referral: dict[str, Any]) -> dict[str, Any]:
    """A referral as it now is."""
    answer = await caller.get(f"/v1/referrals/{referral['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def act(caller: Caller, referral: dict[str, Any], act_: str, **body: Any) -> dict[str, Any]:
    """The referral after an act that was let through."""
    answer = await caller.post(f"/v1/referrals/{referral['id']}/{act_}", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(caller: Caller, referral: dict[str, Any], act_: str, **body: Any) -> tuple[int, dict[str, Any]]:
    """The status and the problem that an act was refused with."""
    answer = await caller.post(f"/v1/referrals/{referral['id']}/{act_}", body)
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()


async def rows(caller: Caller, referral: dict[str, Any], list_: str) -> list[dict[str, Any]]:
    """The rows of a list about a referral."""
    answer = await caller.get(f"/v1/referrals/{referral['id']}/{list_}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def told(api: Api, reader: Principal, referral: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The events of a referral that an organisation is told of, in order: type and data. From the rows, because a
    lane's own transaction hides its events from the feed."""
    async with api.runtime.database.read(reader) as session:
        found = await session.rows(
            "SELECT e.type, e.data FROM event e JOIN event_audience a ON a.authority_id = e.authority_id"
            " AND a.event_id = e.id AND a.organisation_id = $2 WHERE e.authority_id = $1 AND e.referral_id = $3"
            " ORDER BY a.xid, a.seq",
            session.authority_id,
            session.organisation_id,
            UUID(referral["id"]),
        )
    return [(row["type"], orjson.loads(row["data"])) for row in found]


async def owed(caller: Caller, subject_id: str, state: str = "open") -> dict[str, dict[str, Any]]:
    """What is owed about a subject, by kind."""
    answer = await caller.get(f"/v1/obligations?state={state}&limit=200")
    return {row["kind"]: row for row in answer.json()["data"] if row["subject_id"] == subject_id}

"""Two at once: a concern is acknowledged once, a note corrected once, a message marked once."""

import asyncio
from typing import Any

from app.db import Database
from tests.factories.authority import Town
from tests.factories.casework import LATER, accepted_case, at
from tests.factories.http import Api
from tests.factories.officers import owed
from tests.factories.referrals import key

MANY = 6


async def test_a_concern_is_acted_on_by_one_of_many(real_api: Api, real_town: Town, clone: Database) -> None:
    ids = await accepted_case(real_api, real_town)
    provider, officer = at(real_api.as_(real_town.provider), LATER), at(real_api.as_(real_town.officer), LATER)
    school = at(real_api.as_(real_town.school), LATER)
    body = {"kind": "child_at_risk", "text": "x", "person": {"name": "x"}}
    raised = (await provider.post(f"/v1/referrals/{ids.referral_id}/concerns", body)).json()
    act = {"action": "family_spoken_to", "person": {"name": "x"}, "note": "x"}
    callers = [school, officer] * (MANY // 2)
    answers = await asyncio.gather(
        *(caller.post(f"/v1/concerns/{raised['id']}/acknowledge", act, headers=key()) for caller in callers),
        officer.post(f"/v1/concerns/{raised['id']}/close", act, headers=key()),
    )
    acknowledged, closed = answers[:-1], answers[-1]
    assert {answer.status_code for answer in answers} <= {200, 409}
    # Whatever came first, there is one act of each kind at most, in an unbroken order.
    whole: dict[str, Any] = (await officer.get(f"/v1/concerns/{raised['id']}")).json()
    done = [one["kind"] for one in whole["acts"]]
    assert done in (["acknowledged"], ["closed"], ["acknowledged", "closed"])
    assert done.count("acknowledged") == [answer.status_code for answer in acknowledged].count(200)
    assert done.count("closed") == [closed.status_code].count(200)
    assert "concern_action" in await owed(school, raised["id"], state="met")
    async with clone.read(real_town.officer) as session:
        versions = await session.rows(
            "SELECT subject_version FROM event WHERE subject_kind = 'concern' ORDER BY subject_version"
        )
    assert [row["subject_version"] for row in versions] == list(range(1, len(done) + 2))


async def test_a_note_is_corrected_by_one_of_many(real_api: Api, real_town: Town) -> None:
    ids = await accepted_case(real_api, real_town)
    provider = at(real_api.as_(real_town.provider), LATER)
    note = {"occurred_at": "2026-11-04T10:00:00Z", "text": "x"}
    first = (await provider.post(f"{ids.path}/notes", note)).json()
    answers = await asyncio.gather(
        *(provider.post(f"{ids.path}/notes", {**note, "supersedes_id": first["id"]}) for _ in range(MANY))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (MANY - 1)
    rows = (await provider.get(f"{ids.path}/notes")).json()["data"]
    assert len(rows) == 2


async def test_a_message_is_marked_once(real_api: Api, real_town: Town) -> None:
    ids = await accepted_case(real_api, real_town)
    school, provider = at(real_api.as_(real_town.school), LATER), at(real_api.as_(real_town.provider), LATER)
    path = f"/v1/referrals/{ids.referral_id}/messages"
    message = (await school.post(path, {"text": "x"})).json()
    answers = await asyncio.gather(*(provider.post(f"{path}/{message['id']}/read") for _ in range(MANY)))
    assert {answer.status_code for answer in answers} == {200}
    [row] = (await school.get(path)).json()["data"]
    assert len(row["read_by"]) == 1

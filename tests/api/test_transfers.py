"""A child who moves to another authority: ended or finished here, a summary for consent alone, and a check owed."""

from typing import Any

import pytest

from app.db import Database
from tests.api.test_change_school import today
from tests.api.test_deemed_acceptance import read
from tests.api.test_household_case import accept, meet, shared
from tests.api.test_siblings_claims import send, state_of
from tests.factories.authority import Town
from tests.factories.http import Api

OFFICER = {"name": "Robin Exemplar", "role": "officer"}


async def moved(api: Api, town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "home_la_code": "340", "moved_on": await today(api, town), "plan": "end", "consent": "given",
        "note": "Moved to be near family.", "officer": OFFICER, **changes,
    }  # fmt: skip


async def open_kinds(lane: Database, town: Town, referral: dict[str, Any]) -> set[str]:
    async with lane.read(town.officer) as session:
        rows = await session.rows(
            "SELECT kind FROM obligation WHERE subject_id = $1 AND met_at IS NULL AND cancelled_at IS NULL",
            referral["id"],
        )
    return {row["kind"] for row in rows}


async def test_a_case_ends_and_the_other_authority_is_told_by_a_person(api: Api, town: Town, lane: Database) -> None:
    school, officer = api.as_(town.school), api.as_(town.officer)
    referral = await send(school)
    case = await accept(api, town, referral)
    await meet(api, town, case)
    path = f"/v1/referrals/{referral['id']}/transfer"
    done = await officer.post(path, await moved(api, town))
    assert (done.status_code, done.json()["state"], done.json()["outcome"]) == (200, "closed", "transferred"), done.text
    assert done.json()["pupil"]["home_la_code"] == "340"
    whole = await read(api.as_(town.provider), f"/v1/interventions/{case}")
    assert (whole["state"], whole["outcome"]) == ("closed", "transferred")
    assert "transfer_check" in await open_kinds(lane, town, referral)
    summary = (await officer.get(f"{path}/summary")).json()
    assert summary["pupil"]["given_name"] == referral["pupil"]["given_name"]
    assert summary["work"]["contacts_attended_count"] == 1
    for word in (referral["statutory"]["upn"], "safe_contact", "immediate_danger"):
        assert word not in str(summary)
    confirmed = await officer.post(f"{path}/confirm", {"received_by": "Early help hub", "officer": OFFICER})
    assert confirmed.status_code == 200, confirmed.text
    assert "transfer_check" not in await open_kinds(lane, town, referral)
    again = await officer.post(f"{path}/confirm", {"received_by": "Early help hub", "officer": OFFICER})
    assert again.json()["code"] == "action_not_available"


async def test_the_work_may_be_finished_here(api: Api, town: Town, lane: Database) -> None:
    officer = api.as_(town.officer)
    referral = await send(api.as_(town.school))
    case = await accept(api, town, referral)
    done = await officer.post(
        f"/v1/referrals/{referral['id']}/transfer", await moved(api, town, plan="finish_here", consent="refused")
    )
    assert (done.status_code, done.json()["state"]) == (200, "accepted")
    await meet(api, town, case)
    assert await state_of(api, town, referral) == "in_progress"
    assert "transfer_check" in await open_kinds(lane, town, referral)
    withheld = await officer.get(f"/v1/referrals/{referral['id']}/transfer/summary")
    assert withheld.json()["code"] == "action_not_available"


async def test_a_sibling_who_stays_keeps_the_case(api: Api, town: Town) -> None:
    first, second, case = await shared(api, town)
    done = await api.as_(town.officer).post(f"/v1/referrals/{first['id']}/transfer", await moved(api, town))
    assert done.json()["outcome"] == "transferred"
    whole = await read(api.as_(town.provider), f"/v1/interventions/{case}")
    assert (whole["state"], whole["referral_id"]) == ("active", second["id"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"home_la_code": "123"}, "unknown"),
        ({"home_la_code": "926"}, "same_authority"),
        ({"moved_on": "2031-01-01"}, "in_the_future"),
    ],
)
async def test_what_cannot_be_is_refused(
    api: Api, town: Town, lane: Database, changes: dict[str, str], code: str
) -> None:
    async with lane.read(town.officer) as session:
        own = await session.value("SELECT la_code FROM authority WHERE id = $1", town.officer.authority_id)
    if code == "same_authority":
        changes = {"home_la_code": own}
    referral = await send(api.as_(town.school))
    answer = await api.as_(town.officer).post(
        f"/v1/referrals/{referral['id']}/transfer", await moved(api, town, **changes)
    )
    assert [fault["code"] for fault in answer.json()["errors"]] == [code], answer.text
    assert (await api.as_(town.officer).get(f"/v1/referrals/{referral['id']}/transfer/summary")).status_code == 404


async def test_a_pupil_of_another_home_authority_is_taken_and_flagged(api: Api, town: Town) -> None:
    sent = await send(api.as_(town.school), pupil__home_la_code="340")
    assert "other_home_authority" in [warning["code"] for warning in sent["warnings"]]
    own = await send(api.as_(town.school))
    assert "other_home_authority" not in [warning["code"] for warning in own["warnings"]]

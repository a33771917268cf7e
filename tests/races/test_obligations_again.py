"""The obligations table against what is worked out from the events alone, over a winter of every kind of act."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg

from app.db import Database
from app.services.business_clock import run_due
from bench.killed_worker import UNTIL, Term
from bench.obligations_again import compare
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.falling_due import busy_town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

OFFICER = {"name": "Robin Exemplar", "role": "officer"}


async def test_the_table_is_what_the_events_say(real_api: Api, clone: Database, owner: asyncpg.Connection) -> None:
    town = await busy_town(real_api, clone, "Again (made up)")
    term = Term(clone, real_api, town)
    for part, moment in enumerate(UNTIL):
        await run_due(clone, replace(town.officer, at=moment))
        await term.act(moment, part)
        await _unusual(real_api, town, moment + timedelta(hours=1))
        await run_due(clone, replace(town.officer, at=moment + timedelta(hours=2)))
    await run_due(clone, replace(town.officer, at=UNTIL[-1] + timedelta(days=40)))
    result = await compare(owner, town.officer.authority_id)
    assert result.differences == []
    assert result.skipped is None
    assert set(result.counted) >= {
        "answer_offer", "initial_contact", "closure", "place_referral", "safeguarding_action",
        "agreement_check", "band_review", "provider_return", "school_return",
    }  # fmt: skip
    # The comparison can fail: by a time, by who owes, by a row too many or too few.
    for spoiling in (
        "UPDATE obligation SET due_at = due_at + interval '1 minute', planned_for = NULL WHERE id = $1",
        "UPDATE obligation SET met_at = NULL, cancelled_at = created_at WHERE id = $1",
        "DELETE FROM obligation WHERE id = $1",
    ):
        transaction = owner.transaction()
        await transaction.start()
        try:
            spoilt = await owner.fetchval("SELECT id FROM obligation WHERE met_at IS NOT NULL LIMIT 1")
            await owner.execute(spoiling, spoilt)
            assert (await compare(owner, town.officer.authority_id)).differences, spoiling
        finally:
            await transaction.rollback()


async def _unusual(api: Api, town: Town, moment: Any) -> None:
    """A child in danger that an officer releases, a withdrawn agreement, a band asked for, a referral taken back."""
    school, officer = at(api.as_(town.school), moment), at(api.as_(town.officer), moment + timedelta(minutes=5))

    async def done(answer: Any) -> dict[str, Any]:
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    held = await done(await school.post("/v1/referrals", referral_body(immediate_danger=True), headers=key()))
    await done(await officer.post(f"/v1/referrals/{held['id']}/release", {"reason": "Looked at."}))
    waits = await done(await school.post("/v1/referrals", referral_body(needs=[{"code": "housing"}]), headers=key()))
    path = f"/v1/referrals/{waits['id']}"
    await done(await officer.post(f"{path}/band", {"band": "P3", "reason": "As the criteria say.", "officer": OFFICER}))
    seen = await done(await school.get(path))
    asked = {"band": "P1", "reason": "It has become worse."}
    await done(await school.patch(path, asked, headers={"If-Match": f'"{seen["version"]}"'}))
    await done(await school.post(f"{path}/agreement", {"status": "withdrawn"}))
    taken_back = await done(await school.post("/v1/referrals", referral_body(), headers=key()))
    await done(await school.post(f"/v1/referrals/{taken_back['id']}/withdraw", {"reason": "other"}))

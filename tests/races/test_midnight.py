"""An act that waits for its turn while midnight passes is an act of the new day."""

import asyncio
from datetime import timedelta

import asyncpg

from app.db import Database
from app.schema import database_of
from tests.conftest import Template
from tests.factories.authority import Town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body


async def test_a_place_is_booked_from_the_day_on_which_its_turn_came(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    authority_id = real_town.officer.authority_id
    async with clone.read(real_town.officer) as session:
        today, now = session.today, session.now
    owner = await asyncpg.connect(template.url(template.owner, database_of(clone.url)))
    try:
        async with owner.transaction():
            # Somebody else's act holds the authority's lock; the referral has begun and waits for it.
            await owner.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(authority_id))
            sending = asyncio.create_task(
                real_api.as_(real_town.school).post("/v1/referrals", referral_body(), headers=key())
            )
            while not await owner.fetchval(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ):
                assert not sending.done()
                await asyncio.sleep(0.01)
            await owner.execute("UPDATE authority SET clock_offset = $2 WHERE id = $1", authority_id, timedelta(days=1))
        answer = await sending
        assert (answer.status_code, answer.json()["state"]) == (201, "offered"), answer.text
        row = await owner.fetchrow(
            "SELECT b.starts_on, r.received_at, r.banded_on, o.offered_at, d.as_of FROM booking b, referral r, offer o,"
            " decision d"
        )
    finally:
        await owner.close()
    tomorrow = today + timedelta(days=1)
    assert (row["starts_on"], row["banded_on"], row["as_of"]) == (tomorrow, tomorrow, tomorrow)
    assert row["received_at"] == row["offered_at"] > now + timedelta(hours=23)

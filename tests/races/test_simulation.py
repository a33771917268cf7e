"""The play itself, small: client processes against a service of its own, and the database held to its rules."""

import asyncio
import io
import multiprocessing
import secrets
from collections.abc import Iterator

import asyncpg
import pytest
from rich.console import Console

from app import schema
from app.domain.referral_facts import referral_faults
from app.routers.schemas.referrals import ReferralIn
from app.simulation.bodies import faulty, referral_body
from app.simulation.calling import PlayError
from app.simulation.run import run
from app.simulation.stage import running_stage
from app.simulation.world import World


@pytest.fixture
def scratch(server_url: str) -> Iterator[str]:
    """The URL of a database that is not there yet; it and the roles made for it are dropped afterwards."""
    name = f"halfterm_play_{secrets.token_hex(4)}"
    yield schema.with_parts(server_url, database=name)

    async def drop() -> None:
        connection = await asyncpg.connect(schema.with_parts(server_url, database="postgres"))
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            for role in (f"{name}_application", f"{name}_application_worker"):
                await connection.execute(f'DROP ROLE IF EXISTS "{role}"')
        finally:
            await connection.close()

    asyncio.run(drop())


@pytest.mark.slow
def test_eight_days_of_a_small_authority_keep_every_rule(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALFTERM_DATABASE_URL", scratch)
    monkeypatch.delenv("HALFTERM_OWNER_DATABASE_URL", raising=False)
    said = io.StringIO()
    status = run(
        year=False,
        base_url=None,
        seed=13,
        school_count=12,
        place_count=20,
        day_count=8,
        console=Console(file=said, width=200),
    )
    told = said.getvalue()
    assert status == 0, told
    assert "every invariant holds" in told
    for operation in ("create_referral", "accept_allocation", "record_contact", "list_events", "graphql (page of 50)"):
        assert operation in told, told
    assert multiprocessing.active_children() == []


def test_a_play_against_a_running_service_needs_an_officers_client() -> None:
    with pytest.raises(PlayError, match="HALFTERM_SIMULATE_CLIENT_ID"):
        running_stage("http://127.0.0.1:1", {})


def test_what_schools_send_is_sound_and_what_they_send_wrongly_is_refused() -> None:
    world = World(13, 12, 20)
    wrong = set()
    for arrival in world.arrivals:
        body = referral_body(world, arrival)
        assert referral_faults(ReferralIn.model_validate(body).model_dump(), arrival.on) == []
        bad = faulty(world, arrival, body)
        try:
            faults = referral_faults(ReferralIn.model_validate(bad).model_dump(), arrival.on)
        except ValueError:
            wrong.add("shape")
        else:
            assert faults, bad
            wrong.add(faults[0].pointer)
    assert len(wrong) > 3

"""Who could be offered a place, found in SQL: a plan made from them offers what a plan from everyone does."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.db import Database, WriteSession, broker
from app.domain.allocation import SchoolShare, decide
from app.domain.allocation.order import Order
from app.domain.calendar import Calendar
from app.ids import new_id, new_reference
from app.models import allocation, demand, supply
from app.queries import who_waits
from app.queries.writes import Writes
from app.services.allocation import contenders, waiting_wants
from app.services.ground import survey
from tests.factories.authority import Town, add_block
from tests.factories.casework import ACCEPTED_AT

WAITING = 160
TODAY = ACCEPTED_AT.date()


class _UndoError(Exception):
    """Ends a transaction whose rows are no whole cases."""


async def crowd(session: WriteSession, town: Town, draw: random.Random) -> None:
    """A waiting list of few kinds, with households of several, refusals, old offers, and bands of every age."""
    writes = Writes()
    homes: list[UUID] = []
    for number in range(WAITING):
        if not homes or draw.random() < 0.8:
            homes.append(new_id())
            writes.add(demand.household, id=homes[-1])
        household, pupil, referral = draw.choice(homes[-5:]), new_id(), new_id()
        school = draw.randrange(3)
        writes.add(
            demand.pupil, id=pupil, household_id=household, given_name="Robin", family_name="Sampleton",
            date_of_birth=date(2013, 3, 1),
        )  # fmt: skip
        banded_on = TODAY - timedelta(days=draw.randrange(140))
        received_at = datetime.combine(banded_on, time(9, number % 60), UTC) - timedelta(days=draw.randrange(3))
        band, need = draw.choice(["P1", "P2", "P3", "P4", "P4"]), draw.choice(["attendance", "housing", "attendance"])
        writes.add(
            demand.referral, id=referral, reference=new_reference("R"), version=1, state="waiting", state_sequence=1,
            referring_organisation_id=town.schools[school].organisation_id,
            school_id=town.schools[school].organisation_id, pupil_id=pupil, household_id=household,
            area_id=town.areas["north" if school < 2 else "south"], referrer={}, received_at=received_at,
            updated_at=received_at, year_group="7", key_stage=draw.choice(["KS3", "KS3", "KS4"]), band=band,
            band_asked=band, banded_on=banded_on, need_codes=[need], needs=[],
            language=draw.choice(["ENG", "ENG", "POL"]), modes=draw.choice([["home"], ["home", "school"]]),
            refused_provider_ids=[town.provider.organisation_id] if draw.random() < 0.1 else [],
            preferred_mode=draw.choice([None, "home"]), holds=["FAMILY_PAUSED"] if draw.random() < 0.05 else [],
            agreement={}, agreement_status="given", lawful_basis={}, immediate_danger=False, unplaceable=False,
        )  # fmt: skip
        if draw.random() < 0.1:
            booking, decision, policy = new_id(), new_id(), await policy_of(session)
            lot, place = town.lots[0], town.places[0]
            writes.add(
                supply.booking, id=booking, place_id=place, lot_id=lot, provider_id=town.provider.organisation_id,
                household_id=household, state="released", starts_on=banded_on, ends_on=banded_on,
                released_on=banded_on, cause="offer",
            )  # fmt: skip
            writes.add(
                allocation.decision, id=decision, referral_id=referral, policy_version_id=policy,
                decided_at=received_at, as_of=banded_on, trigger="arrival", outcome="offered", record={},
            )  # fmt: skip
            writes.add(
                allocation.offer, id=new_id(), referral_id=referral, provider_id=town.provider.organisation_id,
                referring_organisation_id=town.schools[school].organisation_id, lot_id=lot,
                service_id=town.services[0], place_id=place, booking_id=booking, decision_id=decision,
                reference=new_reference("A"), state="expired", starts_on=banded_on, offered_at=received_at,
                answer_due_at=received_at, answered_at=received_at, updated_at=received_at, summary={},
            )  # fmt: skip
        if number % 20 == 19:
            await writes.flush(session)
    await writes.flush(session)


async def policy_of(session: WriteSession) -> UUID:
    found: UUID = await session.value("SELECT id FROM policy_version WHERE authority_id = $1", session.authority_id)
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("names_schools", [False, True], ids=["whole authority", "a lot names schools"])
@pytest.mark.parametrize("fair_share", [False, True], ids=["plain order", "fair share"])
async def test_a_plan_of_the_contenders_offers_what_one_of_everyone_does(
    lane: Database, town: Town, seed: int, names_schools: bool, fair_share: bool
) -> None:
    draw = random.Random(seed)
    await add_block(lane, town, town.providers[1], places=3, area_codes=("north",))
    await add_block(lane, town, town.provider, places=2, key_stages=("KS4",))
    officer = replace(town.officer, at=ACCEPTED_AT)
    with pytest.raises(_UndoError):
        async with lane.write(officer) as session:
            await crowd(session, town, draw)
            if names_schools:
                await session.run(
                    "UPDATE lot SET school_ids = ARRAY[$2::uuid], area_ids = '{}' WHERE authority_id = $1 AND id = $3",
                    session.authority_id, town.schools[0].organisation_id, town.lots[0],
                )  # fmt: skip
            async with broker(session) as wide:
                ground = await survey(wide)
                if fair_share:
                    policy = replace(ground.policy, fair_share={**ground.policy.fair_share, "on": True})
                    shares = (SchoolShare(town.schools[1].organisation_id, 100, 100),)
                    ground = replace(ground, policy=policy, shares=shares)
                every = await waiting_wants(wide, ground)
                some = await contenders(wide, ground, ground.free_places)
            assert 0 < len(some) < len(every)
            whole = decide(ground.snapshot(every), ground.policy, TODAY)
            plan = decide(ground.snapshot(some), ground.policy, TODAY)
            assert [(each.referral_id, each.place) for each in plan.offered] == [
                (each.referral_id, each.place) for each in whole.offered
            ]
            assert plan.offered
            assert {place.id for place in plan.spare} == {place.id for place in whole.spare}
            raise _UndoError


async def test_the_long_stop_in_sql_is_the_domains(lane: Database, town: Town) -> None:
    """Of one kind, whoever the long-stop raised comes first: the one row that is asked for is the domain's first."""
    officer = replace(town.officer, at=ACCEPTED_AT)
    for seed in range(4):
        with pytest.raises(_UndoError):
            async with lane.write(officer) as session:
                await crowd(session, town, random.Random(100 + seed))
                await session.run("UPDATE referral SET band = 'P4' WHERE authority_id = $1", session.authority_id)
                async with broker(session) as wide:
                    ground = await survey(wide)
                    every = await waiting_wants(wide, ground)
                    one = await contenders(wide, ground, ground.free_places[:1])
                order = Order(ground.policy, (), TODAY)
                firsts: dict[Any, Any] = {}
                for want in sorted(every, key=order.key):
                    # The one lot takes every area, stage, language and mode alike: by these nobody is told apart.
                    kind = (order.rank(want)[0], want.refused_provider_ids, want.declined_provider_ids)
                    if want.primary_need == "attendance" and not want.holds:
                        firsts.setdefault(kind, want.referral_id)
                assert {want.referral_id for want in one} == set(firsts.values())
                assert {kind[0] for kind in firsts} == {"P3", "P4"}, "some are raised"
                raise _UndoError


def test_the_school_days_between_two_dates() -> None:
    calendar = Calendar()
    first, last = date(2024, 7, 1), date(2026, 11, 2)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    assert calendar.school_days(first, last) == [day for day in days if calendar.is_school_day(day)]
    assert who_waits.LongStop("P4", "P3", 50, calendar.school_days(first, last)).calendar[-1] <= last

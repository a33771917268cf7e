"""The invariants file finds what it is for: a sound database has no breach, and each broken copy the right one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.db import Database
from app.services.business_clock import run_due
from app.settings import Settings
from app.simulation.invariants import Acknowledged, NotTheOwnerError, breaches, check_database, invariants_sql
from tests.conftest import Template
from tests.factories.authority import Town
from tests.factories.casework import at, contact
from tests.factories.falling_due import busy_town
from tests.factories.http import Api, Caller, make_api
from tests.factories.next_contract import next_contract
from tests.factories.referrals import key, referral_body

TERM_OVER = datetime(2026, 12, 21, 9, 0, tzinfo=UTC)


@dataclass
class Ground:
    """A sound database with a case under way, one closed, offers, referrals that wait, and returns, one submitted."""

    url: str
    owner_url: str
    application_url: str


@pytest.fixture(scope="module")
async def ground(template: Template, settings: Settings) -> AsyncIterator[Ground]:
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    async with make_api(settings, database) as api:
        town = await busy_town(api, database, "Soundshire (made up)")
        await run_due(database, replace(town.officer, at=TERM_OVER))
        school = at(api.as_(town.school), TERM_OVER + timedelta(hours=1))
        (owed,) = (await school.get("/v1/returns")).json()["data"]
        held = (await school.get(f"/v1/returns/{owed['id']}")).json()
        figures = {
            "sessions_possible": 130, "sessions_attended": 100, "sessions_authorised": 20, "sessions_unauthorised": 10,
            "suspension_count": 1, "sessions_lost": 4, "permanent_exclusion_count": 0,
        }  # fmt: skip
        content = {"pupils": [{**row, **figures} for row in held["content"]["pupils"]]}
        kept = await school.put(
            f"/v1/returns/{owed['id']}", {"content": content}, headers={"If-Match": f'"{held["version"]}"'}
        )
        assert kept.status_code == 200, kept.text
        submitted = await school.post(f"/v1/returns/{owed['id']}/submit")
        assert submitted.status_code == 200, submitted.text
        await _take_back_an_accepted_referral(school, at(api.as_(town.provider), TERM_OVER + timedelta(hours=1)))
        await _let_a_plan_take_effect(school, at(api.as_(town.officer), TERM_OVER + timedelta(hours=1)))
        await _share_a_case(api, town)
        after = await next_contract(database, town, town.providers[1], on=TERM_OVER.date(), places=1)
        done = await after.commit(at(api.as_(town.officer), TERM_OVER + timedelta(hours=2)))
        assert done["moved_count"] == 1, done
    await database.dispose()
    await _let_it_be(template.url(None, name), TERM_OVER + timedelta(hours=3))
    yield Ground(
        template.url(None, name), template.url(template.owner, name), template.url(template.roles.application, name)
    )
    await template.drop_clone(name)


async def _let_it_be(url: str, now: datetime) -> None:
    """Move the authority's own clock to where the acts have left it: what is judged is judged by that."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE authority SET clock_offset = $1::timestamptz - now()", now)
    finally:
        await connection.close()


async def _share_a_case(api: Api, town: Town) -> None:
    """A child joins the case of a brother or sister, is met, and changes school; the other one moves away."""
    moment = TERM_OVER + timedelta(hours=1)
    school, provider = at(api.as_(town.school), moment), at(api.as_(town.provider), moment)
    listed = (await school.get("/v1/referrals?state=accepted&state=in_progress")).json()["data"]
    (first,) = [one for one in listed if one["case_provider_id"] == str(town.provider.organisation_id)]
    named = {"sibling_wish": "same_practitioner", "sibling_of": first["reference"]}
    second = (await school.post("/v1/referrals", referral_body(**named), headers=key())).json()
    joined = await provider.post(f"/v1/allocations/{second['allocation']['id']}/accept")
    assert joined.json()["intervention_id"] == first["intervention_id"], joined.text
    case = f"/v1/interventions/{first['intervention_id']}"
    held = contact(held_at=moment.isoformat(), kind="session")
    person = {"name": "Robin Exemplar"}
    acts: list[tuple[Caller, str, dict[str, object]]] = [
        (provider, f"{case}/safety", {"safe_contact": True, "visit_risks": True}),
        (provider, f"{case}/contacts", held),
        (
            school,
            f"/v1/referrals/{second['id']}/change-school",
            {"school_id": str(town.schools[1].organisation_id), "starts_on": moment.date().isoformat()},
        ),
        (
            at(api.as_(town.officer), moment),
            f"/v1/referrals/{first['id']}/transfer",
            {"home_la_code": "340", "moved_on": moment.date().isoformat(), "plan": "finish_here", "consent": "given",
             "note": "x", "officer": person},
        ),
    ]  # fmt: skip
    for caller, path, body in acts:
        answer = await caller.post(path, body)
        assert answer.status_code in (200, 201, 204), answer.text


async def _take_back_an_accepted_referral(school: Caller, provider: Caller) -> None:
    """A case that ends before it began: the sender's act closes it, so no event of the provider's tells of it."""
    answer = await school.post("/v1/referrals", referral_body(), headers=key())
    assert answer.status_code == 201, answer.text
    referral = answer.json()
    accepted = await provider.post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    gone = await school.post(f"/v1/referrals/{referral['id']}/withdraw", {"reason": "moved_away"})
    assert gone.status_code == 200, gone.text


async def _let_a_plan_take_effect(school: Caller, officer: Caller) -> None:
    """Two live offers: one on arrival, and one of a plan that was previewed and committed."""
    for band, state in (("P1", "offered"), ("P4", "waiting")):
        answer = await school.post("/v1/referrals", referral_body(band=band), headers=key())
        assert (answer.status_code, answer.json()["state"]) == (201, state), answer.text
    run = (await officer.post("/v1/allocation-runs", {})).json()
    committed = await officer.post(f"/v1/allocation-runs/{run['id']}/commit")
    assert committed.status_code == 200, committed.text
    assert run["counts"]["placed"] == 1


async def test_a_sound_database_has_no_breach(ground: Ground) -> None:
    assert await check_database(ground.owner_url) == []
    connection = await asyncpg.connect(ground.url)
    try:
        # It holds something of everything that the file looks at, or its silence would say nothing.
        for table in ("booking", "offer", "intervention", "intervention_contact", "return_record", "attendance_record"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") > 0, table
        assert await connection.fetchval("SELECT count(*) FROM referral WHERE state = 'waiting'") > 0
    finally:
        await connection.close()


async def test_a_role_that_row_policy_blinds_proves_nothing(ground: Ground) -> None:
    with pytest.raises(NotTheOwnerError):
        await check_database(ground.application_url)


# What breaks it, and what has to be found. Constraints are taken away first: the file must not lean on them.
BREAKAGES = {
    "place_booked_twice": [
        "ALTER TABLE booking DROP CONSTRAINT ex_booking_no_overlap",
        "INSERT INTO booking (authority_id, id, place_id, lot_id, provider_id, household_id, state, starts_on, ends_on,"
        " cause) SELECT authority_id, gen_random_uuid(), place_id, lot_id, provider_id, gen_random_uuid(), 'accepted',"
        " starts_on, ends_on, cause FROM booking WHERE state = 'active' OR state = 'accepted' LIMIT 1",
    ],
    "household_has_two_places": [
        "DROP INDEX ux_booking_one_live_per_household",
        "INSERT INTO booking (authority_id, id, place_id, lot_id, provider_id, household_id, state, starts_on, ends_on,"
        " cause) SELECT authority_id, gen_random_uuid(), gen_random_uuid(), lot_id, provider_id, household_id, state,"
        " starts_on, ends_on, cause FROM booking WHERE state <> 'released' LIMIT 1",
    ],
    "two_live_offers_of_place": [
        "DROP INDEX ux_offer_one_live_per_place",
        "DROP INDEX ux_offer_one_live_per_referral",
        "UPDATE offer SET state = 'pending' WHERE state = 'expired'",
    ],
    "two_live_offers_of_referral": [
        "DROP INDEX ux_offer_one_live_per_place",
        "DROP INDEX ux_offer_one_live_per_referral",
        "UPDATE offer SET state = 'pending', referral_id = (SELECT id FROM referral LIMIT 1) WHERE state = 'expired'",
    ],
    "two_open_referrals": [
        "DROP INDEX ux_referral_one_open_per_pupil_and_sender",
        "UPDATE referral SET pupil_id = (SELECT pupil_id FROM referral WHERE state = 'waiting' LIMIT 1)",
    ],
    "state_not_last_of_history": ["UPDATE referral SET state = 'submitted' WHERE state = 'waiting'"],
    "history_broken": ["DELETE FROM status_history WHERE sequence = 2"],
    "move_not_told_once": ["UPDATE status_history SET event_id = gen_random_uuid() WHERE sequence = 1"],
    "authority_not_told": [
        "DELETE FROM event_audience a USING organisation o WHERE o.id = a.organisation_id AND o.kind = 'authority'"
        " AND a.event_id = (SELECT id FROM event LIMIT 1)"
    ],
    "act_not_told_once": ["DELETE FROM event WHERE type = 'intervention.started'"],
    "event_order_not_unique": [
        "ALTER TABLE event_audience ALTER COLUMN seq DROP IDENTITY",
        "DROP INDEX ux_event_audience_feed",
        "UPDATE event_audience SET seq = 1, xid = '3'",
    ],
    "booked_out_of_service": ["UPDATE place SET available_from = '2034-01-01'"],
    "more_held_than_places": [
        "ALTER TABLE booking DROP CONSTRAINT ex_booking_no_overlap",
        "INSERT INTO booking (authority_id, id, place_id, lot_id, provider_id, household_id, state, starts_on, ends_on,"
        " cause) SELECT authority_id, gen_random_uuid(), place_id, lot_id, provider_id, gen_random_uuid(), state,"
        " starts_on, ends_on, cause FROM booking, generate_series(1, 3) WHERE state = 'accepted'",
    ],
    "taken_while_over_held": [
        "UPDATE place SET available_until = '2026-11-03' WHERE number > 1",
        "ALTER TABLE booking DROP CONSTRAINT ex_booking_no_overlap",
        "INSERT INTO booking (authority_id, id, place_id, lot_id, provider_id, household_id, state, starts_on, ends_on,"
        " released_on, cause) SELECT authority_id, gen_random_uuid(), place_id, lot_id, provider_id, gen_random_uuid(),"
        " 'released', '2026-11-10', '2026-11-12', '2026-11-12', 'closed' FROM booking WHERE cause = 'handed_over'"
        " AND state = 'released'",
    ],
    "hand_over_disagrees": ["UPDATE hand_over_case SET decided_on = decided_on - 1"],
    "hand_over_not_done": ["UPDATE hand_over SET state = 'planned', ended_at = NULL"],
    "former_provider_still_reads": [
        "UPDATE referral SET former_until = '2026-11-01' WHERE former_provider_id IS NOT NULL"
    ],
    "offered_after_contract": [
        "DROP INDEX ux_offer_one_live_per_place",
        "DROP INDEX ux_offer_one_live_per_referral",
        "UPDATE offer SET state = 'pending' WHERE state = 'expired'",
        "UPDATE contract SET ends_on = '2026-11-01', starts_on = '2020-01-01'",
    ],
    "caseload_exceeded": ["UPDATE practitioner SET caseload_limit = 0"],
    "volume_beyond_contract": ["UPDATE lot SET volume = 0"],
    "volume_not_by_first_contact": ["UPDATE intervention SET started_on = started_on - 1"],
    "booking_state_disagrees": ["UPDATE booking SET state = 'active' WHERE state = 'accepted'"],
    "closed_case_holds_place": [
        "UPDATE booking SET state = 'active', released_on = NULL, ends_on = '2034-01-01', starts_on = '2033-01-01'"
        " WHERE cause = 'closed'",
    ],
    "accepted_without_case": ["UPDATE offer SET intervention_id = gen_random_uuid() WHERE state = 'accepted'"],
    "case_not_of_one_offer": ["DELETE FROM offer WHERE state = 'accepted'"],
    "referral_state_disagrees": ["UPDATE intervention SET state = 'paused' WHERE state = 'planned'"],
    "waiting_holds_place": [
        "UPDATE offer o SET booking_id = (SELECT id FROM booking WHERE state = 'accepted' LIMIT 1)"
        " FROM referral r WHERE r.id = o.referral_id AND r.state = 'waiting'",
    ],
    "start_disagrees": ["UPDATE intervention SET planned_start_on = '2020-01-01'"],
    "promised_place_idle": [
        "UPDATE booking SET starts_on = '2033-01-01', ends_on = '2034-01-01' WHERE state IN ('accepted', 'active')"
    ],
    "place_idle_while_someone_waits": [
        "DELETE FROM offer",
        "UPDATE booking SET state = 'released', released_on = starts_on WHERE state <> 'released'",
    ],
    "offer_not_decided": ["UPDATE decision SET outcome = 'waiting'"],
    "offered_outside_terms": ["UPDATE contract SET ends_on = starts_on"],
    "offered_to_refused_provider": [
        "UPDATE referral SET refused_provider_ids = ARRAY(SELECT id FROM organisation WHERE kind = 'provider')"
    ],
    "offered_again_after_no": [
        "DROP INDEX ux_offer_one_live_per_referral",
        "UPDATE offer o SET referral_id = e.referral_id, provider_id = e.provider_id,"
        " offered_at = e.offered_at + interval '1 day' FROM offer e WHERE e.state = 'expired'"
        " AND o.id = (SELECT id FROM offer WHERE state = 'pending' LIMIT 1)",
    ],
    "run_counts_disagree": ["""UPDATE allocation_run SET plan = jsonb_set(plan, '{counts,placed}', '77')"""],
    "run_not_as_previewed": ["UPDATE decision SET run_id = NULL"],
    "version_told_twice": ["UPDATE event SET subject_version = 1 WHERE subject_kind = 'allocation'"],
    "change_not_told_once": ["UPDATE referral SET version = version + 1"],
    "return_owed_twice": [
        "ALTER TABLE return_record DROP CONSTRAINT uq_return_record_authority_id_organisation_id_template_period",
        "UPDATE return_record SET organisation_id = (SELECT organisation_id FROM return_record LIMIT 1),"
        " template = 'school_term', period = '2026/27-autumn'",
    ],
    "return_not_opened": [
        "INSERT INTO calendar_period (authority_id, academic_year, half_term, starts_on, ends_on)"
        " SELECT id, '2026/27', 2, '2026-11-02', '2026-12-18' FROM authority",
        "DELETE FROM return_record",
    ],
    "attendance_not_as_returned": [
        "UPDATE attendance_record SET sessions_attended = 99, sessions_authorised = 21 WHERE source = 'return'"
    ],
    "suspensions_not_as_returned": ["DELETE FROM suspension_record WHERE source = 'return'"],
    "shared_case_disagrees": ["UPDATE case_member SET left_at = joined_at"],
    "member_of_no_case": ["UPDATE intervention SET shared = false"],
    "family_has_two_cases": [
        "INSERT INTO intervention (authority_id, id, booking_id, referral_id, lot_id, provider_id,"
        " referring_organisation_id, state, accepted_at, updated_at, planned_start_on, planned_end_on)"
        " SELECT authority_id, gen_random_uuid(), gen_random_uuid(), referral_id, lot_id, provider_id,"
        " referring_organisation_id, 'planned', '2034-01-01', updated_at, planned_start_on, planned_end_on"
        " FROM intervention WHERE state = 'active' LIMIT 1",
        "UPDATE referral r SET intervention_id = i.id, state = 'accepted', sibling_group_id = s.sibling_group_id"
        " FROM intervention i JOIN referral s ON s.id = i.referral_id WHERE i.accepted_at = '2034-01-01'"
        " AND r.state = 'waiting'",
        "DELETE FROM event WHERE type = 'referral.siblings_linked'",
    ],
    "school_change_not_done": ["UPDATE school_change SET state = 'planned', ended_at = NULL, past = NULL"],
    "old_school_still_reads": [
        "UPDATE referral r SET referring_organisation_id = c.from_school_id FROM school_change c"
        " WHERE c.referral_id = r.id"
    ],
    "transfer_not_followed_up": ["DELETE FROM obligation WHERE kind = 'transfer_check'"],
    "owed_though_done": [
        "UPDATE obligation SET met_at = NULL, cancelled_at = NULL WHERE kind = 'school_return' AND met_at IS NOT NULL"
    ],
}


@pytest.mark.parametrize("invariant", BREAKAGES)
async def test_what_is_broken_is_found(ground: Ground, invariant: str) -> None:
    connection = await asyncpg.connect(ground.url)
    try:
        await connection.execute("BEGIN; SET LOCAL session_replication_role = replica")
        for statement in BREAKAGES[invariant]:
            await connection.execute(statement)
        assert invariant in {breach.invariant for breach in await breaches(connection)}
    finally:
        await connection.close()


async def test_what_clients_were_told_is_compared_with_the_rows(ground: Ground) -> None:
    connection = await asyncpg.connect(ground.url)
    try:
        referral, other = [
            str(row["id"]) for row in await connection.fetch("SELECT id FROM referral ORDER BY id LIMIT 2")
        ]
        rows = await connection.fetch(
            "SELECT event_id, organisation_id FROM event_audience WHERE organisation_id ="
            " (SELECT id FROM organisation WHERE kind = 'authority')"
        )
        read: list[Acknowledged] = [("event", str(row[0]), "", str(row[1])) for row in rows]
        sound: list[Acknowledged] = [("referral", referral, "key-1", ""), ("referral", referral, "key-1", ""), *read]
        nobody = str(UUID(int=1))

        async def found(told: list[Acknowledged]) -> set[str]:
            return {breach.invariant for breach in await breaches(connection, told)}

        assert await found(sound) == set()
        assert await found([*sound, ("referral", nobody, "", "")]) == {"acknowledged_write_lost"}
        assert await found([*sound, ("contact", nobody, "", "")]) == {"acknowledged_write_lost"}
        assert await found([*sound, ("never heard of", referral, "", "")]) == {"acknowledged_write_lost"}
        assert await found([*sound, ("referral", other, "key-1", "")]) == {"retry_had_two_answers"}
        assert await found(sound[:-1]) == {"event_skipped_by_feed"}
        assert await found([*sound, read[0]]) == {"event_read_twice"}
        await connection.execute("BEGIN; SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE referral SET sender_reference = 'the same'")
        assert await found(sound) == {"retry_had_two_effects"}
    finally:
        await connection.close()


def test_every_invariant_is_broken_by_some_test() -> None:
    named = {
        line.split("'")[1]
        for line in invariants_sql().splitlines()
        if line.startswith(("SELECT '", "SELECT DISTINCT '"))
    }
    told = {
        "acknowledged_write_lost", "retry_had_two_answers", "retry_had_two_effects", "event_skipped_by_feed",
        "event_read_twice",
    }  # fmt: skip
    # Not broken one by one: they say the same of another table, or the breakage would be the same.
    alike = {
        "booking_of_another_lot", "booking_without_case_or_offer", "booking_of_two_cases", "move_not_listed",
        "event_for_a_stranger",
    }  # fmt: skip
    assert named == set(BREAKAGES) | told | alike

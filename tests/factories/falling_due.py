"""A small authority with something of every kind that falls due, and what is left of it when time has passed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.db import Database
from app.queries import due
from app.services.business_clock import run_due
from tests.factories.authority import Town, add_block, build_town
from tests.factories.casework import ACCEPTED_AT, LATER, at, closing, contact
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

STARTS_AT = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
"""A Friday evening in term."""


async def busy_town(api: Api, database: Database, name: str) -> Town:
    """Three places: a case that nobody will close, one closed today, and three referrals for the two places left.

    A fourth place is for housing alone, under a contract by which silence is yes: a referral for it is left to that.

    Its clock stands at STARTS_AT. Two such towns are alike in everything but their ids.
    """
    town = await build_town(database, name=name, places=3)
    await _deemed_block(database, town)
    await _case(api, town)
    closed = await _case(api, town)
    provider = at(api.as_(town.provider), LATER)
    for act, body in (
        ("safety", {"safe_contact": True, "visit_risks": True}),
        ("contacts", contact()),
        ("close", closing()),
    ):
        answer = await provider.post(f"/v1/interventions/{closed}/{act}", body)
        assert answer.status_code in (200, 201), answer.text
    school = at(api.as_(town.school), STARTS_AT)
    for number in range(3):
        sent = await school.post("/v1/referrals", referral_body(sender_reference=f"S-{number}"), headers=key())
        assert sent.status_code == 201, sent.text
    left = referral_body(sender_reference="S-9", needs=[{"code": "housing"}])
    sent = await school.post("/v1/referrals", left, headers=key())
    assert sent.json()["state"] == "offered", sent.text
    async with database.write(town.officer) as session:
        await due.set_ran_to(session, STARTS_AT)
    return town


async def pass_time(database: Database, town: Town, since: datetime, until: datetime) -> None:
    """Let everything fall due that does between two moments, whatever the real present is."""
    async with database.write(town.officer) as session:
        await due.set_ran_to(session, since)
    await run_due(database, replace(town.officer, at=until))


async def _deemed_block(database: Database, town: Town) -> None:
    """The other provider's block, for housing alone; its place has a number of its own."""
    lot_id = await add_block(database, town, town.providers[1], places=1)
    async with database.write(town.officer) as session:
        for sql, value in (
            ("UPDATE contract SET deemed_acceptance = true WHERE id = $1", town.contracts[1]),
            ("UPDATE service SET needs = '{housing}' WHERE id = $1", town.services[1]),
            ("UPDATE lot SET needs = '{housing}' WHERE id = $1", lot_id),
            ("UPDATE place SET number = 20 WHERE lot_id = $1", lot_id),
        ):
            await session.run(sql, value)


async def _case(api: Api, town: Town) -> str:
    """A referral that was accepted at ACCEPTED_AT; the intervention's id."""
    sent = await at(api.as_(town.school), ACCEPTED_AT).post("/v1/referrals", referral_body(), headers=key())
    assert sent.status_code == 201, sent.text
    path = f"/v1/allocations/{sent.json()['allocation']['id']}/accept"
    accepted = await at(api.as_(town.provider), ACCEPTED_AT).post(path)
    assert accepted.status_code == 200, accepted.text
    return str(accepted.json()["intervention_id"])


async def what_is_left(database: Database, town: Town) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the clock touches, without ids."""
    async with database.read(town.officer) as session:

        async def rows(sql: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await session.rows(sql, town.officer.authority_id)]

        return {
            "offers": await rows(
                "SELECT substring(r.sender_reference FROM '^S-.$'), p.number, o.state, o.version, o.deemed_at,"
                " o.offered_at,"
                " o.answer_due_at, o.updated_at"
                " FROM offer o JOIN referral r ON r.authority_id = o.authority_id AND r.id = o.referral_id"
                " JOIN place p ON p.authority_id = o.authority_id AND p.id = o.place_id"
                " WHERE o.authority_id = $1 ORDER BY 6, 1, 2"
            ),
            "referrals": await rows(
                "SELECT substring(r.sender_reference FROM '^S-.$'), r.received_at, r.state, r.version,"
                " r.case_provider_id IS NULL,"
                " (SELECT array_agg(h.event_type || ' ' || h.changed_at::text ORDER BY h.sequence)"
                "  FROM status_history h WHERE h.authority_id = r.authority_id AND h.referral_id = r.id)"
                " FROM referral r WHERE r.authority_id = $1 ORDER BY 1, 2, 3"
            ),
            "bookings": await rows(
                "SELECT p.number, b.state, b.starts_on, b.ends_on, b.cause, b.released_on FROM booking b"
                " JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id"
                " WHERE b.authority_id = $1 ORDER BY 1, 3, 4, 2, 5, 6"
            ),
            "obligations": await rows(
                "SELECT kind, subject_kind, created_at, due_at, met_at, cancelled_at, overdue_at, version,"
                " put_off_at, remind_at, reminded_at, escalate_at, escalated_at FROM obligation WHERE authority_id = $1"
                " ORDER BY kind, due_at, created_at, overdue_at, cancelled_at, met_at"
            ),
            "returns": await rows(
                "SELECT template, period, due_on, opened_at FROM return_record WHERE authority_id = $1"
                " ORDER BY template, period, due_on"
            ),
            "events": await rows(
                "SELECT type, subject_kind, subject_version, occurred_at FROM event WHERE authority_id = $1"
                " AND occurred_at > '2026-11-20 18:00Z' ORDER BY occurred_at, type, subject_kind, subject_version"
            ),
            "ran to": await rows("SELECT clock_ran_to FROM authority WHERE id = $1"),
        }

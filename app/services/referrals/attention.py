"""Facts that ask for attention: raised as they arrive, cleared when they no longer hold, looked at by an officer.

Nothing here changes a band, an order or an offer: what a rule finds is told, and asks a person to look.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal
from uuid import UUID

from app.db import BrokerSession, ReadSession, WriteSession, broker, whole_authority
from app.domain.attention import Calendars, Changes, Facts, Finding, Kept, changes_of, findings
from app.domain.attention_rules import HEARING, Rule, rules_from
from app.domain.calendar import Calendar
from app.domain.clocks import due_at
from app.domain.policy import Policy
from app.domain.referral import BEFORE_A_CASE, State
from app.errors import ActionNotAvailable, NotFound
from app.ids import new_id
from app.models.attention import attention_look, referral_attention
from app.queries import attention as queries
from app.queries import referrals
from app.queries.parties import authority_organisation, calendar_of
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import events
from app.services.ground import Ground
from app.services.obligations import cancel, meet, owe
from app.services.policies import policy_today
from app.services.referrals.acting import Officer, Row, parties

Decided = Literal["no_change", "band_changed", "to_panel", "other"]

_REVIEW: Final = "attention_review"


@dataclass(frozen=True, slots=True)
class Look:
    """What an officer who looked decided."""

    officer: Officer
    decided: Decided
    note: str


async def attend_arrival(wide: BrokerSession, writes: Writes, ground: Ground, referral: Row, facts: Facts) -> list[Row]:
    """Queue what the rules find in a referral that is just taken; the rows. Its own event comes before."""
    rules = rules_from(ground.policy.attention)
    calendars: Calendars = {facts.school_id: ground.calendar}
    if facts.hearing_on is None and not findings(rules, facts, calendars, wide.today):
        return []
    # Asked only now: few arrive with anything to find, and each round trip is paid for by all.
    calendars = {facts.school_id: await calendar_of_school(wide, facts.school_id, ground.calendar)}
    return await _raise(
        wide, writes, ground.policy, ground.calendar, referral, findings(rules, facts, calendars, wide.today)
    )


async def facts_changed(session: WriteSession, writes: Writes, referral_ids: Collection[UUID]) -> None:
    """Bring what asks for attention up to facts that were just written, of open referrals; hearings apart.

    Most facts change nothing: those are read without the authority's lock. `writes` is flushed where any does.
    """
    if not referral_ids:
        return
    await queries.serialise(session, referral_ids)
    async with whole_authority(session):
        found = await _judge(session, await queries.open_referrals(session, referral_ids), hearings=False)
    if not any(changes for _, changes in found):
        return
    async with broker(session) as wide:
        found = await _judge(wide, await queries.open_referrals(wide, referral_ids), hearings=False)
        await _write(wide, writes, found)
        await writes.flush(wide)


async def hearing_changed(wide: BrokerSession, writes: Writes, referral_id: UUID) -> None:
    """Bring what asks for attention up to the hearing that an amended referral states now."""
    await _write(wide, writes, await _judge(wide, await queries.open_referrals(wide, [referral_id]), hearings=True))


async def watch_hearings(wide: BrokerSession, writes: Writes) -> int:
    """Raise hearings that came near at midnight, and clear those that are over; how many changed."""
    found = await _judge(wide, await queries.with_hearings(wide), hearings=True)
    await _write(wide, writes, found)
    return sum(1 for _, changes in found if changes)


async def attend_anew(wide: BrokerSession, writes: Writes, referral_id: UUID) -> None:
    """Bring what asks for attention up to the facts of a referral that is open again, once all else is owed again.

    `writes` is flushed: a review that its closure ended may stand among them.
    """
    await writes.flush(wide)
    for hearings in (False, True):
        rows = await queries.open_referrals(wide, [referral_id])
        await _write(wide, writes, await _judge(wide, rows, hearings=hearings))
        await writes.flush(wide)
    if not await queries.asks_review(wide, referral_id):
        await cancel(wide, referral_id, [_REVIEW])


async def look_at(session: WriteSession, writes: Writes, referral_id: UUID, rule: str, look: Look) -> None:
    """Record that an officer looked at what a rule found, with what was decided; every window of it is settled.

    The review is met when nothing else asks for one. Raises NotFound, ActionNotAvailable when nothing of it asks.
    """
    if await referrals.visible(session, referral_id) is None:
        raise NotFound
    async with broker(session) as wide:
        referral = await referrals.lock(wide, referral_id)
        if referral is None:
            raise NotFound
        settled = await queries.look_at(wide, referral_id, rule)
        if not settled:
            raise ActionNotAvailable("Nothing of this rule asks for attention now.")
        writes.add(
            attention_look,
            id=new_id(),
            referral_id=referral_id,
            rule=rule,
            window_keys=sorted(row["window_key"] for row in settled),
            organisation_id=wide.organisation_id,
            client_id=wide.principal.client_id,
            looked_at=wide.now,
            looked_by_name=look.officer.name,
            looked_by_role=look.officer.role,
            decided=look.decided,
            note=look.note,
        )
        for row in settled:
            window = (row["rule"], row["window_key"])
            await _tell_cleared(wide, writes, referral, (row["id"], row["version"]), window, "looked_at")
        if not await queries.asks_review(wide, referral_id):
            await meet(wide, _REVIEW, referral_id)
        await writes.flush(wide)


_Judged = list[tuple[Row, Changes]]


async def _judge(session: ReadSession, rows: Sequence[Row], *, hearings: bool) -> _Judged:
    """What each open referral's facts change of what is kept, by the rules about hearings or by all others."""
    policy = await policy_today(session)
    rules = [rule for rule in rules_from(policy.attention) if (rule.measure == HEARING) is hearings]
    facts = await queries.facts_of(session, rows)
    kept = await queries.kept_of(session, list(facts))
    calendars = await _calendars(session, facts.values())
    return [
        (
            row,
            changes_of(
                findings(rules, facts[row["id"]], calendars, session.today),
                [one for one, measure in kept.get(row["id"], ()) if (measure == HEARING) is hearings],
            ),
        )
        for row in rows
    ]


async def _calendars(session: ReadSession, all_facts: Iterable[Facts]) -> dict[UUID | None, Calendar]:
    """The calendar of each school that has a part in some facts."""
    common = await calendar_of(session)
    schools = {
        school_id
        for facts in all_facts
        for school_id in (facts.school_id, *(record.school_id for record in facts.suspensions))
    }
    return {school_id: await calendar_of_school(session, school_id, common) for school_id in schools}


async def _write(wide: BrokerSession, writes: Writes, judged: _Judged) -> None:
    if not any(changes for _, changes in judged):
        return
    policy, calendar = await policy_today(wide), await calendar_of(wide)
    for row, changes in judged:
        for one in changes.cleared:
            version = await queries.clear(wide, one.id)
            window = (one.rule, one.window_key)
            await _tell_cleared(wide, writes, row, (one.id, version), window, "no_longer_true")
        for one, finding in changes.refreshed:
            await queries.refresh(wide, one.id, dict(finding.figures))
        await _raise(wide, writes, policy, calendar, row, changes.new, changes.again)
        asks = await queries.asks_review(wide, row["id"])
        if changes.cleared and not asks and not any(_asks_review(one) for one in changes.new):
            await cancel(wide, row["id"], [_REVIEW])


async def _raise(
    wide: BrokerSession,
    writes: Writes,
    policy: Policy,
    calendar: Calendar,
    referral: Row,
    new: Sequence[Finding],
    again: Sequence[tuple[Kept, Finding]] = (),
) -> list[Row]:
    """Queue what is found for the first time, and raise again what was cleared; the new rows.

    A review of the band is owed once, and only while the band still decides.
    """
    rows = []
    for finding in new:
        row = _row(wide, referral["id"], finding)
        rows.append(row)
        writes.add(referral_attention, **row)
        await _tell_raised(wide, writes, referral, (row["id"], 1), finding)
    for one, finding in again:
        version = await queries.raise_again(
            wide, one.id, asdict(finding.rule), dict(finding.figures), _consequences(finding.rule)
        )
        await _tell_raised(wide, writes, referral, (one.id, version), finding)
    asked = any(_asks_review(finding) for finding in (*new, *(finding for _, finding in again)))
    may_change = State(referral["state"]) in BEFORE_A_CASE
    if asked and may_change and not await queries.review_is_owed(wide, referral["id"]):
        owe(
            writes,
            wide,
            _REVIEW,
            await authority_organisation(wide),
            subject=("referral", referral["id"]),
            clock="working_day",
            due_at=due_at("working_day", calendar, wide.now, policy.attention_working_days),
        )
    return rows


def _row(wide: BrokerSession, referral_id: UUID, finding: Finding) -> Row:
    return {
        "id": new_id(),
        "referral_id": referral_id,
        "rule": finding.rule.key,
        "window_key": finding.window_key,
        "starts_on": finding.starts_on,
        "ends_on": finding.ends_on,
        "rule_content": asdict(finding.rule),
        "figures": dict(finding.figures),
        **_consequences(finding.rule),
        "first_seen_at": wide.now,
        "raised_at": wide.now,
        "cleared_at": None,
        "cleared_because": None,
        "looked_at": None,
    }


def _consequences(rule: Rule) -> Row:
    return {"asks_review": "review_band" in rule.then, "wants_panel": "panel_agenda" in rule.then}


def _asks_review(finding: Finding) -> bool:
    return "review_band" in finding.rule.then


async def _tell_raised(
    wide: BrokerSession, writes: Writes, referral: Row, subject: tuple[UUID, int], finding: Finding
) -> None:
    events.tell(
        writes,
        wide,
        "referral.attention_raised",
        subject=("attention", *subject),
        audience=await parties(wide, {"case_provider_id": None, **referral}),
        referral_id=referral["id"],
        data={"rule": finding.rule.key, "window": finding.window_key, "then": list(finding.rule.then)},
    )


async def _tell_cleared(
    wide: BrokerSession,
    writes: Writes,
    referral: Row,
    subject: tuple[UUID, int],
    window: tuple[str, str],
    because: Literal["looked_at", "no_longer_true"],
) -> None:
    rule, window_key = window
    events.tell(
        writes,
        wide,
        "referral.attention_cleared",
        subject=("attention", *subject),
        audience=await parties(wide, referral),
        referral_id=referral["id"],
        data={"rule": rule, "window": window_key, "because": because},
    )

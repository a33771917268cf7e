"""Taking a referral: validated, matched, decided and written in one transaction, or not at all."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson

from app.access import Kind
from app.db import BrokerSession, ReadSession, WriteSession, broker
from app.domain import attention
from app.domain.allocation import Hold, Want
from app.domain.calendar import Calendar
from app.domain.clocks import in_hours
from app.domain.referral import State
from app.domain.referral_facts import Facts, home_warnings, referral_faults, referral_warnings
from app.domain.year_groups import key_stage
from app.errors import FieldFault, Invalid
from app.ids import new_id, new_reference
from app.models import demand
from app.queries.attention import attendance_of, suspensions_of
from app.queries.parties import authority_organisation
from app.queries.siblings import practitioners_of
from app.queries.snapshot import known_households
from app.queries.writes import Writes
from app.services import events, history
from app.services.allocation import decide_arrival
from app.services.ground import Ground, survey
from app.services.join_offers import joins_on_arrival
from app.services.made_offers import keep_decision, make_offer
from app.services.obligations import owe
from app.services.referrals.arrival import Match, Sender, arrival_of, keep_pupil, match_pupil, sender_of
from app.services.referrals.as_read import Figures, as_read
from app.services.referrals.attention import attend_arrival
from app.services.referrals.siblings import join, sibling_named

NOTICE = (
    "This is no safeguarding referral. If a child is in immediate danger call the police on 999; contact the"
    " authority's safeguarding hub now. The referral is held until an officer has looked at it."
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A referral that was taken, as it will be read, and the notice owed to a sender who reports immediate danger."""

    referral: dict[str, Any]
    notice: dict[str, Any] | None


async def submit_referral(session: WriteSession, writes: Writes, facts: Facts) -> Submitted:
    """Take a referral and, when a place is free for it, hold the place and offer it in the same transaction.

    Its rows are left on `writes`, in the broker's name, so that the caller's stored answer goes with them.
    Raises Invalid with every fault of the facts, Forbidden for a school that is no member, DuplicateReferral.
    """
    warnings = await examine(session, facts)
    await check_refused_providers(session, facts["refused_provider_ids"])
    authority_id = await authority_organisation(session)
    async with broker(session) as wide:
        arrived = await arrival_of(wide, facts)
        sender = sender_of(wide, facts, arrived)
        warnings += home_warnings(facts["pupil"]["home_la_code"], sender.la_code)
        match = match_pupil(facts, arrived)
        pupil_id, household_id = await keep_pupil(wide, writes, facts, match, sender.school_id)
        sibling = await sibling_named(wide, facts["sibling_of"], pupil_id)
        group_id = None if sibling is None else await join(wide, writes, sibling)
        ground = await survey(wide)
        holds = _holds(facts, possible_duplicate=match.possible_duplicate)
        referral = _row(wide, facts, sender, (pupil_id, household_id), holds, warnings)
        referral["sibling_group_id"] = group_id
        if group_id is not None:
            ground = ground.with_claims(await practitioners_of(wide, group_id, referral["id"]), wide.today)
        held = [*holds, *([Hold.HOUSEHOLD_HAS_PLACE.value] if match.household_has_place else [])]
        want = _want(referral, held, match, ground)
        joins = await joins_on_arrival(wide, ground, want, pupil_id, household_known=match.household_has_place)
        decided = await decide_arrival(wide, ground, want) if joins is None else joins.decided
        decision = decided.decision
        figures = _keep_facts(wide, writes, facts, referral, ground.calendar)
        submitted = events.tell(
            writes,
            wide,
            "referral.submitted",
            subject=("referral", referral["id"], 1),
            audience=[authority_id, referral["referring_organisation_id"], referral["school_id"]],
            referral_id=referral["id"],
        )
        history.record(
            wide, writes, referral["id"], 1, (State.NEW, State.SUBMITTED),
            event_id=submitted, event_type="referral.submitted",
        )  # fmt: skip
        decision_id = keep_decision(wide, writes, ground, joins.want if joins else want, decided, "arrival")
        offer = None
        if decision.place is not None:
            provider_id = next(lot.provider_id for lot in ground.lots if lot.id == decision.place.lot_id)
            known = match.household_id is not None and bool(await known_households(wide, provider_id, [household_id]))
            offer, event_id = make_offer(
                wide, writes, ground, referral | _offer_facts(facts), decision.place, decision_id,
                known_to_you=known or joins is not None, authority_id=authority_id, version=2,
                joins=joins.intervention_id if joins else None,
            )  # fmt: skip
            target, event_type = State.OFFERED, "allocation.offered"
        else:
            event_type, target = "referral.waiting", State.WAITING
            event_id = events.tell(
                writes,
                wide,
                event_type,
                subject=("referral", referral["id"], 2),
                audience=[authority_id, referral["referring_organisation_id"], referral["school_id"]],
                referral_id=referral["id"],
                data={"unplaceable": decision.outcome == "unplaceable"},
            )
        history.record(
            wide, writes, referral["id"], 2, (State.SUBMITTED, target), event_id=event_id, event_type=event_type
        )
        unplaceable = decision.outcome == "unplaceable"
        referral |= {"state": target.value, "state_sequence": 2, "version": 2, "unplaceable": unplaceable}
        writes.add(demand.referral, **referral)
        _owe_officers(wide, writes, ground, referral, authority_id, unplaceable=unplaceable)
        asking = await attend_arrival(wide, writes, ground, referral, _noted(facts, referral, figures))
        writes.leave_to(wide)
    notice = None
    if facts["immediate_danger"]:
        notice = {"message": NOTICE, "contact": orjson.loads(sender.safeguarding_contact)}
    return Submitted(as_read(referral, facts, sender, match, figures, offer, ground.names, asking), notice)


async def examine(session: ReadSession, facts: Facts) -> list[FieldFault]:
    """The warnings of a referral's facts. Raises Invalid with every fault."""
    faults = referral_faults(facts, session.today)
    if session.kind is Kind.AGENCY and not facts.get("school_urn"):
        faults.append(FieldFault("/school_urn", "missing", "Say which school the pupil attends."))
    if faults:
        raise Invalid(errors=faults)
    return referral_warnings(facts, session.today)


async def check_refused_providers(session: ReadSession, provider_ids: list[UUID]) -> None:
    """Raise Invalid for each provider that a family refuses and that the authority does not know."""
    if not provider_ids:
        return
    rows = await session.rows(
        "SELECT id FROM organisation WHERE authority_id = $1 AND kind = 'provider' AND id = ANY ($2)",
        session.authority_id,
        provider_ids,
    )
    known = {row["id"] for row in rows}
    faults = [
        FieldFault(f"/refused_provider_ids/{position}", "unknown", "No provider of this authority has this id.")
        for position, provider_id in enumerate(provider_ids)
        if provider_id not in known
    ]
    if faults:
        raise Invalid(errors=faults)


def _holds(facts: Facts, *, possible_duplicate: bool) -> list[str]:
    holds = []
    if facts["immediate_danger"]:
        holds.append(Hold.SAFEGUARDING_HOLD.value)
    if possible_duplicate:
        holds.append(Hold.POSSIBLE_DUPLICATE.value)
    return holds


_AS_SENT = (
    "sender_reference", "needs", "language", "interpreter_needed", "modes", "preferred_mode", "refused_provider_ids",
    "agreement", "lawful_basis", "safe_contact", "visit_risks", "immediate_danger", "safeguarding", "circumstances",
    "child_view", "parent_view", "referrer", "sibling_wish",
)  # fmt: skip


def _row(
    session: BrokerSession,
    facts: Facts,
    sender: Sender,
    people: tuple[UUID, UUID],
    holds: list[str],
    warnings: list[FieldFault],
) -> dict[str, Any]:
    pupil_id, household_id = people
    return {
        **{name: facts[name] for name in _AS_SENT},
        "id": new_id(),
        "reference": new_reference(),
        "referring_organisation_id": session.organisation_id,
        "school_id": sender.school_id,
        "area_id": sender.area_id,
        "pupil_id": pupil_id,
        "household_id": household_id,
        "mis_id": facts["pupil"].get("mis_id"),
        "received_at": session.now,
        "updated_at": session.now,
        "year_group": facts["pupil"]["year_group"],
        "key_stage": key_stage(facts["pupil"]["year_group"]).value,
        "band": facts["band"],
        "band_asked": facts["band"],
        "banded_on": session.today,
        "need_codes": [need["code"] for need in facts["needs"]],
        "agreement_status": facts["agreement"]["status"],
        "visit_risk_level": facts["visit_risks"]["level"],
        "holds": holds,
        "warnings": [asdict(warning) for warning in warnings],
    }


def _want(referral: dict[str, Any], holds: list[str], match: Match, ground: Ground) -> Want:
    return Want(
        referral_id=referral["id"],
        reference=referral["reference"],
        household_id=referral["household_id"],
        band=referral["band"],
        banded_on=referral["banded_on"],
        received_at=referral["received_at"],
        area_id=referral["area_id"],
        school_id=referral["school_id"],
        key_stage=referral["key_stage"],
        primary_need=referral["need_codes"][0],
        secondary_needs=tuple(referral["need_codes"][1:]),
        preferred_mode=referral["preferred_mode"],
        previous_provider_id=match.previous_provider_id,
        long_stop_on=ground.long_stop_on(referral["band"], referral["banded_on"]),
        language=referral["language"],
        modes=tuple(referral["modes"]),
        refused_provider_ids=tuple(referral["refused_provider_ids"]),
        holds=tuple(holds),
        sibling_group_id=referral["sibling_group_id"],
    )


def _noted(facts: Facts, referral: dict[str, Any], figures: Figures) -> attention.Facts:
    """What the rules of attention look at."""
    return attention.Facts(
        [attendance_of(row) for row in figures.attendance],
        [suspensions_of(row) for row in figures.suspensions],
        facts["circumstances"].get("governing_board_on"),
        referral["school_id"],
    )


def _offer_facts(facts: Facts) -> dict[str, Any]:
    """What an offer's summary takes from the facts rather than from the referral's row."""
    suspensions = facts["suspensions"]
    count = suspensions["this_half_term_count"] + suspensions["last_term_count"] if suspensions else None
    return {"attendance": facts["attendance"], "suspensions": count}


def _keep_facts(
    session: BrokerSession, writes: Writes, facts: Facts, referral: dict[str, Any], calendar: Calendar
) -> Figures:
    """Queue the figures that came with the referral, as the records that outcomes are measured from; the rows."""
    attendance_rows, suspension_rows = [], []
    about = {
        "referral_id": referral["id"],
        "pupil_id": referral["pupil_id"],
        "school_id": referral["school_id"],
        "source": "referral",
        "recorded_at": session.now,
    }
    attendance = facts["attendance"]
    if attendance:
        term = calendar.term_of(attendance["from_on"])
        within = term is not None and attendance["to_on"] in term
        attendance_rows.append(
            {
                **about,
                "id": new_id(),
                "term": f"{term.academic_year}-{term.name}" if term and within else None,
                "period_starts_on": attendance["from_on"],
                "period_ends_on": attendance["to_on"],
                "sessions_possible": attendance["sessions_possible"],
                "sessions_attended": attendance["sessions_attended"],
                "sessions_authorised": attendance["sessions_authorised"],
                "sessions_unauthorised": attendance["sessions_unauthorised"],
            }
        )
    suspensions = facts["suspensions"]
    if suspensions:
        half_term = calendar.half_term_of(session.today) or calendar.last_half_term_before(session.today)
        this_term = calendar.term_of(half_term.starts_on)
        last_term = calendar.last_term_before(this_term.starts_on if this_term else half_term.starts_on)
        for name, period, term_key in (
            ("this_half_term", half_term, None),
            ("last_term", last_term, f"{last_term.academic_year}-{last_term.name}"),
        ):
            suspension_rows.append(
                {
                    **about,
                    "id": new_id(),
                    "term": term_key,
                    "period_starts_on": period.starts_on,
                    "period_ends_on": period.ends_on,
                    "suspension_count": suspensions[f"{name}_count"],
                    "sessions_lost": suspensions[f"{name}_sessions"],
                    "permanent_exclusion_count": 0,
                }
            )
    writes.extend(demand.attendance_record, attendance_rows)
    writes.extend(demand.suspension_record, suspension_rows)
    return Figures(attendance_rows, suspension_rows)


def _owe_officers(
    session: BrokerSession,
    writes: Writes,
    ground: Ground,
    referral: dict[str, Any],
    authority_id: UUID,
    *,
    unplaceable: bool,
) -> None:
    """What the authority's officers owe a referral that cannot simply go on."""
    if Hold.SAFEGUARDING_HOLD.value in referral["holds"]:
        due_at = in_hours(session.now, ground.policy.safeguarding_hours)
        owe(
            writes, session, "safeguarding_action", authority_id,
            subject=("referral", referral["id"]), clock="calendar_hour", due_at=due_at,
        )  # fmt: skip
    if unplaceable or Hold.POSSIBLE_DUPLICATE.value in referral["holds"]:
        due_at = in_hours(session.now, ground.policy.placement_hours)
        owe(
            writes, session, "place_referral", authority_id,
            subject=("referral", referral["id"]), clock="calendar_hour", due_at=due_at,
        )  # fmt: skip

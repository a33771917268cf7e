"""How a made-up provider behaves: whether and when it takes an offer, and how the work with a family goes.

Every answer is a function of the seed, the provider and the referral's sender reference, so a provider process that is
stopped and started again goes on as it would have.
"""

from dataclasses import dataclass

from app.domain.vocabulary import ClosureOutcome, ClosureReason, ContactResult, DeclineReason
from app.simulation.draws import Draws
from app.simulation.supply import SimProvider

_DECLINE_REASONS = {
    DeclineReason.NO_CAPACITY: 0.45,
    DeclineReason.UNSUITABLE: 0.25,
    DeclineReason.FAMILY_DECLINED: 0.22,
    DeclineReason.CONFLICT_OF_INTEREST: 0.08,
}
_UNANSWERED_SHARE = 0.02
_UNANSWERED_DAYS = 12
"""Now and then nobody looks: the offer runs past its time, escalates, and is answered late."""

_MISSED_RESULTS = {
    ContactResult.DID_NOT_ATTEND: 0.40,
    ContactResult.CANCELLED_BY_FAMILY: 0.30,
    ContactResult.NO_REPLY: 0.15,
    ContactResult.CANCELLED_BY_PROVIDER: 0.10,
    ContactResult.REFUSED: 0.05,
}
_LATE_SHARE = 0.08
_EARLY_ENDS = {
    ClosureReason.DID_NOT_ENGAGE: 0.50,
    ClosureReason.AGREEMENT_WITHDRAWN: 0.22,
    ClosureReason.MOVED_AWAY: 0.16,
    ClosureReason.SUPPORTED_ELSEWHERE: 0.12,
}
_EXTENDED_SHARE = 0.12
_GOAL_RESULTS_COMPLETED = {"achieved": 0.5, "partly": 0.37, "not": 0.13}
_GOAL_RESULTS_EARLY = {"achieved": 0.1, "partly": 0.35, "not": 0.55}
_SCALE_TOP = 10
_DAYS_IN_SCHOOL_WEEK = 5


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """What a provider does with an offer, and how many school days after it was made."""

    after_school_days: int
    accepts: bool
    decline_reason: DeclineReason | None
    note: str | None


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """One contact: how many school days after acceptance, and what comes of it. `minutes` is nought when missed."""

    after_school_days: int
    kind: str
    mode: str
    result: ContactResult
    minutes: int
    child_seen: bool
    child_seen_alone: bool
    announced: bool


@dataclass(frozen=True, slots=True)
class PlannedGoal:
    """One goal of the plan; scores are on the neutral goal scale of 0 to 10."""

    text: str
    baseline: int
    closing: int
    result: str


@dataclass(frozen=True, slots=True)
class CasePlan:
    """How a whole intervention goes. School days count from acceptance; weeks are school weeks.

    `readings` are the baseline and the closing scores (1 to 10) by position of the measure's areas.
    """

    contacts: tuple[PlannedContact, ...]
    goals: tuple[PlannedGoal, ...]
    readings: tuple[tuple[int, ...], tuple[int, ...]]
    extended_by_weeks: int
    closes_after_school_days: int
    outcome: ClosureOutcome
    reason: ClosureReason
    summary: str


def answer_offer(seed: int, provider: SimProvider, reference: str, earlier_offers: int) -> OfferAnswer:
    """What the provider answers to an offer of a referral that it was offered `earlier_offers` times before."""
    draws = Draws(seed, "answer", provider.key, reference, earlier_offers)
    days = draws.between(*provider.answer_days)
    if draws.chance(_UNANSWERED_SHARE):
        days = _UNANSWERED_DAYS
    if draws.chance(provider.accept_share):
        return OfferAnswer(days, accepts=True, decline_reason=None, note=None)
    reason = draws.weighted(_DECLINE_REASONS)
    return OfferAnswer(days, accepts=False, decline_reason=reason, note=f"Sandbox: {reason.value.replace('_', ' ')}.")


def plan_case(
    seed: int,
    provider: SimProvider,
    reference: str,
    *,
    standard_weeks: int,
    modes: tuple[str, ...],
    area_count: int = 8,
) -> CasePlan:
    """How the work goes once accepted: a first contact within a week or so, then one each school week to the end."""
    draws = Draws(seed, "case", provider.key, reference)
    first = draws.between(2, 8)
    completes = draws.chance(provider.completion_share)
    extended = draws.pick((2, 3)) if completes and draws.chance(_EXTENDED_SHARE) else 0
    weeks = standard_weeks + extended if completes else draws.between(1, max(standard_weeks - 2, 1))
    contacts = _contacts(draws, provider, first, weeks, modes, completes=completes)
    reason = ClosureReason.PLAN_COMPLETED if completes else draws.weighted(_EARLY_ENDS)
    goals = tuple(_goal(draws, text, completes=completes) for text in _goal_texts(draws))
    if completes and all(goal.result == "achieved" for goal in goals):
        reason = ClosureReason.GOALS_MET
    seen = sum(contact.minutes > 0 for contact in contacts)
    ending = reason.value.replace("_", " ")
    return CasePlan(
        contacts=contacts,
        goals=goals,
        readings=_readings(draws, area_count, completes=completes),
        extended_by_weeks=extended,
        closes_after_school_days=contacts[-1].after_school_days + draws.between(0, 2),
        outcome=ClosureOutcome.COMPLETED if completes else ClosureOutcome.ENDED_EARLY,
        reason=reason,
        summary=f"Made-up case: {seen} of {len(contacts)} contacts took place; ended as {ending}.",
    )


def _contacts(
    draws: Draws, provider: SimProvider, first: int, weeks: int, modes: tuple[str, ...], *, completes: bool
) -> tuple[PlannedContact, ...]:
    kinds = ["initial", *("session" for _ in range(weeks - 1))]
    if weeks >= 4:
        kinds[weeks // 2] = "review"
    if completes:
        kinds.append("closing")
    contacts, day = [], first
    for kind in kinds:
        # A family that goes on to finish is met at the start and at the end; missed first contacts are tried again.
        must = completes and kind in ("initial", "closing")
        while True:
            contact = _contact(draws, provider, day, kind, draws.pick(modes))
            contacts.append(contact)
            if contact.minutes or not must:
                break
            day += draws.between(2, 4)
        day += _DAYS_IN_SCHOOL_WEEK + draws.pick((-1, 0, 0, 0, 1))
    return tuple(contacts)


def _contact(draws: Draws, provider: SimProvider, day: int, kind: str, mode: str) -> PlannedContact:
    attended = draws.chance(provider.attended_share)
    late = attended and draws.chance(_LATE_SHARE)
    seen = attended and draws.chance(0.75)
    result = ContactResult.LATE if late else ContactResult.ATTENDED
    return PlannedContact(
        after_school_days=day,
        kind=kind,
        mode=mode,
        result=result if attended else draws.weighted(_MISSED_RESULTS),
        minutes=draws.pick((45, 60, 60, 75, 90)) if attended else 0,
        child_seen=seen,
        child_seen_alone=seen and draws.chance(0.5),
        announced=not draws.chance(0.05),
    )


def _goal_texts(draws: Draws) -> list[str]:
    texts = (
        "Out of the house by half past eight on four days of five",
        "A bedtime that the whole family keeps on school nights",
        "One meeting with the form tutor each fortnight",
        "A quiet way to say that the day is going wrong",
        "Back in every lesson of the morning",
    )
    return draws.shuffled(texts)[: draws.between(2, 3)]


def _goal(draws: Draws, text: str, *, completes: bool) -> PlannedGoal:
    baseline = draws.between(1, 4)
    result = draws.weighted(_GOAL_RESULTS_COMPLETED if completes else _GOAL_RESULTS_EARLY)
    gain = {"achieved": draws.between(3, 5), "partly": draws.between(1, 3), "not": draws.between(-1, 1)}[result]
    return PlannedGoal(text, baseline, min(max(baseline + gain, 0), _SCALE_TOP), result)


def _readings(draws: Draws, area_count: int, *, completes: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First and last scores by area: about a point and a half up where work was completed, some areas down."""
    first = tuple(draws.between(3, 8) for _ in range(area_count))
    gain = 1.4 if completes else 0.3
    last = tuple(min(max(round(score + draws.normal(gain, 1.3)), 1), _SCALE_TOP) for score in first)
    return first, last

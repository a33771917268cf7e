"""A decision in one paragraph that a head teacher understands, and the facts behind it.

The paragraph is made from counts of places and reasons alone. It never tells of another family more than that some
stand ahead, and it names no provider: who may be told which is offered is not this file's to decide.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from app.domain.allocation import Decision, Excuse, Hold, Reason, Snapshot, Waits, Want, effective_band, verdicts_of
from app.domain.allocation.cost import PREFERRED_MODE, PREVIOUS_PROVIDER, SECONDARY_NEED, SIBLING_APART
from app.domain.allocation.eligibility import offerable, place_reason
from app.domain.allocation.expected_start import Estimate, Method
from app.domain.decision_record import decision_of, restored
from app.domain.policy import Policy

OFFICER_CHECK: Final = "OFFICER_CHECK"
"""What a sender is told of a hold, or of a turn that came early, that speaks of another organisation's referral."""
_TOLD_TO_SENDERS: Final = frozenset({Hold.SAFEGUARDING_HOLD, Hold.AGREEMENT_WITHDRAWN, Hold.FAMILY_PAUSED})
"""Holds that come from the sender's own words. The others would tell it that somebody else knows the family."""

_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_AGAINST: Final = MappingProxyType(
    {
        Reason.CONTRACT_PERIOD: "not running at the moment",
        Reason.LOT_AREA: "for schools of other areas",
        Reason.KEY_STAGE: "for other key stages",
        Reason.NEED: "for other needs",
        Reason.LANGUAGE: "without anyone who works in the family's language",
        Reason.MODE: "unable to work in a way that the family can take up",
        Reason.CONFLICT: "run by a provider that the family will not work with",
        Reason.PROVIDER_DECLINED: "run by a provider that could not take this referral when asked",
        Reason.VOLUME: "without any of the year's commissioned volume left",
        Reason.NO_PLACES: "without places for now",
    }
)
_HELD: Final[Mapping[str, str]] = MappingProxyType(
    {
        Hold.SAFEGUARDING_HOLD: "a safeguarding officer looks at it first",
        Hold.POSSIBLE_DUPLICATE: "an officer checks whether the child already has an open referral",
        Hold.AGREEMENT_WITHDRAWN: "the family has withdrawn its agreement",
        Hold.HOUSEHOLD_HAS_PLACE: "the household already has a place, which may serve this child too",
        Hold.FAMILY_PAUSED: "the family asked to wait; it keeps its place in the order",
    }
)
_COMPASS: Final = frozenset(
    {"North", "East", "South", "West", "North East", "North West", "South East", "South West", "Centre"}
)
_MISSED: Final = MappingProxyType(
    {
        SECONDARY_NEED: "it does not cover every further need",
        PREFERRED_MODE: "it is not in the way of working that the family would like best",
        PREVIOUS_PROVIDER: "it is not with the provider that the family knows",
        SIBLING_APART: "it is not with the worker of the brother or sister",
    }
)


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What a paragraph is made from, and may be shown beside it: counts and codes, nothing of anybody else."""

    outcome: str
    band: str
    waited_longest: bool
    """Whether the long-stop has raised the band."""
    lot_count: int
    serving_count: int
    """Places that could serve the referral, whenever they fall free."""
    offerable_count: int
    """Those of them that could be offered today."""
    next_free_in: int | None
    """School days until the next of them without a next family is planned to fall free."""
    against: tuple[tuple[str, int], ...]
    """Reasons against services, and how many of them each stands against, in the order of the rules."""
    hold: str | None
    waits_for: str | None
    days_until_free: int | None
    free_on: date | None
    """The day from which the place offered is planned to be free; None when it is free, or none is offered."""
    soft_mismatches: tuple[str, ...]
    window_days: int
    placed_by_officer: bool = False
    joins_case: bool = False
    """It is offered to join the case of a brother or sister."""
    out_of_service_count: int = 0
    """Of the places that could serve, those that are out of service that day."""
    capped: bool = False
    """Places are free, but caseloads or the contract's volume let nobody more be taken."""
    officer_confirms: bool = False
    """The plans of runs take effect once an officer has confirmed them."""
    excuse: str | None = None
    """Of an offer that went past a family ahead: why it might."""
    passed_over_for: str | None = None
    """Of one that waits: why a place that it could have had went to a family further back (`Excuse`)."""
    position: int | None = None
    method: str | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """How an authority's people call things: `Year 9`, `the North`."""

    year_group: str
    area: str | None


def decision_facts(
    want: Want, decision: Decision, snapshot: Snapshot, policy: Policy, as_of: date, estimate: Estimate | None = None
) -> DecisionFacts:
    """The facts behind a decision, from the snapshot that it was made of (every place in it, busy ones too)."""
    band = effective_band(want, policy, as_of)[0]
    verdicts = verdicts_of(want, snapshot, policy, as_of, band)
    lots = {lot.id: lot for lot in snapshot.lots}
    able = {verdict.lot_id for verdict in verdicts if verdict.reason is None}
    waits = [
        place.free_in
        for place in snapshot.places
        if place.lot_id in able
        and offerable(place)
        and not place.taken
        and place_reason(want, lots[place.lot_id], place) is None
    ]
    out_of_service = sum(
        place.lot_id in able and not place.in_service and place_reason(want, lots[place.lot_id], place) is None
        for place in snapshot.places
    )
    against = Counter(None if verdict.reason is None else verdict.reason.value for verdict in verdicts)
    return DecisionFacts(
        outcome=decision.outcome,
        band=band,
        waited_longest=band != want.band,
        lot_count=len(verdicts),
        serving_count=sum(verdict.serving_count for verdict in verdicts),
        offerable_count=sum(verdict.free_count for verdict in verdicts),
        next_free_in=min(waits, default=None),
        against=_in_order(against),
        hold=decision.hold,
        waits_for=decision.waits_for,
        days_until_free=decision.place.free_in if decision.place else None,
        free_on=decision.place.free_on if decision.place else None,
        soft_mismatches=decision.score.soft_mismatches if decision.score else (),
        window_days=policy.windows[band],
        placed_by_officer=decision.by_officer,
        joins_case=decision.joins_case,
        out_of_service_count=out_of_service,
        officer_confirms=policy.confirm_batches,
        position=estimate.position if estimate else None,
        method=estimate.method if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
    )


def _in_order(against: Mapping[str | None, int]) -> tuple[tuple[str, int], ...]:
    return tuple((reason.value, against[reason.value]) for reason in Reason if reason.value in against)


def recorded_facts(record: dict[str, Any]) -> DecisionFacts:
    """The facts behind a stored decision, from its record alone: the decision is made again from it.

    A record keeps only places that could have made a difference, so what was found of every service is read from its
    verdicts, which were made from all of them.
    """
    made = restored(record)
    facts = decision_facts(made.want, decision_of(made), made.snapshot, made.policy, made.as_of)
    place_counts = {str(lot.id): lot.place_count or 0 for lot in made.snapshot.lots}
    against = Counter(verdict.get("reason") for verdict in record["verdicts"])
    able = [verdict for verdict in record["verdicts"] if verdict.get("reason") is None]
    return replace(
        facts,
        against=_in_order(against),
        serving_count=sum(place_counts[str(verdict["lot_id"])] for verdict in able),
        offerable_count=sum(verdict.get("free_count", 0) for verdict in able),
        excuse=record.get("excuse"),
    )


def told_to_sender(facts: DecisionFacts, *, knows_sibling: bool) -> DecisionFacts:
    """The facts as the referral's sender may know them: nothing that tells of another organisation's referral.

    `knows_sibling`: the sender itself said that a brother or sister is referred; else an officer alone knows it.
    """
    if not knows_sibling:
        missed = tuple(code for code in facts.soft_mismatches if code != SIBLING_APART)
        facts = replace(facts, soft_mismatches=missed)
        if facts.excuse == Excuse.SIBLING_HOLD or facts.joins_case:
            facts = replace(facts, excuse=OFFICER_CHECK, joins_case=False)
    if facts.hold is None or facts.hold in _TOLD_TO_SENDERS:
        return facts
    return replace(facts, hold=OFFICER_CHECK)


def names_of(year_group: str, area: str | None) -> Names:
    """How a year group and an area of an authority are called in a sentence."""
    others = {"R": "Reception"}
    year = f"Year {year_group}" if year_group.isdecimal() else others.get(year_group, "the early years")
    return Names(year, f"the {area}" if area in _COMPASS else area)


def explain(facts: DecisionFacts, names: Names) -> str:
    """One paragraph in plain English for whoever referred the child."""
    if facts.hold is not None:
        why = _HELD.get(facts.hold, "an officer looks at it first")
        sentences = [f"This referral is not being offered a place yet: {why}."]
    elif facts.outcome == "unplaceable":
        sentences = list(_unplaceable(facts, names))
    elif facts.outcome == "offered":
        sentences = list(_offered(facts))
    else:
        sentences = list(_waiting(facts, names))
    return " ".join(sentences)


def _unplaceable(facts: DecisionFacts, names: Names) -> Iterable[str]:
    yield f"No service that the authority has commissioned can take this referral as it stands ({_whom(names)})."
    if facts.against:
        yield f"Of {_count(facts.lot_count, 'service')}, {_and_list(_reasons(facts))}."
    yield "The authority has been told today, and an officer will look for another way."


def _reasons(facts: DecisionFacts) -> list[str]:
    return [
        f"{_number(count)} {'is' if count == 1 else 'are'} {_AGAINST[Reason(code)]}"
        for code, count in facts.against
        if Reason(code) in _AGAINST
    ]


def _offered(facts: DecisionFacts) -> Iterable[str]:
    if facts.joins_case:
        yield (
            "A brother or sister's case is with this provider and the lot counts families: so the provider is asked"
            " whether this child joins that case. No further place is used, and nobody is passed over."
        )
    elif facts.placed_by_officer:
        yield "An officer of the authority offered this family a free place, for a reason that is kept."
        yield "It was the officer's decision, and not that of the published order."
    else:
        yield from _offered_by_rule(facts)
    if facts.soft_mismatches:
        yield f"The service should know that {_and_list([_MISSED[code] for code in facts.soft_mismatches])}."


def _offered_by_rule(facts: DecisionFacts) -> Iterable[str]:
    if facts.days_until_free:
        within = _count(facts.days_until_free, "school day")
        on = f" on {_date(facts.free_on)}, in {within}," if facts.free_on else f" in {within}"
        yield f"A place that is planned to fall free{on} is offered to this family ahead of that day."
    else:
        yield "A free place is offered to this family."
    if facts.excuse == Excuse.SIBLING_HOLD:
        yield (
            "A brother or sister has a place with the same worker, or is offered one, and the family wishes one worker"
            " for them: so it comes before its turn, as the published policy says."
        )
    elif facts.excuse is not None:
        yield "It comes before its turn, for a reason that the published policy names."
    else:
        yield f"It was the family's turn in band {facts.band}; nobody ahead of it who could use this place still waits."
    if facts.offerable_count > 1:
        yield (
            f"Of {_count(facts.offerable_count, 'place')} that would do, this one suits best and leaves the rarer ones"
            " for those who need just them."
        )


def _waiting(facts: DecisionFacts, names: Names) -> Iterable[str]:
    if facts.serving_count:
        verb = "serves" if facts.serving_count == 1 else "serve"
        opening = f"{_count(facts.serving_count, 'place').capitalize()} {verb} {_whom(names)}"
    else:
        opening = f"There are services for {_whom(names)}"
    if facts.waits_for == Waits.CONFIRMATION:
        yield f"{opening}."
        yield "It stands in a plan that awaits confirmation by an officer of the authority; nothing is offered before."
    elif facts.waits_for == Waits.RUN:
        yield f"{opening}."
        yield "This referral is decided together with the others at the next run, in the published order."
        if facts.officer_confirms:
            yield "An officer of the authority confirms the plan of a run before anything is offered."
    elif facts.waits_for == Waits.TURN and facts.capped:
        yield (
            f"{opening}; those that are free can take nobody more for now, because their workers' caseloads or the"
            " contract's volume are full."
        )
    elif facts.waits_for == Waits.TURN:
        yield f"{opening}; those that can be offered now go to families ahead of this one in the published order."
    else:
        yield f"{opening}; {_held(facts)}."
        if facts.next_free_in is not None and facts.next_free_in > facts.window_days:
            yield (
                f"The next is planned to fall free in {_count(facts.next_free_in, 'school day')}; places are offered to"
                f" band {facts.band} up to {_count(facts.window_days, 'school day')} ahead."
            )
    if facts.passed_over_for is not None:
        yield (
            "One of them went to a family further back in the order, because a brother or sister of that child has the"
            " same worker: the published policy lets siblings be kept together."
        )
    if facts.waited_longest:
        yield f"Because of how long it has waited, it now counts as band {facts.band}."
    yield from _expected(facts)


def _held(facts: DecisionFacts) -> str:
    """Why none can be offered now. Whoever holds one may be less urgent than this family: it was its turn then."""
    if facts.serving_count == facts.out_of_service_count > 0:
        return "it is out of service for now" if facts.serving_count == 1 else "all are out of service for now"
    if facts.serving_count == 1:
        return "it is held by a family whose turn came earlier"
    which = "those in service" if facts.out_of_service_count else "all"
    return f"{which} are held by families whose turn came earlier"


def _expected(facts: DecisionFacts) -> Iterable[str]:
    if facts.position is not None:
        yield (
            "It is next in the order for these places."
            if facts.position == 1
            else f"It is number {facts.position} in the order for these places."
        )
    if facts.low is None or facts.high is None:
        return
    if facts.method == Method.DATE:
        yield f"If plans hold, it can begin in {_count(facts.low, 'school day')}."
    elif facts.method == Method.RANGE:
        yield f"If plans hold, it can begin in {facts.low} to {_count(facts.high, 'school day')}."
    else:
        yield f"Families of this band who began lately had waited {facts.low} to {_count(facts.high, 'school day')}."


def _whom(names: Names) -> str:
    return f"{names.year_group} in {names.area}" if names.area else names.year_group


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _count(count: int, noun: str) -> str:
    return f"{_number(count)} {noun}" if count == 1 else f"{_number(count)} {noun}s"


def _date(on: date) -> str:
    return f"{on:%A} {on.day} {on:%B %Y}"


def _and_list(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

"""Explanations: why a referral was offered a place or why it waits, as REST gives them."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import strawberry

from app.access import Group
from app.domain.allocation_explained import DecisionFacts
from app.graphql.visibility import case_type, seen
from app.services.explanations import Explanation as Found

PRICE: Final = 20
"""What an explanation costs: a decision is made again, or judged against every place."""

_TOLD, _DECISIONS = Group.EXPLANATION, Group.DECISIONS
Sees = strawberry.Private[frozenset[Group]]


@case_type
@strawberry.type(description="How many services one reason stands against.")
class ReasonCount:
    """A reason."""

    sees: Sees
    code: str | None = seen(_TOLD)
    services_count: int | None = seen(_TOLD)


@case_type
@strawberry.type(description="What the paragraph is made from: counts of places and services, and codes.")
class ExplanationFacts:
    """The facts of a decision."""

    sees: Sees
    outcome: str | None = seen(_TOLD, "`offered`, `waiting` or `unplaceable`.")
    band: str | None = seen(_TOLD, "The band that counts: the long-stop may have raised it.")
    long_stopped: bool | None = seen(_TOLD)
    services_count: int | None = seen(_TOLD, "Services that were looked at.")
    serving_places_count: int | None = seen(_TOLD, "Places that could serve, busy or free.")
    offerable_places_count: int | None = seen(_TOLD, "Those that could be offered that day.")
    next_free_in_school_days: int | None = seen(_TOLD, "Until the next of them is planned to be free.")
    reasons: list[ReasonCount] | None = seen(_TOLD, "Reasons against services, in the rules' order.")
    hold: str | None = seen(_TOLD, "Why it stands unoffered; `OFFICER_CHECK` says no more.")
    waits_for: str | None = seen(_TOLD, "`PLACE`, `TURN`, `RUN`, `CONFIRMATION` or `HOLD`.")
    free_in_school_days: int | None = seen(_TOLD, "Until the place offered is free.")
    free_on: date | None = seen(_TOLD, "The day of that; null when it is free.")
    wishes_not_met: list[str] | None = seen(_TOLD)
    placed_by_officer: bool | None = seen(_TOLD, "An officer chose the place, not the order.")
    joins_case: bool | None = seen(_TOLD, "It is to join the case of a brother or sister.")
    window_school_days: int | None = seen(_TOLD, "How far ahead this band is offered places.")
    excuse: str | None = seen(_TOLD, "Of an offer before its turn: why, such as `SIBLING_HOLD`.")
    passed_over_for: str | None = seen(_TOLD, "While it waits: why a place went to a family further back.")


@case_type
@strawberry.type(
    description="When it may begin if plans hold: a date for P1 and P2, a range for P3, recent waits for P4."
)
class ExpectedStart:
    """An expected start."""

    sees: Sees
    method: str | None = seen(_TOLD, "`DATE`, `RANGE` or `POSITION`.")
    earliest_on: date | None = seen(_TOLD)
    latest_on: date | None = seen(_TOLD)
    recent_low_school_days: int | None = seen(_TOLD, "A tenth of those who began in the last 90 days waited less.")
    recent_high_school_days: int | None = seen(_TOLD, "A tenth waited longer.")


@case_type
@strawberry.type(description="The version of the policy that it was decided under.")
class PolicyCited:
    """A policy version."""

    sees: Sees
    record_id: UUID | None = seen(_TOLD)
    number: int | None = seen(_TOLD)
    digest: str | None = seen(_TOLD)
    effective_from: date | None = seen(_TOLD)


@case_type
@strawberry.type(
    description="Proof that a turn was not passed over: places that all go to referrals ahead which could have no"
    " others."
)
class Certificate:
    """A tight set."""

    sees: Sees
    place_ids: list[UUID] | None = seen(_DECISIONS)
    capacity: int | None = seen(_DECISIONS, "How many of the places may be taken.")
    holder_references: list[str] | None = seen(_DECISIONS, "The referrals ahead.")


@case_type
@strawberry.type(description="Why a referral was offered a place, or why it waits.")
class Explanation:
    """An explanation."""

    sees: Sees
    paragraph: str | None = seen(_TOLD)
    facts: ExplanationFacts | None = seen(_TOLD)
    as_of: date | None = seen(_TOLD)
    decided_at: datetime | None = seen(_TOLD, "Null while it waits: it is explained as it stands now.")
    policy: PolicyCited | None = seen(_TOLD)
    ahead_count: int | None = seen(_TOLD, "While it waits: families ahead for places that it could have.")
    waited_school_days: int | None = seen(_TOLD)
    expected_start: ExpectedStart | None = seen(_TOLD)
    trigger: str | None = seen(_DECISIONS)
    certificate: Certificate | None = seen(_DECISIONS)


def shown(found: Found, sees: frozenset[Group]) -> Explanation:
    """An explanation as its reader sees it."""
    start, tight = found.expected_start, found.certificate
    return Explanation(
        sees=sees,
        paragraph=found.paragraph,
        facts=_facts(found.facts, sees),
        as_of=found.as_of,
        decided_at=found.decided_at,
        policy=PolicyCited(
            sees=sees,
            record_id=found.policy_id,
            number=found.policy["number"],
            digest=found.policy["digest"],
            effective_from=found.policy["effective_from"],
        ),
        ahead_count=found.ahead_count,
        waited_school_days=found.waited_school_days,
        expected_start=None if start is None else ExpectedStart(sees=sees, **_columns(start)),
        trigger=found.trigger,
        certificate=None
        if tight is None
        else Certificate(
            sees=sees,
            place_ids=tight["place_ids"],
            capacity=tight["capacity"],
            holder_references=[holder["reference"] for holder in tight["holders"]],
        ),
    )


def _columns(start: Any) -> dict[str, Any]:
    return {
        name: getattr(start, name)
        for name in ("method", "earliest_on", "latest_on", "recent_low_school_days", "recent_high_school_days")
    }


def _facts(facts: DecisionFacts, sees: frozenset[Group]) -> ExplanationFacts:
    return ExplanationFacts(
        sees=sees,
        outcome=facts.outcome,
        band=facts.band,
        long_stopped=facts.waited_longest,
        services_count=facts.lot_count,
        serving_places_count=facts.serving_count,
        offerable_places_count=facts.offerable_count,
        next_free_in_school_days=facts.next_free_in,
        reasons=[ReasonCount(sees=sees, code=code, services_count=count) for code, count in facts.against],
        hold=facts.hold,
        waits_for=facts.waits_for,
        free_in_school_days=facts.days_until_free,
        free_on=facts.free_on,
        wishes_not_met=list(facts.soft_mismatches),
        placed_by_officer=facts.placed_by_officer,
        joins_case=facts.joins_case,
        window_school_days=facts.window_days,
        excuse=facts.excuse,
        passed_over_for=facts.passed_over_for,
    )

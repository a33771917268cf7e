"""Who gets which place: one pure function, `decide(snapshot, policy, as_of) -> plan`.

First policy: a referral is eligible for a place or not, for one reason that has a code; referrals come in the order
of band, band date, time received and reference; each takes the first free place, by lot and number. Nothing here
reads a clock, a database or chance: the same snapshot gives the same plan, so a stored decision can be replayed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.domain.policy import Policy


class Reason(StrEnum):
    """Why a lot or place cannot take a referral, in the order in which they are looked at."""

    CONTRACT_PERIOD = "CONTRACT_PERIOD"
    LOT_AREA = "LOT_AREA"
    KEY_STAGE = "KEY_STAGE"
    NEED = "NEED"
    LANGUAGE = "LANGUAGE"
    MODE = "MODE"
    CONFLICT = "CONFLICT"
    """The family will not work with the provider."""
    PROVIDER_DECLINED = "PROVIDER_DECLINED"
    """The provider declined this referral, or let an offer of it run out."""
    VOLUME = "VOLUME"
    """The contract's volume is used or committed."""


class Hold(StrEnum):
    """Why a referral stands unoffered whatever is free."""

    SAFEGUARDING_HOLD = "SAFEGUARDING_HOLD"
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"
    AGREEMENT_WITHDRAWN = "AGREEMENT_WITHDRAWN"
    HOUSEHOLD_HAS_PLACE = "HOUSEHOLD_HAS_PLACE"


@dataclass(frozen=True, slots=True)
class Want:
    """What a decision may know of a referral: facts that matter for eligibility and order, and nothing else."""

    referral_id: UUID
    reference: str
    household_id: UUID
    band: str
    banded_on: date
    received_at: datetime
    area_id: UUID | None
    school_id: UUID | None
    key_stage: str
    primary_need: str
    language: str
    modes: tuple[str, ...]
    refused_provider_ids: tuple[UUID, ...] = ()
    declined_provider_ids: tuple[UUID, ...] = ()
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot on the day of the decision: its terms with every variation in force applied."""

    id: UUID
    provider_id: UUID
    service_id: UUID
    starts_on: date
    ends_on: date
    area_ids: tuple[UUID, ...]
    school_ids: tuple[UUID, ...]
    key_stages: tuple[str, ...]
    needs: tuple[str, ...]
    languages: tuple[str, ...]
    modes: tuple[str, ...]
    standard_weeks: int
    volume_left: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place that is free on the day. Abilities that are None are its service's."""

    id: UUID
    lot_id: UUID
    number: int
    practitioner_id: UUID | None = None
    needs: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    modes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a plan is made from. The order of the parts does not matter."""

    wants: tuple[Want, ...]
    lots: tuple[Lot, ...]
    free_places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one lot: the first reason against it, or None and how many of its free places would do."""

    lot_id: UUID
    reason: Reason | None
    free_count: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one referral, with every lot looked at."""

    referral_id: UUID
    outcome: str
    """`offered`, `waiting` or `unplaceable`."""
    place: Place | None
    verdicts: tuple[Verdict, ...]
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One decision per referral, in the order in which they were decided."""

    decisions: tuple[Decision, ...]


def decide(snapshot: Snapshot, policy: Policy, as_of: date) -> Plan:  # noqa: ARG001 - the next policies weigh by it
    """Decide every referral of the snapshot, best placed first; each place goes to at most one of them."""
    free = _by_lot(snapshot.free_places)
    left = {lot.id: lot.volume_left for lot in snapshot.lots}
    lots = sorted(snapshot.lots, key=lambda lot: lot.id)
    housed: set[UUID] = set()
    decisions: list[Decision] = []
    for want in sorted(snapshot.wants, key=order):
        decision = _decide_one(want, lots, free, left, as_of, housed)
        if decision.place is not None:
            free[decision.place.lot_id].remove(decision.place)
            left[decision.place.lot_id] -= 1
            housed.add(want.household_id)
        decisions.append(decision)
    return Plan(tuple(decisions))


def order(want: Want) -> tuple[str, date, datetime, str]:
    """The published order: band, date of the band, time received, reference."""
    return want.band, want.banded_on, want.received_at, want.reference


def _by_lot(places: Iterable[Place]) -> dict[UUID, list[Place]]:
    result: dict[UUID, list[Place]] = {}
    for place in sorted(places, key=lambda place: (place.number, place.id)):
        result.setdefault(place.lot_id, []).append(place)
    return result


def _decide_one(
    want: Want,
    lots: list[Lot],
    free: dict[UUID, list[Place]],
    left: dict[UUID, int],
    as_of: date,
    housed: set[UUID],
) -> Decision:
    verdicts: list[Verdict] = []
    chosen: Place | None = None
    for lot in lots:
        places = free.get(lot.id, [])
        reason = lot_reason(want, lot, left[lot.id], as_of)
        fitting = [] if reason else [place for place in places if place_reason(want, lot, place) is None]
        if reason is None and places and not fitting:
            reason = place_reason(want, lot, places[0])
        verdicts.append(Verdict(lot.id, reason, len(fitting)))
        if chosen is None and fitting:
            chosen = fitting[0]
    hold = want.holds[0] if want.holds else None
    if hold is None and want.household_id in housed:
        hold = Hold.HOUSEHOLD_HAS_PLACE.value
    if hold is not None:
        return Decision(want.referral_id, "waiting", None, tuple(verdicts), hold)
    if chosen is not None:
        return Decision(want.referral_id, "offered", chosen, tuple(verdicts))
    served = any(verdict.reason is None for verdict in verdicts)
    return Decision(want.referral_id, "waiting" if served else "unplaceable", None, tuple(verdicts))


def lot_reason(want: Want, lot: Lot, volume_left: int, as_of: date) -> Reason | None:
    """The first reason against a lot, or None. Abilities that single places override are judged by place."""
    checks = (
        (Reason.CONTRACT_PERIOD, lot.starts_on <= as_of <= lot.ends_on),
        (Reason.LOT_AREA, _serves(want, lot)),
        (Reason.KEY_STAGE, want.key_stage in lot.key_stages),
        (Reason.NEED, want.primary_need in lot.needs),
        (Reason.LANGUAGE, want.language in lot.languages),
        (Reason.MODE, not set(want.modes).isdisjoint(lot.modes)),
        (Reason.CONFLICT, lot.provider_id not in want.refused_provider_ids),
        (Reason.PROVIDER_DECLINED, lot.provider_id not in want.declined_provider_ids),
        (Reason.VOLUME, volume_left > 0),
    )
    return next((reason for reason, fits in checks if not fits), None)


def _serves(want: Want, lot: Lot) -> bool:
    if not lot.area_ids and not lot.school_ids:
        return True
    return want.area_id in lot.area_ids or want.school_id in lot.school_ids


def place_reason(want: Want, lot: Lot, place: Place) -> Reason | None:
    """The first reason against one place of a lot that itself would do, or None."""
    checks = (
        (Reason.NEED, want.primary_need in (lot.needs if place.needs is None else place.needs)),
        (Reason.LANGUAGE, want.language in (lot.languages if place.languages is None else place.languages)),
        (Reason.MODE, not set(want.modes).isdisjoint(lot.modes if place.modes is None else place.modes)),
    )
    return next((reason for reason, fits in checks if not fits), None)

"""Which running cases of a contract go to which places of the contract that follows it, and which stay, and why.

The places are handed out by the rule that offers them (`decide`), so that a move keeps every hard reason and every
cap: work that has begun goes first, because it uses no more volume, then what was accepted and not begun. A family
keeps its practitioner where a place of theirs would do.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.domain.allocation import Caseload, Claim, Lot, Place, Snapshot, Want, decide, verdicts_of
from app.domain.policy import Policy


class Ground(StrEnum):
    """On what the details of families may go to the provider that takes their cases over."""

    SAME_PROVIDER = "same_provider"
    """No case changes provider."""
    FAMILY_AGREEMENT = "family_agreement"
    """The families were asked, and agreed."""
    AUTHORITY_DECISION = "authority_decision"
    """The authority's own task in the public interest; the families were told."""


LOT_NOT_MAPPED: Final = "LOT_NOT_MAPPED"
"""No lot of the next contract was named for the case's lot."""
AGREEMENT_WITHDRAWN: Final = "AGREEMENT_WITHDRAWN"
"""The family took its agreement back: nothing about it goes to another provider."""
NO_FREE_PLACE: Final = "NO_FREE_PLACE"
"""Places of the lot would do; none was left, or their practitioners' caseloads are full."""


@dataclass(frozen=True, slots=True)
class RunningCase:
    """A case as a hand-over sees it."""

    intervention_id: UUID
    want: Want
    """What the family needs of a place; providers that it refused, and that declined it, among that."""
    lot_id: UUID
    """Of the place that it holds."""
    provider_id: UUID
    practitioner_id: UUID | None
    """Who works with the family."""
    caseload_of: UUID | None
    """On whose caseload its place stands."""
    place_id: UUID
    place_bookings: int
    """How many families have the place or were promised it: it leaves the caseload when all of them go."""
    started: bool
    withheld: bool
    """The family has taken its agreement back."""


@dataclass(frozen=True, slots=True)
class Move:
    """A case that goes, and the place that it gets."""

    case: RunningCase
    place: Place


@dataclass(frozen=True, slots=True)
class Stay:
    """A case that stays with the old contract, and the code of why."""

    case: RunningCase
    reason: str


@dataclass(frozen=True, slots=True)
class HandOverPlan:
    """What becomes of every running case, each once, in the order of the cases' ids."""

    moves: tuple[Move, ...]
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class NextSupply:
    """The lots of the next contract that cases go to, as they stand on the day, and the places free in them."""

    lots: Mapping[UUID, Lot]
    places: Sequence[Place]
    caseloads: Sequence[Caseload]


def plan_hand_over(
    cases: Iterable[RunningCase], mapping: Mapping[UUID, UUID], supply: NextSupply, policy: Policy, as_of: date
) -> HandOverPlan:
    """Plan the moves of running cases. `mapping` is from a lot of the old contract to one of `supply`."""
    stays: list[Stay] = []
    movers: list[RunningCase] = []
    for case in cases:
        if case.lot_id not in mapping:
            stays.append(Stay(case, LOT_NOT_MAPPED))
        elif case.withheld and supply.lots[mapping[case.lot_id]].provider_id != case.provider_id:
            stays.append(Stay(case, AGREEMENT_WITHDRAWN))
        else:
            movers.append(case)
    while True:
        moves = _place(movers, mapping, supply, policy, as_of)
        left = [case for case in movers if case.intervention_id not in moves]
        stays += [Stay(case, _reason(case, supply.lots[mapping[case.lot_id]], supply, policy, as_of)) for case in left]
        if not left:
            break
        # Who stays still counts against the caseload that the others were to share: plan again without them.
        movers = [case for case in movers if case.intervention_id in moves]
    return HandOverPlan(
        tuple(Move(case, moves[case.intervention_id]) for case in sorted(movers, key=_by_id)),
        tuple(sorted(stays, key=lambda stay: _by_id(stay.case))),
    )


def _by_id(case: RunningCase) -> int:
    return case.intervention_id.int


def _place(
    movers: Sequence[RunningCase], mapping: Mapping[UUID, UUID], supply: NextSupply, policy: Policy, as_of: date
) -> dict[UUID, Place]:
    """The places of those that find one, if everyone else moves too, by intervention."""
    going = Counter((case.place_id, case.place_bookings, case.caseload_of) for case in movers)
    leaving = Counter(caseload for (_, bookings, caseload), count in going.items() if count == bookings)
    held = {load.practitioner_id: load.held - leaving[load.practitioner_id] for load in supply.caseloads}
    moves: dict[UUID, Place] = {}
    taken: set[UUID] = set()
    for started in (True, False):
        for lot_id in sorted(set(mapping.values())):
            group = {
                case.want.referral_id: case
                for case in movers
                if case.started is started and mapping[case.lot_id] == lot_id
            }
            lot = supply.lots[lot_id]
            snapshot = Snapshot(
                wants=tuple(_want(case, lot) for case in group.values()),
                lots=(replace(lot, volume_left=len(group)) if started else lot,),
                places=tuple(place for place in supply.places if place.lot_id == lot_id and place.id not in taken),
                caseloads=tuple(replace(load, held=held[load.practitioner_id]) for load in supply.caseloads),
                claims=tuple(
                    Claim(case.want.referral_id, case.practitioner_id)
                    for case in group.values()
                    if case.practitioner_id is not None
                ),
            )
            for decision in decide(snapshot, policy, as_of).offered:
                if decision.place is None:
                    continue
                moves[group[decision.referral_id].intervention_id] = decision.place
                taken.add(decision.place.id)
                if decision.place.practitioner_id in held:
                    held[decision.place.practitioner_id] += 1
    return moves


def _want(case: RunningCase, lot: Lot) -> Want:
    """The wish as the lot meets it: that its own provider once let the offer of this very case run out is past."""
    if lot.provider_id != case.provider_id:
        return case.want
    others = tuple(each for each in case.want.declined_provider_ids if each != case.provider_id)
    return replace(case.want, declined_provider_ids=others)


def _reason(case: RunningCase, lot: Lot, supply: NextSupply, policy: Policy, as_of: date) -> str:
    ample = replace(lot, volume_left=1) if case.started else lot
    snapshot = Snapshot((), (ample,), tuple(place for place in supply.places if place.lot_id == lot.id))
    (verdict,) = verdicts_of(_want(case, lot), snapshot, policy, as_of, case.want.band)
    return NO_FREE_PLACE if verdict.reason is None else verdict.reason.value

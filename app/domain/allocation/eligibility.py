"""Eligibility: hard rules, each with one reason code, looked at in one order."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from app.domain.allocation.answers import Verdict
from app.domain.allocation.facts import Lot, Place, Reason, Snapshot, Want
from app.domain.policy import Policy


def lot_reason(want: Want, lot: Lot, volume_left: int, as_of: date) -> Reason | None:
    """The first reason against a lot, or None. Abilities that single places override are judged by place."""
    checks = (
        (Reason.CONTRACT_PERIOD, lot.starts_on <= as_of <= lot.ends_on),
        (Reason.LOT_AREA, serves_area(lot, want.area_id, want.school_id)),
        (Reason.KEY_STAGE, want.key_stage in lot.key_stages),
        (Reason.NEED, want.primary_need in lot.needs),
        (Reason.LANGUAGE, want.language in lot.languages),
        (Reason.MODE, not set(want.modes).isdisjoint(lot.modes)),
        (Reason.CONFLICT, lot.provider_id not in want.refused_provider_ids),
        (Reason.PROVIDER_DECLINED, lot.provider_id not in want.declined_provider_ids),
        (Reason.VOLUME, volume_left > 0),
        (Reason.NO_PLACES, lot.place_count != 0),
    )
    return next((reason for reason, fits in checks if not fits), None)


def serves_area(lot: Lot, area_id: UUID | None, school_id: UUID | None) -> bool:
    """Whether a lot serves an area or a school; one that names neither serves the whole authority."""
    if not lot.area_ids and not lot.school_ids:
        return True
    return area_id in lot.area_ids or school_id in lot.school_ids


def place_reason(want: Want, lot: Lot, place: Place) -> Reason | None:
    """The first reason against the abilities of one place of a lot that itself would do, or None."""
    checks = (
        (Reason.NEED, want.primary_need in (lot.needs if place.needs is None else place.needs)),
        (Reason.LANGUAGE, want.language in (lot.languages if place.languages is None else place.languages)),
        (Reason.MODE, not set(want.modes).isdisjoint(lot.modes if place.modes is None else place.modes)),
    )
    return next((reason for reason, fits in checks if not fits), None)


def window_of(place: Place, band: str, policy: Policy) -> int:
    """How many school days ahead a place may be offered to a band."""
    return int((policy.windows if place.course_id is None else policy.course_windows)[band])


def timing_reason(place: Place, lot: Lot, band: str, policy: Policy) -> Reason | None:
    """The first reason why a place cannot be offered today, for when it falls free, or None."""
    if place.free_on is not None and place.free_on > lot.ends_on:
        return Reason.CONTRACT_PERIOD
    if place.course_id is not None and place.free_in < policy.course_notice_school_days:
        return Reason.COURSE_DATE
    if place.free_in > window_of(place, band, policy):
        return Reason.WINDOW
    return None


def offerable(place: Place) -> bool:
    """Whether a place may be offered at all: in service, and without a next family."""
    return place.in_service and not place.booked


def widened(lot: Lot, places: Iterable[Place]) -> Lot:
    """The lot with what single places of it can do beyond its service: a worker's language, say."""
    special = [place for place in places if not (place.needs is place.languages is place.modes is None)]
    if not special:
        return lot
    return replace(
        lot,
        needs=tuple(sorted({*lot.needs, *(need for place in special for need in place.needs or ())})),
        languages=tuple(sorted({*lot.languages, *(each for place in special for each in place.languages or ())})),
        modes=tuple(sorted({*lot.modes, *(mode for place in special for mode in place.modes or ())})),
    )


def verdicts_of(want: Want, snapshot: Snapshot, policy: Policy, as_of: date, band: str) -> tuple[Verdict, ...]:
    """What was found of every lot, by id, for a referral that counts as of `band`.

    A lot whose own terms would do has the reason of its places when none of them, whenever free, could serve.
    """
    by_lot: dict[int, list[Place]] = {lot.id.int: [] for lot in snapshot.lots}
    for place in snapshot.places:
        if place.lot_id.int in by_lot:
            by_lot[place.lot_id.int].append(place)
    return tuple(
        _verdict(want, lot, by_lot[lot.id.int], policy, as_of, band)
        for lot in sorted(snapshot.lots, key=lambda lot: lot.id.int)
    )


def _verdict(want: Want, lot: Lot, places: list[Place], policy: Policy, as_of: date, band: str) -> Verdict:
    reason = lot_reason(want, widened(lot, places), lot.volume_left, as_of)
    if reason is not None:
        return Verdict(lot.id, reason)
    # Places of one lot are mostly alike: each set of abilities is judged once.
    judged: dict[tuple[object, ...], Reason | None] = {}
    serving = free = 0
    for place in places:
        abilities = (place.needs, place.languages, place.modes)
        if abilities not in judged:
            judged[abilities] = place_reason(want, lot, place)
        if judged[abilities] is None:
            serving += 1
            free += offerable(place) and timing_reason(place, lot, band, policy) is None
    if places and not serving:
        return Verdict(lot.id, next(reason for reason in Reason if reason in judged.values()))
    return Verdict(lot.id, None, free, serving)

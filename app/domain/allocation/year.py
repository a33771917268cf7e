"""A year as it happened, in the facts that it can be played again from; and as it would be otherwise.

Days are school days, numbered from the first of the year; a negative number lies before it. What came on another day
is taken on the next school day. Families are known by number, in the order in which they came.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from uuid import UUID

from app.domain.allocation.facts import Caseload, Lot, Place, Snapshot, Want
from app.domain.allocation.replay import ACCEPTED, EXPIRED, Answer
from app.domain.allocation.what_if import WhatIf, changed
from app.domain.policy import Policy


class Work(NamedTuple):
    """How a case went, in days from the one on which its place began to be held for it."""

    stay: int
    """Until the place was free again."""
    first_contact: int | None
    """None: it ended without one."""
    extensions: tuple[tuple[int, int], ...] = ()
    """(declared on, days more): what was known of its end, and when."""
    running: bool = False
    """It has not ended: `stay` is how long it has been so far."""


class Wait(NamedTuple):
    """How many school days a family waited for its first contact, and whether that came."""

    days: int
    reached: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A referral: what a decision may know of it when it comes, and what is told only when it happens."""

    want: Want
    received: int
    """The last school day up to the one on which it was received: waits are counted from there."""
    arrives: int
    """From when on it can be decided: an officer had to look first, or information was missing."""
    banded: int
    """The last school day up to the one from which its band counts."""
    counted: bool
    """Whether it came within the year. Those who waited already are ahead in the order, and in no figure."""
    leaves: int | None = None
    """When it was closed without having been accepted by anyone."""
    answers: tuple[tuple[UUID, Answer], ...] = ()
    """What providers really answered to offers of it."""
    work: Work | None = None
    """How it really went."""
    really: Wait | None = None


@dataclass(frozen=True, slots=True)
class YearPlace:
    """A place, the days on which it stands (`closes` is the first on which it does not), and those out of service."""

    place: Place
    opens: int = 0
    closes: int | None = None
    out: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """A family that held a place when the year began."""

    place: int
    household_id: UUID
    began: int
    ends: int
    extensions: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Year:
    """A year of an authority. `lots` have the volume that was left on the first day."""

    days: tuple[date, ...]
    lots: tuple[Lot, ...] = ()
    places: tuple[YearPlace, ...] = ()
    caseloads: tuple[Caseload, ...] = ()
    """The limits; what is held is counted in the play."""
    cases: tuple[Case, ...] = ()
    holders: tuple[Holder, ...] = ()
    answers: Mapping[UUID, tuple[Answer, ...]] | None = None
    """By provider, what it answered in the year, in order."""
    works: Mapping[UUID, tuple[Work, ...]] | None = None
    """By lot, the cases that ended in the year, in order."""
    rolls: Mapping[UUID, int] | None = None
    """By school, the pupils on roll: what fair share is counted from."""
    starts_before: Mapping[UUID, int] | None = None
    """By school, the starts of the academic year before the first day."""
    new_year: int | None = None
    """The first day of the next academic year, from which fair share counts anew."""


def otherwise(year: Year, policy: Policy, asked: WhatIf) -> tuple[Year, Policy]:
    """The year and policy as they would have been.

    An extra place stands for as long as any of its lot does, and brings the volume that the lot has for each of them.
    One that is given up takes nobody new from the first day; who holds it stays.
    """
    count = {lot.id: sum(spot.place.lot_id == lot.id for spot in year.places) for lot in year.lots}
    volume = {lot.id: -(-lot.volume_left // max(1, count[lot.id])) for lot in year.lots}
    whole = Snapshot((), year.lots, tuple(spot.place for spot in year.places))
    other, policy = changed(whole, policy, asked, volume_per_place=volume)
    left = {place.id: place for place in other.places}
    places = [
        replace(spot, place=left.pop(spot.place.id)) if spot.place.id in left else replace(spot, closes=0)
        for spot in year.places
    ]
    places += [_beside(year, place) for place in left.values()]
    year = replace(year, lots=other.lots, places=tuple(places))
    return (_without_silence(year) if asked.deemed_acceptance else year), policy


def _beside(year: Year, place: Place) -> YearPlace:
    mine = [spot for spot in year.places if spot.place.lot_id == place.lot_id]
    closes = [spot.closes for spot in mine if spot.closes is not None]
    return YearPlace(
        place,
        opens=min((spot.opens for spot in mine), default=0),
        closes=max(closes) if mine and len(closes) == len(mine) else None,
    )


def _without_silence(year: Year) -> Year:
    """Silence counts as a yes when its time has run out."""

    def said(answer: Answer) -> Answer:
        return answer._replace(outcome=ACCEPTED) if answer.outcome == EXPIRED else answer

    return replace(
        year,
        cases=tuple(
            replace(case, answers=tuple((who, said(answer)) for who, answer in case.answers)) for case in year.cases
        ),
        answers={who: tuple(map(said, given)) for who, given in (year.answers or {}).items()},
    )

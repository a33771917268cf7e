"""What decisions of one transaction stand on, read in one survey: terms, places, caseloads, policy and calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson

from app.db import ReadSession
from app.domain.academic_year import academic_year_start
from app.domain.allocation import (
    Caseload,
    Claim,
    Lot,
    Place,
    SchoolShare,
    Snapshot,
    Want,
)
from app.domain.allocation.facts_of_time import free_in, long_stop_on
from app.domain.calendar import Calendar
from app.domain.policy import Policy, policy_from
from app.errors import InvariantBroken
from app.queries import snapshot as snapshots
from app.queries import who_waits
from app.queries.parties import calendar_with
from app.queries.snapshot import SiblingWith


@dataclass(frozen=True, slots=True)
class Ground:
    """What decisions of one transaction stand on: the terms, the free places, the policy and the calendar."""

    lots: tuple[Lot, ...]
    free_places: tuple[Place, ...]
    ahead_places: tuple[Place, ...]
    """Planned to fall free within the widest window of the policy, and without a next family."""
    busy_places: tuple[Place, ...]
    """Those of the others that tell what their lot can do when they fall free."""
    caseloads: tuple[Caseload, ...]
    shares: tuple[SchoolShare, ...]
    claims: tuple[Claim, ...]
    """Of siblings who wait, on the practitioners of their brothers and sisters."""
    deemed_lots: frozenset[UUID]
    """The lots whose contract counts silence as yes today."""
    names: dict[UUID, str]
    """Of the lots' providers and services, by id."""
    policy: Policy
    policy_id: UUID
    calendar: Calendar

    def snapshot(self, wants: Iterable[Want]) -> Snapshot:
        """What is decided about some referrals."""
        return Snapshot(tuple(wants), self.lots, self.places, self.caseloads, self.claims, self.shares)

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that may be offered, and what busy ones could do."""
        return (*self.open_places, *self.busy_places)

    @property
    def open_places(self) -> tuple[Place, ...]:
        """The places that may be offered to some band: free, or soon to be."""
        return (*self.free_places, *self.ahead_places)

    def with_claims(self, siblings: Iterable[SiblingWith], today: date) -> "Ground":
        """The same ground, with the claims of a referral that is not yet in the list."""
        return replace(self, claims=(*self.claims, *claims_of(siblings, self.policy, self.calendar, today)))

    def long_stop_on(self, band: str, banded_on: date) -> date | None:
        """The day on which a referral of a band will have waited as long as the policy's long-stop says."""
        return long_stop_on(self.calendar, self.policy, band, banded_on)


@lru_cache(1024)
def _policy(policy_id: UUID, content: str) -> Policy:  # noqa: ARG001 - the id is what tells one from another quickly
    """A version's policy: it never changes, so it is read once per process."""
    return policy_from(orjson.loads(content))


_USUAL: Final = Calendar()

_LOOKED_AHEAD_AT_MOST: Final = 1024

_looked_ahead: dict[UUID, tuple[date, date]] = {}
"""By authority, a day and how far ahead it was looked on it: a guess for the next survey, so that one is enough."""


async def _surveyed(session: ReadSession) -> tuple[snapshots.Survey, Policy, Calendar, UUID]:
    """The survey, with its policy, its calendar and the policy's id.

    How far ahead to look hangs on the policy and the calendar, which the same statement reads. So it is guessed, from
    the last survey of the day or by the usual policy and terms; only where that was too near is it read once more.
    """
    today = session.today
    day, until = _looked_ahead.get(session.authority_id, (None, today))
    if day != today:
        until = _USUAL.add_school_days(today, max(Policy().windows.values()))
    while True:
        found = await snapshots.survey(session, today, until)
        if found.policy_id is None:
            raise InvariantBroken
        policy = _policy(found.policy_id, found.policy_content)
        calendar = await calendar_with(session, found.calendar_stamps)
        furthest = calendar.add_school_days(today, max(policy.windows.values()))
        if len(_looked_ahead) >= _LOOKED_AHEAD_AT_MOST:
            _looked_ahead.clear()
        _looked_ahead[session.authority_id] = (today, furthest)
        if furthest <= until:
            return found, policy, calendar, found.policy_id
        until = furthest


async def survey(session: ReadSession) -> Ground:
    """Read the ground for decisions today. Raises InvariantBroken if the authority has no policy in force."""
    found, policy, calendar, policy_id = await _surveyed(session)
    furthest = max(policy.windows.values())
    shares: tuple[SchoolShare, ...] = ()
    if policy.fair_share["on"]:
        shares = await snapshots.shares(session, date(academic_year_start(session.today), 9, 1))
    return Ground(
        lots=found.lots,
        free_places=found.free_places,
        ahead_places=tuple(
            place
            for place in (_ahead(place, calendar, session.today) for place in found.ahead_places)
            if place.free_in <= furthest
        ),
        busy_places=found.busy_places,
        caseloads=found.caseloads,
        shares=shares,
        claims=claims_of(found.siblings, policy, calendar, session.today),
        deemed_lots=found.deemed_lots,
        names=found.names,
        policy=policy,
        policy_id=policy_id,
        calendar=calendar,
    )


def claims_of(siblings: Iterable[SiblingWith], policy: Policy, calendar: Calendar, today: date) -> tuple[Claim, ...]:
    """The claims that stand today: from the sibling's offer until so many school days after its first contact."""
    return tuple(
        Claim(each.referral_id, each.practitioner_id)
        for each in siblings
        if each.started_on is None
        or calendar.school_days_between(each.started_on, today) <= policy.sibling_claim_school_days
    )


def _ahead(place: Place, calendar: Calendar, today: date) -> Place:
    """A busy place with the school days until it is free: one at least, for a family has it today."""
    return replace(place, free_in=max(1, free_in(calendar, today, place.free_on or today)))


def wants_of(ground: Ground, rows: Iterable[Mapping[str, Any]]) -> list[Want]:
    """The wants of waiting referrals' rows."""
    return [who_waits.want_of(row, ground.long_stop_on(row["band"], row["banded_on"])) for row in rows]


def lot_of(ground: Ground, lot_id: UUID) -> Lot:
    """A lot of the ground by its id. Raises InvariantBroken when the authority has no such casework lot."""
    for lot in ground.lots:
        if lot.id == lot_id:
            return lot
    raise InvariantBroken

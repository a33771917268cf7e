"""The waiting list as it stands: the published order, what a run would decide now, and when a place may come.

It is worked out in one pass, without the allocation lock, in a thread beside the event loop, and kept in memory for as
long as nothing that it stands on has changed (`app.services.kept`). It stands on every family of the authority, so what
leaves here about one referral says nothing of another, but to an officer.
"""

import asyncio
import gc
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.clock import london_date
from app.db import ReadSession, whole_authority
from app.domain.allocation import Decision, Hold, Place, Snapshot, TightSet, Waits, Want, decide
from app.domain.allocation.expected_start import Estimate, Schedule, load_ahead_of
from app.domain.allocation.order import Order
from app.domain.expected_dates import ExpectedStart, expected_start_of
from app.errors import CursorRejected
from app.queries import allocation_runs, waiting, whole_supply
from app.queries.whole_supply import RecentStarts
from app.services.ground import Ground, survey, wants_of
from app.services.kept import Keeper
from app.services.sibling_holds import SiblingHold, read_sibling_holds

Key = tuple[str, int, date, datetime, str]
"""Effective band, fair-share bucket, band date, time received, reference: the whole published order."""

_MOST_URGENT: Final = ("P1", "P2")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One referral in the list."""

    row: Mapping[str, Any]
    want: Want
    key: Key
    position: int
    """In the whole list; 1 is first."""
    decision: Decision
    """What a run would decide now, but that it has decided nothing: who would be offered a place waits for it."""

    @property
    def long_stopped(self) -> bool:
        """Whether the long-stop has raised its band."""
        return self.key[0] != self.want.band


@dataclass(frozen=True, slots=True)
class WaitingList:
    """Everyone who waits, in the published order, with what the list stands on."""

    ground: Ground
    whole: Snapshot
    """Every place, busy ones too, and everyone who waits."""
    recent: RecentStarts
    lines: Sequence[Waiting]
    by_id: Mapping[UUID, Waiting]
    tight_sets: Sequence[TightSet]
    schedule: Schedule
    sibling_holds: Sequence[SiblingHold]
    today: date

    def __len__(self) -> int:
        """How many wait."""
        return len(self.lines)

    def page(
        self, limit: int, after: Key | None, *, keep: Callable[[Waiting], bool] | None = None
    ) -> tuple[list[Waiting], bool]:
        """The lines after a position that `keep` lets through, at most `limit`; and whether there are more."""
        start = 0 if after is None else bisect_right(self.lines, after, key=lambda line: line.key)
        found = []
        for line in self.lines[start:]:
            if keep is None or keep(line):
                found.append(line)
                if len(found) > limit:
                    return found[:limit], True
        return found, False

    def estimates(self, referral_ids: Collection[UUID]) -> dict[UUID, Estimate]:
        """The expected starts of some of them, in school days, by referral.

        Those on hold, and those whom nothing serves, have none.
        """
        places = sum(place.in_service for place in self.whole.places)
        taken = sum(self.recent.place_days.get(band, 0) for band in _MOST_URGENT)
        load_ahead = load_ahead_of(taken, places, self.recent.days)
        made = (
            self.schedule.estimate(each, recent_waits=self.recent.waits, load_ahead=load_ahead) for each in referral_ids
        )
        return {each.referral_id: each for each in made if each is not None}

    def expected(self, estimate: Estimate) -> ExpectedStart:
        """An expected start in dates of the authority's calendar."""
        return expected_start_of(estimate, self.ground.calendar, self.today)

    def waited_school_days(self, line: Waiting) -> int:
        """School days since it was received."""
        received_on = london_date(line.want.received_at)
        return max(0, self.ground.calendar.school_days_between(received_on, self.today))

    def certificate(self, line: Waiting) -> dict[str, Any] | None:
        """Why a referral waits its turn although places are free: for officers, because it names other referrals."""
        if line.decision.tight_set is None:
            return None
        tight = self.tight_sets[line.decision.tight_set]
        return {
            "place_ids": list(tight.place_ids),
            "capacity": tight.capacity,
            "holders": [{"id": one, "reference": self.by_id[one].want.reference} for one in tight.holder_ids],
        }


_kept: Final[Keeper[WaitingList]] = Keeper()


async def read_waiting_list(session: ReadSession) -> WaitingList:
    """The whole waiting list of the session's authority today, with every change that the session can see.

    Raises InvariantBroken if no policy is in force.
    """
    async with whole_authority(session):
        return await _kept.read(session, _read)


async def _read(session: ReadSession) -> WaitingList:
    ground = await survey(session)
    offered = {place.id for place in ground.free_places}
    places = tuple(
        # Free, and withheld until a lot that holds too many has drained.
        replace(place, in_service=False) if place.free_in == 0 and place.id not in offered else place
        for place in await whole_supply.places(session, ground.calendar)
    )
    recent = await whole_supply.recent_starts(session, ground.calendar)
    proposed = await allocation_runs.proposed_on(session, session.today)
    holds = await read_sibling_holds(session)
    parts = await waiting.everyone(session)
    return await asyncio.to_thread(_worked_out, ground, places, recent, proposed, holds, parts, session.today)


def _worked_out(
    ground: Ground,
    places: tuple[Place, ...],
    recent: RecentStarts,
    proposed: frozenset[UUID],
    sibling_holds: Sequence[SiblingHold],
    parts: Sequence[str],
    today: date,
) -> WaitingList:
    with _uncollected():
        return _list_of(ground, places, recent, proposed, sibling_holds, waiting.rows_of(parts), today)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave garbage where it is for a moment: what a list is made of stays, and looking through it holds up all."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _list_of(
    ground: Ground,
    places: tuple[Place, ...],
    recent: RecentStarts,
    proposed: frozenset[UUID],
    sibling_holds: Sequence[SiblingHold],
    rows: Sequence[Mapping[str, Any]],
    today: date,
) -> WaitingList:
    wants = wants_of(ground, rows)
    plan = decide(ground.snapshot(wants), ground.policy, today)
    decisions = {each.referral_id: each for each in plan.decisions}
    order = Order(ground.policy, ground.shares, today)
    keyed = [(order.key(want), want, row) for want, row in zip(wants, rows, strict=True)]
    keyed.sort(key=lambda one: one[0])
    lines = [
        Waiting(row, want, key, position, _as_it_waits(decisions[want.referral_id], want, proposed))
        for position, (key, want, row) in enumerate(keyed, 1)
    ]
    whole = Snapshot(tuple(wants), ground.lots, places, ground.caseloads, ground.claims, ground.shares)
    return WaitingList(
        ground=ground,
        whole=whole,
        recent=recent,
        lines=lines,
        by_id={line.want.referral_id: line for line in lines},
        tight_sets=plan.tight_sets,
        schedule=Schedule(whole, ground.policy, today),
        sibling_holds=sibling_holds,
        today=today,
    )


def _as_it_waits(decision: Decision, want: Want, proposed: frozenset[UUID]) -> Decision:
    """A decision that a run would make now, as of before the run: an offer is not made yet, to it or its sibling.

    One whose offer stands in a proposed plan waits for the officer who confirms it.
    """
    housed = decision.hold == Hold.HOUSEHOLD_HAS_PLACE and decision.hold not in want.holds
    if decision.place is None and not housed:
        return decision
    awaited = Waits.CONFIRMATION if want.referral_id in proposed else Waits.RUN
    return Decision(want.referral_id, "waiting", waits_for=awaited.value)


def told_position(key: Key) -> list[str | int | None]:
    """A place in the list as a cursor carries it."""
    band, bucket, since, received_at, reference = key
    return [band, bucket, since.isoformat(), received_at.isoformat(), reference]


def read_position(told: Sequence[str | int | None]) -> Key:
    """The place in the list that a cursor carries. Raises CursorRejected for one of another shape."""
    try:
        band, bucket, since, received_at, reference = told
        return (
            str(band),
            int(bucket or 0),
            date.fromisoformat(str(since)),
            datetime.fromisoformat(str(received_at)),
            str(reference),
        )
    except ValueError:
        raise CursorRejected from None

"""What an authority's last year is played again from: who came, what was answered, how long the work took, the places.

Read in an officer's name, who reaches the whole authority. Rows as they are: `year_of` makes the year's facts of them,
and is called where nobody waits for it.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from app.clock import london_date, london_moment
from app.db import ReadSession
from app.domain.academic_year import academic_year_start
from app.domain.allocation import Caseload, Lot, Place, Want
from app.domain.allocation.replay import ACCEPTED, DECLINED, EXPIRED, Answer
from app.domain.allocation.year import Case, Holder, Wait, Work, Year, YearPlace
from app.queries import snapshot as snapshots
from app.queries.outcomes.timeliness import school_days
from app.queries.parties import calendar_with
from app.queries.writes import to_json

_YEAR: Final = timedelta(days=365)
_NEVER: Final = 100_000
_DATES: Final = ("_on", "_from", "_until")
Row = dict[str, Any]

# $1 authority; $2 to $3 the year. Those who came within it, and those who came before and still waited at its start.
# `ready_at`: when it could first be decided: an officer had looked, and what was missing was there.
_CASES: Final = """
SELECT r.id, r.reference, r.household_id, r.band, r.banded_on, r.received_at, r.area_id, r.school_id, r.key_stage,
       r.need_codes, r.language, r.modes, r.preferred_mode, r.refused_provider_ids, r.state, r.closed_at,
       cardinality(r.holds) > 0 AS held, i.id AS intervention_id, i.accepted_at, i.started_on, i.closed_on,
       (SELECT min(h.changed_at) FROM status_history h WHERE h.authority_id = r.authority_id AND h.referral_id = r.id
          AND h.to_state IN ('waiting', 'offered')) AS waited_at,
       (SELECT min(h.changed_at) FROM status_history h WHERE h.authority_id = r.authority_id AND h.referral_id = r.id
          AND h.to_state = 'offered') AS offered_at,
       (SELECT array_agg(a.amended_at) FROM referral_amendment a WHERE a.authority_id = r.authority_id
          AND a.referral_id = r.id AND a.changes ? 'holds') AS released_at,
       (SELECT e.provider_id FROM referral o JOIN intervention e
          ON e.authority_id = o.authority_id AND e.referral_id = o.id
        WHERE o.authority_id = r.authority_id AND o.household_id = r.household_id AND e.accepted_at < r.received_at
        ORDER BY e.accepted_at DESC, e.id LIMIT 1) AS previous_provider_id
FROM referral r
LEFT JOIN intervention i ON i.authority_id = r.authority_id AND i.id = r.intervention_id
WHERE r.authority_id = $1 AND r.received_at < $3 AND r.state <> 'draft'
  AND r.outcome IS DISTINCT FROM 'entered_in_error'
  AND (r.received_at >= $2 OR ((r.closed_at IS NULL OR r.closed_at >= $2)
                               AND (i.accepted_at IS NULL OR i.accepted_at >= $2)))
ORDER BY r.received_at, r.id
"""

_OFFERS: Final = """
SELECT o.referral_id, o.provider_id, o.state, o.offered_at, coalesce(o.answered_at, o.answer_due_at) AS answered_at
FROM offer o
WHERE o.authority_id = $1 AND o.offered_at >= $2 AND o.offered_at < $3
  AND o.state IN ('accepted', 'declined', 'expired')
ORDER BY o.offered_at, o.id
"""

_ENDED: Final = """
SELECT i.id AS intervention_id, i.lot_id, i.accepted_at, i.started_on, i.closed_on
FROM intervention i
WHERE i.authority_id = $1 AND i.closed_on >= $2 AND i.closed_on < $3
ORDER BY i.closed_on, i.id
"""

_EXTENSIONS: Final = """
SELECT e.intervention_id, e.extended_at, e.from_end_on, e.to_end_on
FROM intervention_extension e JOIN intervention i ON i.authority_id = e.authority_id AND i.id = e.intervention_id
WHERE e.authority_id = $1 AND (i.closed_on IS NULL OR i.closed_on >= $2)
ORDER BY e.extended_at, e.id
"""

_PLACES: Final = """
SELECT p.id, p.lot_id, p.number, p.practitioner_id, p.needs, p.languages, p.modes, p.reach, p.available_from,
       p.available_until,
       (SELECT array_agg(x.starts_on ORDER BY x.id) FROM place_out_of_service x
        WHERE x.authority_id = p.authority_id AND x.place_id = p.id) AS out_from,
       (SELECT array_agg(x.ends_on ORDER BY x.id) FROM place_out_of_service x
        WHERE x.authority_id = p.authority_id AND x.place_id = p.id) AS out_until
FROM place p
JOIN lot l ON l.authority_id = p.authority_id AND l.id = p.lot_id
JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id AND s.format = 'casework'
WHERE p.authority_id = $1 AND p.available_from < $3 AND (p.available_until IS NULL OR p.available_until > $2)
ORDER BY p.id
"""

# Whose case held a place when the year began; of several, the one that was there first. $3: the moment it began.
_HOLDERS: Final = """
SELECT DISTINCT ON (b.place_id) b.place_id, b.household_id, b.starts_on, b.released_on, i.id AS intervention_id,
       i.started_on
FROM booking b
JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id AND i.accepted_at < $3
WHERE b.authority_id = $1 AND (b.released_on IS NULL OR b.released_on > $2)
ORDER BY b.place_id, b.starts_on, b.id
"""

# Volume that was used or committed since the year began, less what its holders had not used yet.
_VOLUME: Final = """
SELECT l.id,
       (SELECT count(*) FROM intervention i WHERE i.authority_id = $1 AND i.lot_id = l.id AND i.started_on >= $2)
       + (SELECT count(*) FROM booking b WHERE b.authority_id = $1 AND b.lot_id = l.id
          AND b.state IN ('offered', 'accepted'))
       - (SELECT count(*) FROM booking b JOIN intervention i
            ON i.authority_id = b.authority_id AND i.booking_id = b.id AND i.accepted_at < $3
          WHERE b.authority_id = $1 AND b.lot_id = l.id
            AND (b.released_on IS NULL OR b.released_on > $2) AND (i.started_on IS NULL OR i.started_on >= $2)) AS since
FROM lot l WHERE l.authority_id = $1
"""

_SCHOOLS: Final = """
SELECT s.organisation_id AS id, coalesce(s.pupils_on_roll, 0) AS roll,
       (SELECT count(*) FROM intervention i WHERE i.authority_id = $1 AND i.school_id = s.organisation_id
          AND i.started_on >= $2 AND i.started_on < $3) AS starts
FROM school s WHERE s.authority_id = $1
"""

_NAMES: Final = """
SELECT a.id, a.name FROM area a WHERE a.authority_id = $1
UNION ALL SELECT o.id, o.name FROM organisation o
  WHERE o.authority_id = $1 AND o.kind IN ('school', 'provider')
UNION ALL SELECT l.id, o.name || ': ' || l.name FROM lot l
  JOIN organisation o ON o.authority_id = l.authority_id AND o.id = l.provider_id WHERE l.authority_id = $1
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a year: its school days, terms, and rows."""

    starts_on: date
    ends_on: date
    """The day after its last: the day on which it is asked for."""
    days: tuple[date, ...]
    lots: tuple[Lot, ...]
    """With the volume that was left on the first day."""
    limits: tuple[Caseload, ...]
    place_counts: dict[UUID, int]
    """By lot, the places that stood at some time of the year."""
    names: dict[UUID, str]
    rows: str
    """The rest, as JSON: it goes to another process, and the driver's own UUIDs are slow to take there."""


async def read_last_year(session: ReadSession, survey: snapshots.Survey) -> Found:
    """The rows of the 365 days before today, for the lots of a survey of today."""
    until = session.today
    since = until - _YEAR
    calendar = await calendar_with(session, survey.calendar_stamps)
    authority_id = session.authority_id
    moments = (authority_id, london_moment(since), london_moment(until))
    new = {row["id"]: row["since"] for row in await session.rows(_VOLUME, authority_id, since, moments[1])}
    september = date(academic_year_start(since), 9, 1)
    limits = await session.rows(
        "SELECT id, caseload_limit FROM practitioner WHERE authority_id = $1 ORDER BY id", authority_id
    )
    places = await session.rows(_PLACES, authority_id, since, until)
    return Found(
        starts_on=since,
        ends_on=until,
        days=tuple(school_days(calendar, since, until - timedelta(days=1))),
        lots=tuple(replace(lot, volume_left=lot.volume_left + new.get(lot.id, 0)) for lot in survey.lots),
        # Also of those who have left since: they worked then.
        limits=tuple(Caseload(row["id"], row["caseload_limit"], 0) for row in limits),
        place_counts=dict(Counter(row["lot_id"] for row in places)),
        names={row["id"]: row["name"] for row in await session.rows(_NAMES, authority_id)},
        rows=to_json(
            {
                "cases": [dict(row) for row in await session.rows(_CASES, *moments)],
                "offers": [dict(row) for row in await session.rows(_OFFERS, *moments)],
                "ended": [dict(row) for row in await session.rows(_ENDED, authority_id, since, until)],
                "extensions": [dict(row) for row in await session.rows(_EXTENSIONS, authority_id, since)],
                "places": [dict(row) for row in places],
                "holders": [dict(row) for row in await session.rows(_HOLDERS, authority_id, since, moments[1])],
                "schools": [dict(row) for row in await session.rows(_SCHOOLS, authority_id, september, since)],
            }
        ),
    )


def year_of(found: Found) -> Year:
    """The facts of a year, in numbered school days, from its rows."""
    return _Making(found).year()


def _parsed(name: str, value: Any) -> Any:
    """A column's value from JSON, by what its name says that it is."""
    if value is None:
        return None
    if isinstance(value, list):
        return [_parsed(name.removesuffix("s"), each) for each in value]
    if name == "id" or name.endswith("_id"):
        return UUID(value)
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name.endswith(_DATES):
        return date.fromisoformat(value)
    return value


class _Making:
    def __init__(self, found: Found) -> None:
        self._found = found
        self._rows: dict[str, list[Row]] = {
            part: [{name: _parsed(name, value) for name, value in row.items()} for row in rows]
            for part, rows in orjson.loads(found.rows).items()
        }
        self._days = found.days
        self._extensions: dict[UUID, list[Row]] = {}
        for row in self._rows["extensions"]:
            self._extensions.setdefault(row["intervention_id"], []).append(row)
        self._answers: dict[UUID, list[tuple[UUID, Answer]]] = {}
        for row in self._rows["offers"]:
            self._answers.setdefault(row["referral_id"], []).append((row["provider_id"], self._answer(row)))

    def year(self) -> Year:
        found = self._found
        casework = {lot.id for lot in found.lots}
        spots = [row for row in self._rows["places"] if row["lot_id"] in casework]
        number_of = {row["id"]: number for number, row in enumerate(spots)}
        answers: dict[UUID, list[Answer]] = {}
        for row in self._rows["offers"]:
            answers.setdefault(row["provider_id"], []).append(self._answer(row))
        works: dict[UUID, list[Work]] = {}
        for row in self._rows["ended"]:
            works.setdefault(row["lot_id"], []).append(self._work(row))
        next_september = date(academic_year_start(found.starts_on) + 1, 9, 1)
        return Year(
            days=self._days,
            lots=found.lots,
            places=tuple(self._place(row) for row in spots),
            caseloads=found.limits,
            cases=tuple(self._case(row) for row in self._rows["cases"]),
            holders=tuple(
                self._holder(row, number_of[row["place_id"]])
                for row in self._rows["holders"]
                if row["place_id"] in number_of
            ),
            answers={provider: tuple(given) for provider, given in answers.items()},
            works={lot: tuple(done) for lot, done in works.items()},
            rolls={row["id"]: row["roll"] for row in self._rows["schools"]},
            starts_before={row["id"]: row["starts"] for row in self._rows["schools"]},
            new_year=self._from(next_september),
        )

    # Days

    def _up_to(self, on: date) -> int:
        """The number of the last school day up to a date. Before the year, as if every weekday were one."""
        if on < self._found.starts_on:
            return -1 - (self._found.starts_on - on).days * 5 // 7
        return bisect_right(self._days, on) - 1

    def _from(self, on: date) -> int:
        """The number of the first school day from a date on."""
        return bisect_left(self._days, on)

    # Facts

    def _case(self, row: Row) -> Case:
        received_on = london_date(row["received_at"])
        counted = received_on >= self._found.starts_on
        closed_on = None if row["closed_at"] is None else london_date(row["closed_at"])
        never_ours = row["accepted_at"] is None
        return Case(
            want=_want(row),
            received=self._up_to(received_on),
            arrives=self._ready(row),
            banded=self._up_to(row["banded_on"]),
            counted=counted,
            leaves=self._from(closed_on) if closed_on is not None and never_ours else None,
            answers=tuple(self._answers.get(row["id"], ())),
            work=None if never_ours else self._work(row),
            really=self._really(row, received_on, closed_on) if counted else None,
        )

    def _ready(self, row: Row) -> int:
        """From when on it could be decided. What an officer let go after its first offer held it up no more."""
        if row["waited_at"] is None or (row["held"] and row["offered_at"] is None):
            return _NEVER
        moments: list[datetime] = [
            each for each in row["released_at"] or () if row["offered_at"] is None or each <= row["offered_at"]
        ]
        return self._from(london_date(max([row["waited_at"], *moments])))

    def _really(self, row: Row, received_on: date, closed_on: date | None) -> Wait:
        started_on: date | None = row["started_on"]
        last = self._days[-1] if self._days else received_on
        reached = started_on is not None and started_on <= last
        end = started_on if reached else min(closed_on or last, last)
        return Wait(max(0, self._up_to(end or last) - self._up_to(received_on)), reached=reached)

    def _work(self, row: Row) -> Work:
        """A case's length. Its place begins to be held on the school day after the acceptance."""
        begins = self._up_to(london_date(row["accepted_at"])) + 1
        closed_on, started_on = row["closed_on"], row["started_on"]
        running = closed_on is None or closed_on >= self._found.ends_on
        ends = len(self._days) if running else self._from(closed_on)
        first_contact = None if started_on is None else max(0, self._up_to(started_on) - begins)
        if running and started_on is None:
            first_contact = 0
        return Work(max(1, ends - begins), first_contact, self._extended(row["intervention_id"], begins), running)

    def _extended(self, intervention_id: UUID | None, begins: int) -> tuple[tuple[int, int], ...]:
        if intervention_id is None:
            return ()
        return tuple(
            (
                self._up_to(london_date(row["extended_at"])) - begins,
                self._up_to(row["to_end_on"]) - self._up_to(row["from_end_on"]),
            )
            for row in self._extensions.get(intervention_id, ())
        )

    def _answer(self, row: Row) -> Answer:
        outcome = {"accepted": ACCEPTED, "declined": DECLINED, "expired": EXPIRED}[row["state"]]
        days = self._up_to(london_date(row["answered_at"])) - self._up_to(london_date(row["offered_at"]))
        return Answer(outcome, max(0, days))

    def _holder(self, row: Row, place: int) -> Holder:
        began = self._up_to(row["starts_on"])
        released_on: date | None = row["released_on"]
        ends = _NEVER if released_on is None else self._from(released_on)
        return Holder(place, row["household_id"], began, ends, self._extended(row["intervention_id"], began))

    def _place(self, row: Row) -> YearPlace:
        until: date | None = row["available_until"]
        ranges = zip(row["out_from"] or (), row["out_until"] or (), strict=True)
        return YearPlace(
            Place(
                id=row["id"],
                lot_id=row["lot_id"],
                number=row["number"],
                practitioner_id=row["practitioner_id"],
                needs=_tuple(row["needs"]),
                languages=_tuple(row["languages"]),
                modes=_tuple(row["modes"]),
                reach=row["reach"],
            ),
            opens=self._from(row["available_from"]),
            closes=None if until is None else self._from(until),
            out=tuple((self._from(first), self._from(end)) for first, end in ranges),
        )


def _want(row: Row) -> Want:
    return Want(
        referral_id=row["id"],
        reference=row["reference"],
        household_id=row["household_id"],
        band=row["band"],
        banded_on=row["banded_on"],
        received_at=row["received_at"],
        area_id=row["area_id"],
        school_id=row["school_id"],
        key_stage=row["key_stage"],
        primary_need=row["need_codes"][0],
        secondary_needs=tuple(row["need_codes"][1:]),
        preferred_mode=row["preferred_mode"],
        previous_provider_id=row["previous_provider_id"],
        language=row["language"],
        modes=tuple(row["modes"]),
        refused_provider_ids=tuple(row["refused_provider_ids"]),
    )


def _tuple(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)

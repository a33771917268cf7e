"""Volume of the formats that are no casework: what their rows have used of a lot, and what they have committed.

Casework uses volume by an intervention's first attended contact, and its own queries count that. Every other format
uses it by the first day that somebody came, and commits it while its booking is open.
"""

from typing import Final

# Each piece of work: its lot, its booking, the day from which it counts as used, and the unit that it is counted as.
# Several pieces of one unit are one of the volume: two adults of a family on one course. `halves` is how many halves of
# one it is: half a link day is half of a day, and an odd half counts as a whole one.
WORK: Final = """
SELECT e.authority_id, e.lot_id, e.booking_id, e.used_on, 2 AS halves,
       e.course_id::text || CASE l.volume_unit WHEN 'pupil' THEN e.pupil_id ELSE e.household_id END AS unit
FROM course_enrolment e JOIN lot l ON l.authority_id = e.authority_id AND l.id = e.lot_id
UNION ALL
SELECT p.authority_id, p.lot_id, p.booking_id, p.used_on, 2, p.id::text FROM placement p
UNION ALL
SELECT d.authority_id, d.lot_id, d.booking_id, CASE d.state WHEN 'done' THEN d.on_day END, d.halves, d.id::text
FROM link_day d WHERE d.state IN ('confirmed', 'done')
"""


_WHOLE: Final = "coalesce(ceil(sum(u.halves) / 2.0), 0)::bigint"


def used_of(lot: str, on: str) -> str:
    """SQL of how much volume of a lot was used by the end of a day, by formats other than casework."""
    return (
        f"(SELECT {_WHOLE} FROM (SELECT DISTINCT w.unit, w.halves FROM ({WORK}) w"  # noqa: S608 - our own text
        f" WHERE w.authority_id = $1 AND w.lot_id = {lot} AND w.used_on <= {on}) u)"
    )


def committed_of(lot: str, on: str) -> str:
    """SQL of how much volume of a lot was booked and not used on a day, by formats other than casework."""
    return (
        f"(SELECT {_WHOLE} FROM (SELECT DISTINCT w.unit, w.halves FROM ({WORK}) w"  # noqa: S608 - our own text
        " JOIN booking k ON k.authority_id = w.authority_id AND k.id = w.booking_id"
        f" WHERE w.authority_id = $1 AND w.lot_id = {lot}"
        f" AND (k.state <> 'released' OR k.released_on > {on} AND k.starts_on <= {on})"
        f" AND NOT EXISTS (SELECT 1 FROM ({WORK}) o WHERE o.authority_id = $1 AND o.lot_id = w.lot_id"
        f" AND o.unit = w.unit AND o.used_on <= {on})) u)"
    )


USED_BY_LOT: Final = (
    f"SELECT u.lot_id, {_WHOLE} AS units FROM (SELECT DISTINCT w.lot_id, w.unit, w.halves FROM ({WORK}) w"  # noqa: S608 - our own text
    " WHERE w.authority_id = $1 AND w.used_on < $2) u GROUP BY u.lot_id"
)
"""The same of every lot before a day ($2)."""

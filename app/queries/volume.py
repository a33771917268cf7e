"""Volume of the formats that are no casework: what their rows have used of a lot, and what they have committed.

Casework uses volume by an intervention's first attended contact, and its own queries count that. Every other format
uses it by the first day that somebody came, and commits it while its booking is open.
"""

from typing import Final

# Each piece of work: its lot, its booking, the day from which it counts as used, and the unit that it is counted as.
# Several pieces of one unit are one of the volume: two adults of a family on one course.
WORK: Final = """
SELECT e.authority_id, e.lot_id, e.booking_id, e.used_on,
       e.course_id::text || CASE l.volume_unit WHEN 'pupil' THEN e.pupil_id ELSE e.household_id END AS unit
FROM course_enrolment e JOIN lot l ON l.authority_id = e.authority_id AND l.id = e.lot_id
UNION ALL
SELECT p.authority_id, p.lot_id, p.booking_id, p.used_on, p.id::text FROM placement p
"""


def used_of(lot: str, on: str) -> str:
    """SQL of how much volume of a lot was used by the end of a day, by formats other than casework."""
    return (
        f"(SELECT count(DISTINCT w.unit) FROM ({WORK}) w WHERE w.authority_id = $1 AND w.lot_id = {lot}"  # noqa: S608 - our own text
        f" AND w.used_on <= {on})"
    )


def committed_of(lot: str, on: str) -> str:
    """SQL of how much volume of a lot was booked and not used on a day, by formats other than casework."""
    return (
        f"(SELECT count(DISTINCT w.unit) FROM ({WORK}) w"  # noqa: S608 - our own text
        " JOIN booking k ON k.authority_id = w.authority_id AND k.id = w.booking_id"
        f" WHERE w.authority_id = $1 AND w.lot_id = {lot}"
        f" AND (k.state <> 'released' OR k.released_on > {on} AND k.starts_on <= {on})"
        f" AND NOT EXISTS (SELECT 1 FROM ({WORK}) u WHERE u.authority_id = $1 AND u.lot_id = w.lot_id"
        f" AND u.unit = w.unit AND u.used_on <= {on}))"
    )

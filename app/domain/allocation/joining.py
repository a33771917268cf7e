"""Joining the case of a brother or sister: one case, one place and one family of the volume, for several children.

Where a lot counts families, a child whose household has a running case there needs neither a place nor volume of its
own. What the child needs the lot must still do; the areas that the lot was bought for do not count, because siblings
go to different schools and the family has its place already.
"""

from dataclasses import replace
from datetime import date

from app.domain.allocation.answers import Decision
from app.domain.allocation.eligibility import lot_reason, place_reason, widened
from app.domain.allocation.facts import Hold, Lot, Place, Reason, Want


def joining_reason(want: Want, lot: Lot, place: Place, as_of: date) -> Reason | None:
    """The first reason why a child cannot join the case that has a place, or None."""
    shared = replace(lot, area_ids=(), school_ids=(), volume_left=1, place_count=None)
    return lot_reason(want, widened(shared, (place,)), 1, as_of) or place_reason(want, lot, place)


def to_join(want: Want) -> Want:
    """The same want; that its household has a place is what lets it join, and holds it back no more."""
    return replace(want, holds=tuple(hold for hold in want.holds if hold != Hold.HOUSEHOLD_HAS_PLACE))


def joining(want: Want, place: Place) -> Decision:
    """The decision to offer that a child joins the case that has a place."""
    return Decision(want.referral_id, "offered", place, joins_case=True)

"""Offers to join the case of a brother or sister, where its lot counts families: no second place, no second volume.

The provider is asked as for a place, and its answer counts alike; nothing is booked, so nobody who waits loses a turn.
In broker context, which holds the authority's allocation lock.
"""

from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.db import BrokerSession
from app.domain.allocation import Lot, Place, Want
from app.domain.allocation.joining import joining, joining_reason, to_join
from app.domain.referral import State
from app.queries import household_cases as queries
from app.queries import snapshot as snapshots
from app.queries import who_waits
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import history
from app.services.ground import Ground, survey, wants_of
from app.services.made_offers import Decided, keep_decision, make_offer


class Joins(NamedTuple):
    """What a child is offered: the case of a brother or sister, with the place that it has."""

    want: Want
    decided: Decided
    intervention_id: UUID
    place: Place


async def offer_to_join(session: BrokerSession, writes: Writes, trigger: str, *, whole_list: bool = False) -> int:
    """Offer those who wait to join a running case of their family; how many. Flushes `writes` if any.

    Call it before places are offered: who joins a case waits for no place. `whole_list`: children of one household are
    looked for too, and not only those who were linked as siblings.
    """
    rows = await queries.could_join(session, whole_list=whole_list)
    if not rows:
        return 0
    ground = await survey(session)
    offered: set[UUID] = set()
    for row in rows:
        if row["referral_id"] in offered:
            continue
        want_row = await who_waits.want_row(session, row["referral_id"])
        found = _first_fit(session, ground, wants_of(ground, [want_row])[0], [row]) if want_row else None
        if found is not None:
            await offer_case(session, writes, ground, found, trigger)
            offered.add(row["referral_id"])
    return len(offered)


async def joins_on_arrival(
    session: BrokerSession, ground: Ground, want: Want, pupil_id: UUID, *, household_known: bool
) -> Joins | None:
    """The case that a referral that has just arrived is to join; None where there is none, or it is held."""
    if to_join(want).holds or (want.sibling_group_id is None and not household_known):
        return None
    cases = await queries.cases_of_family(
        session, group_id=want.sibling_group_id, household_id=want.household_id, pupil_id=pupil_id
    )
    return _first_fit(session, ground, want, cases)


def _first_fit(session: BrokerSession, ground: Ground, want: Want, cases: list[asyncpg.Record]) -> Joins | None:
    want = to_join(want)
    lots: dict[UUID, Lot] = {lot.id: lot for lot in ground.lots}
    for row in cases:
        place = queries.place_of(row)
        lot = lots.get(place.lot_id)
        if lot is not None and joining_reason(want, lot, place, session.today) is None:
            return joins_case(want, row["intervention_id"], place)
    return None


def joins_case(want: Want, intervention_id: UUID, place: Place) -> Joins:
    """That a child joins a case, as a decision to be kept."""
    return Joins(want, Decided(joining(want, place), ()), intervention_id, place)


async def offer_case(session: BrokerSession, writes: Writes, ground: Ground, joins: Joins, trigger: str) -> None:
    """Make the offer to join a case for a referral that waits, with its decision. Flushes `writes`."""
    want = joins.want
    (referral,) = [dict(row) for row in await snapshots.referral_for_offer(session, [want.referral_id])]
    decision_id = keep_decision(session, writes, ground, want, joins.decided, trigger)
    _, event_id = make_offer(
        session,
        writes,
        ground,
        referral,
        joins.place,
        decision_id,
        known_to_you=True,
        authority_id=await authority_organisation(session),
        version=history.next_version(referral),
        joins=joins.intervention_id,
    )
    await history.move(
        session, writes, referral, State.OFFERED,
        event_id=event_id, event_type="allocation.offered", unplaceable=False,
    )  # fmt: skip
    await writes.flush(session)

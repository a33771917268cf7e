"""The reach index of an authority's places, made again when a half-term has ended.

How many of the last year's referrals each place could have served, over the mean place: a table of counts that anyone
may see, which keeps a scarce place for those who need just it. No referral is read but for what makes it eligible.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from app.db import BrokerSession
from app.domain.allocation.reach import reach_counts, reach_of
from app.queries import reach as queries
from app.queries.snapshot import survey

_A_YEAR: Final = timedelta(days=365)


async def refresh_reach(session: BrokerSession) -> int:
    """Count anew what each place could have served; how many places have another figure now."""
    lots = {lot.id: lot for lot in (await survey(session, session.today, session.today)).lots}
    places = [place for place in await queries.places(session, session.today) if place.lot_id in lots]
    past = await queries.past(session, session.now - _A_YEAR)
    # Places that can do the same are counted once.
    alike = {(place.lot_id, place.needs, place.languages, place.modes): place for place in places}
    counts = dict.fromkeys(alike, 0)
    pairs = [(lots[place.lot_id], place) for place in alike.values()]
    for want, times in past:
        for ability, served in zip(alike, reach_counts(pairs, [want]), strict=True):
            counts[ability] += served * times
    figures = reach_of([counts[place.lot_id, place.needs, place.languages, place.modes] for place in places])
    changed: dict[UUID, int] = {
        place.id: figure for place, figure in zip(places, figures, strict=True) if figure != place.reach
    }
    await queries.write(session, changed)
    return len(changed)

"""Places that went to a sibling before its turn, and who among those who wait was passed over by it."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from app.db import ReadSession
from app.domain.allocation import Place, Want
from app.domain.allocation.certificate import Rules
from app.domain.decision_record import restored
from app.queries import siblings


@dataclass(frozen=True, slots=True)
class SiblingHold:
    """A place that a sibling has, or is offered, though someone ahead waited for such a place."""

    decided_at: datetime
    want: Want
    place: Place
    rules: Rules
    """As they stood when it was decided."""

    def passed_over(self, want: Want) -> bool:
        """Whether one who waits stood ahead then, and could have had that very place."""
        return (
            want.received_at < self.decided_at
            and self.rules.order.key(want) < self.rules.order.key(self.want)
            and self.rules.could_have(want, self.place)
        )


async def read_sibling_holds(session: ReadSession) -> tuple[SiblingHold, ...]:
    """Those of the places that are held today, in a session that reaches the whole authority; as a rule none."""
    found = []
    for row in await siblings.holds(session):
        record = orjson.loads(row["record"])
        made = restored(record)
        place = next(place for place in made.snapshot.places if str(place.id) == record["place_id"])
        rules = Rules(made.snapshot, made.policy, made.as_of)
        found.append(SiblingHold(row["decided_at"], made.want, place, rules))
    return tuple(found)

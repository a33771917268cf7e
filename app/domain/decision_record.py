"""The record of one decision: what it was made from, in plain data, small, and enough to make it again.

It keeps the referral's facts, the terms of every lot, and the free places that were still there when the referral's
turn came (at most `KEPT_PER_LOT` of each lot: the first policy takes the first that fits, so later ones change
nothing). It names no person.
"""

from dataclasses import fields
from datetime import date, datetime
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

from app.domain.allocation import Decision, Lot, Place, Snapshot, Verdict, Want, decide
from app.domain.policy import policy_from

KEPT_PER_LOT = 5

Kept = TypeVar("Kept", Want, Lot, Place)


def record_of(
    want: Want,
    decision: Decision,
    lots: tuple[Lot, ...],
    remaining: tuple[Place, ...],
    policy: dict[str, Any],
    as_of: date,
) -> dict[str, Any]:
    """The record of a decision about `want`, with the places `remaining` before its turn."""
    kept: list[Place] = []
    for lot in lots:
        of_lot = [place for place in remaining if place.lot_id == lot.id]
        kept.extend(sorted(of_lot, key=lambda place: (place.number, place.id))[:KEPT_PER_LOT])
    if decision.place is not None and decision.place not in kept:
        kept.append(decision.place)
    return {
        "as_of": as_of,
        "policy": policy,
        "want": _plain(want),
        "lots": [_plain(lot) for lot in lots],
        "free_places": [_plain(place) for place in kept],
        "verdicts": [_plain(verdict) for verdict in decision.verdicts],
        "outcome": decision.outcome,
        "hold": decision.hold,
        "place_id": decision.place.id if decision.place else None,
    }


def _plain(facts: Want | Lot | Place | Verdict) -> dict[str, Any]:
    """The fields as they are, which are plain values: `asdict` copies each, which took a fifth of a post's time."""
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}


def replay(record: dict[str, Any]) -> Decision:
    """Decide again from a record alone (as read back from JSON)."""
    snapshot = Snapshot(
        wants=(_restore(Want, record["want"]),),
        lots=tuple(_restore(Lot, lot) for lot in record["lots"]),
        free_places=tuple(_restore(Place, place) for place in record["free_places"]),
    )
    plan = decide(snapshot, policy_from(record["policy"]), date.fromisoformat(str(record["as_of"])))
    return plan.decisions[0]


def _restore(cls: type[Kept], values: dict[str, Any]) -> Kept:
    hints = get_type_hints(cls)
    return cls(**{field.name: _typed(str(hints[field.name]), values[field.name]) for field in fields(cls)})


def _typed(hint: str, value: Any) -> Any:
    """A JSON value as the type that a field names."""
    if value is None:
        return None
    if "tuple" in hint:
        return tuple(UUID(str(item)) if "UUID" in hint else item for item in value)
    if "UUID" in hint:
        return UUID(str(value))
    if "datetime.datetime" in hint:
        return datetime.fromisoformat(str(value))
    if "datetime.date" in hint:
        return date.fromisoformat(str(value))
    return value

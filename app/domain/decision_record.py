"""The record of one decision: what it was made from, in plain data, small, and enough to make it again.

It keeps the referral's facts, the terms of every lot, the policy's figures, and of the places those that could have
made a difference: of interchangeable ones (a pool) the two that would be taken first, marked `taken` when they went to
someone else in the same run. It names no person, and of other referrals it says nothing but that someone waited.
A field that has its default is left out.
"""

from collections.abc import Iterable
from dataclasses import MISSING, Field, fields, replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeVar, get_type_hints
from uuid import UUID

from app.domain.allocation import (
    Arrival,
    Claim,
    Decision,
    Lot,
    Place,
    Reason,
    SchoolShare,
    Snapshot,
    Want,
    decide,
    effective_band,
    verdicts_of,
)
from app.domain.allocation.joining import joining
from app.domain.allocation.override import officers_choice
from app.domain.policy import FIGURES, Policy, policy_from

FORMAT = 2
_ALIKE = 2
_OF_PLACES = frozenset({None, Reason.NEED, Reason.LANGUAGE, Reason.MODE})
"""The verdicts on a lot that hang on its single places: of the other lots, no place is kept."""

Kept = TypeVar("Kept", Want, Lot, Place, Claim, SchoolShare)

_KINDS: Final[tuple[type[Any], ...]] = (Want, Lot, Place, Claim, SchoolShare)
_DEFAULTS: Final = {
    kind: tuple((each.name, None if each.default is MISSING else each.default) for each in fields(kind))
    for kind in _KINDS
}
_HINTS: Final = {kind: {name: str(hint) for name, hint in get_type_hints(kind).items()} for kind in _KINDS}


def record_of(
    want: Want,
    decision: Decision,
    lots: tuple[Lot, ...],
    remaining: Iterable[Place],
    policy: Policy,
    as_of: date,
    *,
    taken: Iterable[Place] = (),
    arrival: Arrival | None = None,
    claims: Iterable[Claim] = (),
    shares: Iterable[SchoolShare] = (),
) -> dict[str, Any]:
    """The record of a decision about `want`, with the places that `remaining` when all were decided, its own or not.

    `taken` may be all the places of the snapshot: those that do not remain went to others in the same run, or a cap
    held them back. `arrival` says that it was a decision on arrival and whether
    someone who could take a place of its own waited. Claims and shares that are not the referral's are left out.
    """
    by_id = {place.id: place for place in remaining}
    if decision.place is not None:
        by_id[decision.place.id] = decision.place
    gone = [replace(place, taken=True) for place in taken if place.id not in by_id]
    band = effective_band(want, policy, as_of)[0]
    if decision.hold is not None and decision.hold not in want.holds:
        want = replace(want, holds=(*want.holds, decision.hold))
    all_places = (*by_id.values(), *gone)
    verdicts = verdicts_of(want, Snapshot((want,), lots, all_places), policy, as_of, band)
    judged_by_place = {verdict.lot_id.int for verdict in verdicts if verdict.reason in _OF_PLACES}
    kept = _kept(place for place in all_places if place.lot_id.int in judged_by_place)
    if decision.place is not None and _given_place(decision) and decision.place not in kept:
        kept.append(decision.place)
    record: dict[str, Any] = {
        "format": FORMAT,
        "as_of": as_of,
        "policy": {name: getattr(policy, name) for name in FIGURES},
        "want": _plain(want),
        "lots": [_plain(lot) for lot in lots],
        "places": [_plain(place) for place in kept],
        "verdicts": [
            {"lot_id": verdict.lot_id, "reason": verdict.reason, "free_count": verdict.free_count}
            for verdict in verdicts
        ],
        **decision_content(decision),
    }
    mine = {claim.practitioner_id for claim in claims if claim.referral_id == want.referral_id}
    if decision.together and decision.place is not None and decision.place.practitioner_id is not None:
        mine = {decision.place.practitioner_id}
    if mine:
        record["claims"] = [_plain(Claim(want.referral_id, practitioner)) for practitioner in sorted(mine)]
    if arrival is not None:
        record["arrival"] = {"someone_waits": arrival.someone_waits}
    if policy.fair_share["on"]:
        record["shares"] = [_plain(share) for share in shares if share.school_id == want.school_id]
    if decision.excuse is not None:
        record["excuse"] = decision.excuse
    return record | _given_place(decision)


def _given_place(decision: Decision) -> dict[str, Any]:
    """The place of a decision that did not look for one among all, under the name by which it is made again."""
    if decision.place is None or not (decision.by_officer or decision.joins_case):
        return {}
    return {"officers_place_id" if decision.by_officer else "joined_place_id": decision.place.id}


def decision_content(decision: Decision) -> dict[str, Any]:
    """What was decided, as plain data: what a replay gives again, byte for byte.

    (An excuse and a tight set speak of others, so they are facts of the plan and not of a record.)
    """
    score = decision.score
    return {
        "outcome": decision.outcome,
        "hold": decision.hold,
        "waits_for": decision.waits_for,
        "place_id": decision.place.id if decision.place else None,
        "score": None
        if score is None
        else {
            "cost": score.cost,
            "reach": score.reach,
            "soft": score.soft,
            "days": score.days,
            "soft_mismatches": list(score.soft_mismatches),
        },
    }


def _kept(places: Iterable[Place]) -> list[Place]:
    """Of interchangeable places, the first two that are there and one that is taken."""
    counts: dict[tuple[object, ...], int] = {}
    kept = []
    for place in sorted(places, key=lambda place: place.id.int):
        if place.booked or not place.in_service:
            alike: tuple[object, ...] = (place.lot_id, place.needs, place.languages, place.modes)
        else:
            alike = (
                place.lot_id, place.practitioner_id, place.needs, place.languages, place.modes, place.free_in,
                place.reach, place.course_id, place.free_on, place.taken,
            )  # fmt: skip
        count = counts[alike] = counts.get(alike, 0) + 1
        if count <= (1 if place.taken or place.booked or not place.in_service else _ALIKE):
            kept.append(place)
    return kept


def _plain(facts: Want | Lot | Place | Claim | SchoolShare) -> dict[str, Any]:
    """The fields that differ from their defaults, as they are, which are plain values."""
    result = {}
    for name, default in _DEFAULTS[type(facts)]:
        value = getattr(facts, name)
        if value is not default and value != default:
            result[name] = value
    return result


class Restored(NamedTuple):
    """What a record says that a decision was made from."""

    want: Want
    snapshot: Snapshot
    policy: Policy
    as_of: date
    arrival: Arrival | None
    officers_place: Place | None = None
    """The place that an officer chose: what the rule would have done does not count then."""
    joined_place: Place | None = None
    """The place of the case that the child was to join: no place of its own was looked for."""


def replay(record: dict[str, Any]) -> Decision:
    """Decide again from a record alone (as read back from JSON). Its content is `decision_content`."""
    return decision_of(restored(record))


def decision_of(made: Restored) -> Decision:
    """The decision that a restored record leads to."""
    if made.joined_place is not None:
        return joining(made.want, made.joined_place)
    place = made.officers_place
    if place is not None:
        lot = next(lot for lot in made.snapshot.lots if lot.id == place.lot_id)
        return officers_choice(made.want, lot, place, made.policy, made.as_of)
    return decide(made.snapshot, made.policy, made.as_of, made.arrival).decisions[0]


def restored(record: dict[str, Any]) -> Restored:
    """What a decision was made from, out of its record (as read back from JSON)."""
    record = record if record.get("format") == FORMAT else _from_first_format(record)
    want = _restore(Want, record["want"])
    snapshot = Snapshot(
        wants=(want,),
        lots=tuple(_restore(Lot, lot) for lot in record["lots"]),
        places=tuple(_restore(Place, place) for place in record["places"]),
        claims=tuple(_restore(Claim, claim) for claim in record.get("claims", ())),
        shares=tuple(_restore(SchoolShare, share) for share in record.get("shares", ())),
    )
    arrival = record.get("arrival")
    places = {str(place.id): place for place in snapshot.places}
    return Restored(
        want,
        snapshot,
        policy_from(record["policy"]),
        date.fromisoformat(str(record["as_of"])),
        Arrival(want.referral_id, bool(arrival["someone_waits"])) if arrival else None,
        places.get(str(record.get("officers_place_id"))),
        places.get(str(record.get("joined_place_id"))),
    )


def _from_first_format(record: dict[str, Any]) -> dict[str, Any]:
    """A record of the first policy, which took the first free place by lot and number: as costs of this one.

    It judged lots by their own terms, so what a place can do beyond its lot counted for nothing: of lots that had a
    reason against them, no place is taken over.
    """
    fitting = {str(verdict["lot_id"]) for verdict in record["verdicts"] if verdict.get("reason") is None}
    free = [place for place in record["free_places"] if str(place["lot_id"]) in fitting]
    in_turn = sorted(free, key=lambda place: (UUID(str(place["lot_id"])), place["number"]))
    known = {name: record["policy"][name] for name in record["policy"] if name in FIGURES}
    nothing_but_reach = {"costs": {"reach": 100, "soft": 0, "day": 0}, "long_stop": None}
    return {
        **record,
        "policy": {**Policy().content(), **known, **nothing_but_reach},
        "places": [{**place, "reach": rank} for rank, place in enumerate(in_turn)],
    }


def _restore(cls: type[Kept], values: dict[str, Any]) -> Kept:
    hints = _HINTS[cls]
    return cls(**{field.name: _value(field, hints[field.name], values) for field in fields(cls)})


def _value(field: Field[Any], hint: str, values: dict[str, Any]) -> Any:
    if field.name not in values:
        return None if field.default is MISSING else field.default
    return _typed(hint, values[field.name])


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

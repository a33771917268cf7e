"""What stood at each moment of an authority's past, put together again from its rows alone: states, holds, refusals and
places, in the order in which the acts took effect.

An act is one transaction. Those that allocate take turns under the authority's lock and write their events while they
hold it, so the order of their events is their own order, whatever the business time that each of them bears.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

_EVENTS = """
SELECT e.id, e.type, e.subject_kind, e.subject_id, e.subject_version, e.referral_id, e.occurred_at, e.data,
       min(a.xid::text::bigint) AS xid, min(a.seq) AS seq
FROM event e JOIN event_audience a ON a.authority_id = e.authority_id AND a.event_id = e.id
WHERE e.authority_id = $1 GROUP BY e.authority_id, e.id ORDER BY min(a.seq)
"""
_OFFERS = """
SELECT o.id, o.referral_id, o.provider_id, o.state, o.place_id, o.intervention_id, d.trigger, d.as_of, d.record,
       (d.record ->> 'place_id')::uuid AS first_place_id
FROM offer o JOIN decision d ON d.authority_id = o.authority_id AND d.id = o.decision_id
WHERE o.authority_id = $1
"""
_LOTS = """
SELECT l.id, l.provider_id, l.area_ids, l.key_stages, l.needs, l.volume, s.languages, s.modes, c.starts_on, c.ends_on,
       (SELECT count(*) FROM intervention i WHERE i.lot_id = l.id AND i.started_on IS NOT NULL)
       + (SELECT count(*) FROM booking b WHERE b.lot_id = l.id AND b.state IN ('offered', 'accepted')) AS promised
FROM lot l JOIN contract c ON c.authority_id = l.authority_id AND c.id = l.contract_id
JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id WHERE l.authority_id = $1
"""


@dataclass
class Offered:
    """An offer, and the acts between which it, and then its case, held a place."""

    row: asyncpg.Record
    made_by: int
    ended_by: int | None = None
    """The act that declined, expired or withdrew it; None for one that is live or was accepted."""
    held: list[tuple[UUID, int, int | None]] = field(default_factory=list)
    """Places, each with the act from which and the one until which it was held."""

    @property
    def place_id(self) -> UUID:
        """The place that was decided; a late answer may have had another."""
        return self.row["first_place_id"]


class AsItWas:
    """An authority's past. Acts are numbered by their order."""

    def __init__(self, rows: dict[str, list[asyncpg.Record]]) -> None:
        self.events = rows["event"]
        first: dict[int, int] = {}
        for event in self.events:
            first.setdefault(event["xid"], event["seq"])
        self._act_of = {event["id"]: first[event["xid"]] for event in self.events}
        self.referrals = {row["id"]: row for row in rows["referral"]}
        self.lots = {row["id"]: row for row in rows["lot"]}
        self.places = {row["id"]: row for row in rows["place"]}
        self._limits = {row["id"]: row["caseload_limit"] for row in rows["practitioner"]}
        self._closures = rows["place_out_of_service"]
        self._moves: dict[UUID, list[tuple[int, str, str]]] = defaultdict(list)
        for move in rows["status_history"]:
            self._moves[move["referral_id"]].append(
                (self._act_of[move["event_id"]], move["event_type"], move["to_state"])
            )
        self._told: dict[tuple[UUID, str], list[tuple[int, datetime]]] = defaultdict(list)
        for event in self.events:
            self._told[event["subject_id"], event["type"]].append((self._act_of[event["id"]], event["occurred_at"]))
        self._amendments: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
        for amendment in rows["referral_amendment"]:
            self._amendments[amendment["referral_id"]].append(amendment)
        self.offers = [self._offered(row) for row in rows["offer"]]
        self._against: dict[UUID, list[Offered]] = defaultdict(list)
        for offer in self.offers:
            self._against[offer.row["referral_id"]].append(offer)

    def _offered(self, row: asyncpg.Record) -> Offered:
        (made_by,) = self._acts(row["id"], "allocation.offered")
        ended = [
            act for word in ("declined", "expired", "withdrawn") for act in self._acts(row["id"], f"allocation.{word}")
        ]
        accepted = self._acts(row["id"], "allocation.accepted")
        offer = Offered(row, made_by, min(ended, default=None))
        if not accepted:
            offer.held.append((offer.place_id, made_by, offer.ended_by))
            return offer
        # A case ends when it is closed, or when its sender takes the referral back.
        closed = [
            *self._acts(row["intervention_id"], "intervention.closed"),
            *self._acts(row["referral_id"], "referral.closed"),
        ]
        until = min(closed, default=None)
        if offer.ended_by is None:
            offer.held.append((row["place_id"], made_by, until))
        else:
            offer.held += [(offer.place_id, made_by, offer.ended_by), (row["place_id"], accepted[0], until)]
        return offer

    def _acts(self, subject_id: UUID, event_type: str) -> list[int]:
        return [act for act, _ in self._told[subject_id, event_type]]

    def acts(self) -> Iterator[tuple[int, list[Offered]]]:
        """Every act that offered places, with its offers, in order."""
        by_act: dict[int, list[Offered]] = defaultdict(list)
        for offer in self.offers:
            by_act[offer.made_by].append(offer)
        return iter(sorted(by_act.items()))

    def waited(self, referral_id: UUID, act: int) -> bool:
        """Whether a referral waited, and was not held, when an act came to decide who is offered what."""
        state = "new"
        for moved_by, event_type, target in self._moves[referral_id]:
            if moved_by > act or (moved_by == act and event_type == "allocation.offered"):
                break
            state = target
        return state == "waiting" and not self._held(referral_id, act)

    def _held(self, referral_id: UUID, act: int) -> bool:
        danger = self.referrals[referral_id]["immediate_danger"] and not any(
            released <= act for released in self._acts(referral_id, "referral.released")
        )
        said = [
            (said_by, withdrawn)
            for withdrawn, word in ((True, "referral.agreement_withdrawn"), (False, "referral.agreement_given"))
            for said_by in self._acts(referral_id, word)
            if said_by <= act
        ]
        return bool(danger or (said and max(said)[1]))

    def _refused(self, referral_id: UUID, act: int) -> set[UUID]:
        """The providers that the family had refused, and those that had declined it or let its offer run out."""
        refused = [str(provider_id) for provider_id in self.referrals[referral_id]["refused_provider_ids"]]
        amended = {moment: by for by, moment in self._told[referral_id, "referral.amended"]}
        changes = [
            (amended[row["amended_at"]], orjson.loads(row["changes"])["refused_provider_ids"])
            for row in self._amendments[referral_id]
            if "refused_provider_ids" in orjson.loads(row["changes"])
        ]
        for changed_by, change in sorted(changes, key=lambda one: one[0], reverse=True):
            if changed_by > act:
                refused = change["from"]
        gone = {
            offer.row["provider_id"]
            for offer in self._against[referral_id]
            for word in ("allocation.declined", "allocation.expired")
            if any(by <= act for by in self._acts(offer.row["id"], word))
        }
        return {UUID(provider_id) for provider_id in refused} | gone

    def could_have(self, referral_id: UUID, place_id: UUID, act: int, on: date) -> bool:
        """Whether a place would have done for a referral, as the terms and the family's word then were."""
        referral, place = self.referrals[referral_id], self.places[place_id]
        lot = self.lots[place["lot_id"]]

        def of(what: str) -> Any:
            return lot[what] if place[what] is None else place[what]

        return (
            lot["starts_on"] <= on <= lot["ends_on"]
            and (not lot["area_ids"] or referral["area_id"] in lot["area_ids"])
            and referral["key_stage"] in lot["key_stages"]
            and referral["need_codes"][0] in of("needs")
            and referral["language"] in of("languages")
            and not set(referral["modes"]).isdisjoint(of("modes"))
            and lot["provider_id"] not in self._refused(referral_id, act)
        )

    def order(self, referral_id: UUID) -> tuple[Any, ...]:
        """Where a referral stands in the published order; no band was changed, and no long-stop reached."""
        referral = self.referrals[referral_id]
        return referral["band"], referral["banded_on"], referral["received_at"], referral["reference"]

    def jumps(self) -> list[tuple[UUID, UUID, str]]:
        """Offers of a place for which somebody ahead waited and was offered nothing by the same act, with whom they
        went past.
        """
        found = []
        for act, made in self.acts():
            served = {offer.row["referral_id"] for offer in made}
            waiting = [one for one in self.referrals if one not in served and self.waited(one, act)]
            for offer in made:
                mine = self.order(offer.row["referral_id"])
                found += [
                    (offer.row["id"], other, offer.row["trigger"])
                    for other in waiting
                    if self.order(other) < mine and self.could_have(other, offer.place_id, act, offer.row["as_of"])
                ]
        return found

    def against_a_reason(self) -> list[UUID]:
        """Offers of a place that was out of service, or would not have done."""
        return [
            offer.row["id"]
            for offer in self.offers
            if not self._in_service(offer.place_id, offer.made_by, offer.row["as_of"])
            or not self.could_have(offer.row["referral_id"], offer.place_id, offer.made_by, offer.row["as_of"])
        ]

    def _in_service(self, place_id: UUID, act: int, on: date) -> bool:
        place = self.places[place_id]
        until = place["available_until"]
        if on < place["available_from"] or (until is not None and on > until):
            return False
        closed = any(row["starts_on"] <= on < row["ends_on"] for row in self._closures if row["place_id"] == place_id)
        # Cut on the very day: in service until the act that cut it.
        return not closed and (on != until or act < max(self._acts(place["lot_id"], "capacity.changed"), default=0))

    def held_twice(self) -> list[tuple[UUID, UUID]]:
        """Offers that held one place at the same time."""
        by_place: dict[UUID, list[tuple[int, float, UUID]]] = defaultdict(list)
        for offer in self.offers:
            for place_id, since, until in offer.held:
                by_place[place_id].append((since, until or float("inf"), offer.row["id"]))
        return [
            (one, other)
            for held in by_place.values()
            for (_, until, one), (since, _, other) in zip(sorted(held), sorted(held)[1:], strict=False)
            if since < until
        ]

    def caseloads_exceeded(self) -> list[UUID]:
        """Practitioners who at some time had more families than they take."""
        steps: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
        for offer in self.offers:
            for place_id, since, until in offer.held:
                worker = self.places[place_id]["practitioner_id"]
                steps[worker] += [(since, 1)] if until is None else [(since, 1), (until, -1)]
        return [worker for worker, limit in self._limits.items() if _peak(steps[worker]) > limit]

    def versions_out_of_turn(self) -> list[tuple[str, UUID]]:
        """Referrals, offers, lots and runs whose later event tells of no later version."""
        told: dict[tuple[str, UUID], list[int]] = defaultdict(list)
        for event in self.events:
            if event["subject_kind"] in ("referral", "allocation", "lot", "allocation_run"):
                told[event["subject_kind"], event["subject_id"]].append(event["subject_version"])
        return [subject for subject, versions in told.items() if versions != sorted(set(versions))]

    def uncounted(self, on: date) -> list[UUID]:
        """Open referrals that are not just one of: placed, waiting for a place that would do, held, eligible nowhere.

        A lot whose volume is promised may have been open to a referral when it was last judged: either is right then.
        """
        placed = {offer.row["referral_id"] for offer in self.offers if offer.held[-1][2] is None}
        full = {lot["id"] for lot in self.lots.values() if lot["promised"] >= lot["volume"]}
        found = []
        for one, referral in self.referrals.items():
            able = {
                place["lot_id"]
                for place in self.places.values()
                if self._in_service(place["id"], _NOW, on) and self.could_have(one, place["id"], _NOW, on)
            }
            waits = referral["state"] == "waiting"
            held = waits and bool(referral["holds"])
            if (
                referral["state"] not in ("waiting", "closed", *_PLACED)
                or (one in placed) != (referral["state"] in _PLACED)
                or held != (waits and self._held(one, _NOW))
                or (waits and not held and referral["unplaceable"] == bool(able - full) and not (able and able <= full))
            ):
                found.append(one)
        return found


_NOW = 2**62
_PLACED = ("offered", "accepted", "in_progress")


def _peak(steps: list[tuple[int, int]]) -> int:
    # What an act frees it may give to the next family.
    held = most = 0
    for _, step in sorted(steps):
        held += step
        most = max(most, held)
    return most


async def as_it_was(owner: asyncpg.Connection, authority_id: UUID) -> AsItWas:
    """Read an authority's past, as the owner of the tables."""
    rows = {"event": _EVENTS, "offer": _OFFERS, "lot": _LOTS}
    for table, order in (
        ("referral", "id"),
        ("status_history", "referral_id, sequence"),
        ("referral_amendment", "id"),
        ("place", "id"),
        ("place_out_of_service", "id"),
        ("practitioner", "id"),
    ):
        rows[table] = f"SELECT * FROM {table} WHERE authority_id = $1 ORDER BY {order}"
    return AsItWas({table: await owner.fetch(sql, authority_id) for table, sql in rows.items()})

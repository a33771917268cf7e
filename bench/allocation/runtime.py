"""How long decisions take at 1, 10 and 100 thousand waiting: one arrival or release, and the nightly batch."""

import gc
import random
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from uuid import UUID

import orjson
from asyncpg.pgproto import pgproto

from app.domain.allocation import Arrival, Lot, Place, Snapshot, Want, decide
from app.domain.allocation.waiting import Waiting
from app.domain.decision_record import record_of
from app.domain.policy import Policy

_DAY = date(2026, 11, 2)
_AREAS, _STAGES, _NEEDS = 6, ("KS1", "KS2", "KS3", "KS4"), tuple(f"need{number}" for number in range(8))
_LANGUAGES = ("ENG",) * 15 + ("POL", "URD", "ARA", "BEN", "BSL")
_MODES = (("home",), ("school",), ("home", "school"), ("home", "school", "remote"))


def _id(number: int) -> UUID:
    """An id as the database driver gives them, which hashes faster than Python's own."""
    return pgproto.UUID(UUID(int=number).bytes)


def scene(waiting: int, free: int, lots: int, seed: int = 1) -> Snapshot:
    """A made-up authority: lots of two areas, two key stages and five needs each, some workers with a language."""
    draw = random.Random(seed)
    made = [_lot(draw, number) for number in range(lots)]
    places = [_place(draw, number, draw.choice(made)) for number in range(free)]
    return Snapshot(tuple(_want(draw, number) for number in range(waiting)), tuple(made), tuple(places))


def _lot(draw: random.Random, number: int) -> Lot:
    return Lot(
        id=_id(100 + number), provider_id=_id(900 + number % 6), service_id=_id(300 + number),
        starts_on=_DAY - timedelta(days=30), ends_on=_DAY + timedelta(days=300),
        area_ids=tuple(_id(10 + area) for area in draw.sample(range(_AREAS), 2)), school_ids=(),
        key_stages=tuple(draw.sample(_STAGES, 2)), needs=tuple(draw.sample(_NEEDS, 5)), languages=("ENG",),
        modes=("home", "school", "remote"), standard_weeks=6, volume_left=1000,
    )  # fmt: skip


def _place(draw: random.Random, number: int, lot: Lot) -> Place:
    worker = draw.randrange(4)
    return Place(
        _id(10_000 + number), lot.id, number, _id(lot.id.int * 10 + worker),
        languages=("ENG", draw.choice(_LANGUAGES)) if worker == 0 else None,
        free_in=draw.choice((0, 0, 0, 1, 2, 5)), reach=50 + 25 * worker,
    )  # fmt: skip


def _want(draw: random.Random, number: int) -> Want:
    return Want(
        referral_id=_id(10**6 + number), reference=f"R-{number:06d}", household_id=_id(10**7 + number),
        band=draw.choice(("P1", "P2", "P2", "P3", "P3", "P3", "P4", "P4")),
        banded_on=_DAY - timedelta(days=draw.randrange(200)),
        received_at=datetime(2026, 11, 2, 9, tzinfo=UTC) - timedelta(minutes=draw.randrange(300_000)),
        area_id=_id(10 + draw.randrange(_AREAS)), school_id=_id(5000 + draw.randrange(300)),
        key_stage=draw.choice(_STAGES), primary_need=draw.choice(_NEEDS), language=draw.choice(_LANGUAGES),
        modes=draw.choice(_MODES), refused_provider_ids=draw.choice(((),) * 10 + ((_id(900),),)),
        secondary_needs=draw.choice(((), (), ("need1",), ("need2",))), preferred_mode=draw.choice(("home", "school")),
    )  # fmt: skip


def run() -> str:
    """The table of times, in milliseconds."""
    policy = Policy()
    lines = [
        "| waiting | index built, ms | decision p50, ms | p95, ms | batch of 300 by the index, ms | of everyone, ms |",
        "|---|---|---|---|---|---|",
    ]
    for count in (1_000, 10_000, 100_000):
        snapshot = scene(count, 300, 24)
        begun = perf_counter()
        waiting = Waiting(snapshot.wants, policy, _DAY)
        built = perf_counter() - begun
        draw = random.Random(2)
        times = sorted(_decision(waiting, snapshot, policy, draw) for _ in range(200))
        indexed = sorted(_indexed_batch(waiting, snapshot, policy) for _ in range(5))
        batches = sorted(_batch(snapshot, policy) for _ in range(5))
        lines.append(
            f"| {count:,} | {1000 * built:.0f} | {1000 * times[100]:.2f} | {1000 * times[189]:.2f}"
            f" | {1000 * indexed[2]:.0f} ({1000 * indexed[0]:.0f} to {1000 * indexed[-1]:.0f})"
            f" | {1000 * batches[2]:.0f} ({1000 * batches[0]:.0f} to {1000 * batches[-1]:.0f}) |"
        )
    deciding, recording, size = _arrival(policy)
    begun = perf_counter()
    sum(number for number in range(10_000_000))
    lines += ["", f"For scale: ten million additions took {perf_counter() - begun:.2f} s of this machine as it was."]
    lines += [
        "",
        f"One arrival, 10 lots and 100 places: decided in {1e6 * deciding:.0f} us, recorded in {1e6 * recording:.0f} us"
        f" ({size:,} bytes of JSON).",
    ]
    return "\n".join(lines)


def _decision(waiting: Waiting, snapshot: Snapshot, policy: Policy, draw: random.Random) -> float:
    """Two places of the authority come back; who gets them."""
    places = tuple(draw.sample(snapshot.places, 2))
    begun = perf_counter()
    contenders = waiting.contenders(snapshot.lots, places)
    decide(Snapshot(contenders, snapshot.lots, places), policy, _DAY)
    return perf_counter() - begun


def _indexed_batch(waiting: Waiting, snapshot: Snapshot, policy: Policy) -> float:
    """The same offers (a test holds that), with decisions for those alone who could have one."""
    begun = perf_counter()
    contenders = waiting.contenders(snapshot.lots, snapshot.places)
    decide(Snapshot(contenders, snapshot.lots, snapshot.places), policy, _DAY)
    return perf_counter() - begun


def _batch(snapshot: Snapshot, policy: Policy) -> float:
    # The list itself stands still while it is decided, so a process that holds a long one freezes it (gc.freeze).
    gc.collect()
    gc.freeze()
    begun = perf_counter()
    decide(snapshot, policy, _DAY)
    taken = perf_counter() - begun
    gc.unfreeze()
    return taken


def _arrival(policy: Policy) -> tuple[float, float, int]:
    snapshot = scene(1, 100, 10, seed=5)
    want = snapshot.wants[0]
    arrival = Arrival(want.referral_id)
    content = policy.content()
    deciding, recording, size = [], [], 0
    for _ in range(300):
        begun = perf_counter()
        plan = decide(snapshot, policy, _DAY, arrival)
        decided = perf_counter()
        record = record_of(want, plan.decisions[0], snapshot.lots, plan.spare, content, _DAY, arrival=arrival)
        deciding.append(decided - begun)
        recording.append(perf_counter() - decided)
        size = len(orjson.dumps(record, default=str))
    return sorted(deciding)[150], sorted(recording)[150], size

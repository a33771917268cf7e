"""Made-up years to play: places, and families that come one after another, by plain numbers."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from app.domain.allocation.facts import Lot, Place, Want
from app.domain.allocation.replay import ACCEPTED, DECLINED, EXPIRED, Answer
from app.domain.allocation.year import Case, Wait, Work, Year, YearPlace

FIRST = date(2025, 9, 1)
AREAS = tuple(UUID(int=100 + number) for number in range(3))
NEEDS = ("attendance", "behaviour_at_school", "parenting_support")


def days_of(count: int) -> tuple[date, ...]:
    """So many weekdays."""
    days = (FIRST + timedelta(days=number) for number in range(2 * count + 7))
    return tuple(day for day in days if day.weekday() < 5)[:count]


def lot_of(number: int, *, volume: int = 10_000, **changes: object) -> Lot:
    """A lot of a provider of its own, for every area."""
    facts: dict[str, object] = {
        "id": UUID(int=1000 + number),
        "provider_id": UUID(int=2000 + number),
        "service_id": UUID(int=3000 + number),
        "starts_on": date(2020, 1, 1),
        "ends_on": date(2035, 7, 31),
        "area_ids": (),
        "school_ids": (),
        "key_stages": ("KS2", "KS3"),
        "needs": NEEDS,
        "languages": ("ENG",),
        "modes": ("home",),
        "standard_weeks": 6,
        "volume_left": volume,
        **changes,
    }
    return Lot(**facts)  # type: ignore[arg-type]


def places_of(lot: Lot, count: int) -> tuple[YearPlace, ...]:
    """Places of a lot that stand all year."""
    return tuple(
        YearPlace(Place(UUID(int=lot.id.int * 10_000 + number), lot.id, number + 1)) for number in range(count)
    )


def case_of(number: int, day: int, *, band: str = "P3", days: Sequence[date], **changes: object) -> Case:
    """A family that comes on a day."""
    on = days[max(0, day)]
    want = Want(
        referral_id=UUID(int=50_000 + number),
        reference=f"R-{number:05}",
        household_id=UUID(int=90_000 + number),
        band=band,
        banded_on=on,
        received_at=datetime(on.year, on.month, on.day, 9, tzinfo=UTC) + timedelta(seconds=number),
        area_id=AREAS[number % 3],
        school_id=UUID(int=200 + number % 40),
        key_stage="KS3",
        primary_need=NEEDS[number % 3],
        language="ENG",
        modes=("home",),
    )
    facts: dict[str, object] = {"received": day, "banded": day, "arrives": day, "counted": True, **changes}
    return Case(want=want, **facts)  # type: ignore[arg-type]


def busy_year(referrals: int, lots: int, places: int, *, seed: int, school_days: int = 190) -> Year:
    """A year in which so many families ask for the places of some lots, with answers and work of every kind."""
    draw = Random(seed)
    days = days_of(school_days)
    every_lot = tuple(lot_of(number) for number in range(lots))
    arrivals = sorted(draw.randrange(school_days) for _ in range(referrals))
    cases = []
    for number, day in enumerate(arrivals):
        band = draw.choices(("P1", "P2", "P3", "P4"), (1, 2, 4, 3))[0]
        work = Work(draw.randint(5, 50), draw.choice((0, 1, 3, 5))) if draw.random() < 0.8 else None
        leaves = day + draw.randint(0, 40) if work is None and draw.random() < 0.5 else None
        cases.append(case_of(number, day, band=band, days=days, work=work, leaves=leaves, really=Wait(3, reached=True)))
    outcomes = (ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED, DECLINED, EXPIRED)
    return Year(
        days=days,
        lots=every_lot,
        places=tuple(spot for lot in every_lot for spot in places_of(lot, places // lots)),
        cases=tuple(cases),
        answers={
            lot.provider_id: tuple(Answer(draw.choice(outcomes), draw.randint(0, 3)) for _ in range(23))
            for lot in every_lot
        },
        works={lot.id: tuple(Work(draw.randint(10, 40), 2, ((20, 10),)) for _ in range(11)) for lot in every_lot},
        rolls={UUID(int=200 + number): 300 for number in range(40)},
    )

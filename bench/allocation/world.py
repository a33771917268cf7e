"""A trace in the product's own facts: its practitioners as lots and places, its referrals as wants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from app.domain.allocation import Lot, Place, Want
from bench.allocation.contract_year import LANGUAGES, PRACTITIONERS, PROVIDERS
from bench.allocation.trace import Referral, Trace

COURSE_MODE = "course"
_LOT, _PLACE, _PRACTITIONER, _PROVIDER, _AREA, _COURSE, _SEAT, _FAMILY, _REFERRAL = (n << 32 for n in range(1, 10))


@dataclass(frozen=True, slots=True)
class Slot:
    """A place or a seat of the trace, in its own indices: a practitioner's place, or a course's seat."""

    practitioner: int
    course: int = -1
    first_free: int = 0


class World:
    """What does not change in a trace: lots, places and the facts of referrals."""

    def __init__(self, trace: Trace, reach: Mapping[str, int]) -> None:
        self.trace = trace
        self.dates = [date.fromisoformat(day[0]) for day in trace["calendar"]]
        self.slots: list[Slot] = []
        self.places: list[Place] = []
        self.lots: list[Lot] = []
        self._add_places(reach)
        self._add_courses()
        self.lots.sort(key=lambda lot: lot.id)

    def date_of(self, day: int) -> date:
        """The date of a school day; days after the year lie on the days after its last."""
        last = len(self.dates) - 1
        return self.dates[day] if day <= last else self.dates[last] + timedelta(days=day - last)

    def _add_places(self, reach: Mapping[str, int]) -> None:
        free = iter(self.trace["initial_free_day"])
        for number, practitioner in enumerate(PRACTITIONERS):
            self.lots.append(self._lot(number, practitioner["provider"], practitioner))
            for _ in range(practitioner["places"]):
                place = len(self.places)
                self.slots.append(Slot(number, first_free=next(free)))
                self.places.append(
                    Place(
                        id=UUID(int=_PLACE + place),
                        lot_id=UUID(int=_LOT + number),
                        number=place + 1,
                        practitioner_id=UUID(int=_PRACTITIONER + number),
                        reach=reach.get(practitioner["id"], 100),
                    )
                )

    def _lot(self, number: int, provider: str, practitioner: dict[str, list[str]]) -> Lot:
        """A practitioner is a lot of its own: the trace gives each of them the areas and phases that it serves."""
        return Lot(
            id=UUID(int=_LOT + number),
            provider_id=UUID(int=_PROVIDER + PROVIDERS.index(provider)),
            service_id=UUID(int=_LOT + number),
            starts_on=self.dates[0],
            ends_on=date(2099, 12, 31),
            area_ids=tuple(UUID(int=_AREA + ord(lot[0]) * 256 + ord(lot[2])) for lot in practitioner["lots"]),
            school_ids=(),
            key_stages=("1", "2", "3", "4"),
            needs=tuple(practitioner["needs"]),
            languages=tuple(practitioner["langs"]),
            modes=tuple(practitioner["modes"]),
            standard_weeks=8,
            volume_left=1_000_000,
        )

    def _add_courses(self) -> None:
        for number, course in enumerate(self.trace["courses"]):
            group = {
                "lots": [f"{course['area']}-P", f"{course['area']}-S"],
                "needs": ["parenting"],
                "langs": list(LANGUAGES),
                "modes": [COURSE_MODE],
            }
            lot = self._lot(1000 + number, course["provider"], group)
            self.lots.append(lot)
            for _ in range(course["seats"]):
                seat = len(self.places)
                self.slots.append(Slot(-1, number, course["day"]))
                self.places.append(
                    Place(
                        id=UUID(int=_SEAT + seat),
                        lot_id=lot.id,
                        number=seat + 1,
                        reach=0,
                        course_id=UUID(int=_COURSE + number),
                    )
                )

    def want(self, number: int, *, one_band: bool) -> Want:
        """The facts of a referral when it arrives. `one_band` leaves its band out of the order (first come)."""
        referral: Referral = self.trace["referrals"][number]
        on = self.date_of(referral["day"])
        return Want(
            referral_id=UUID(int=_REFERRAL + number),
            reference=f"R{number:06d}",
            household_id=UUID(int=_REFERRAL + number),
            band="P3" if one_band else referral["band"],
            banded_on=on,
            received_at=datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(minutes=referral["minute"]),
            area_id=UUID(int=_AREA + ord(referral["lot"][0]) * 256 + ord(referral["lot"][2])),
            school_id=None,
            key_stage=str(referral["ks"]),
            primary_need=referral["need1"],
            language=referral["lang"],
            modes=tuple(referral["modes"]) + ((COURSE_MODE,) if referral["group_ok"] else ()),
            refused_provider_ids=_providers(referral["refused"]),
            secondary_needs=(referral["need2"],) if referral["need2"] else (),
            preferred_mode=referral["pref"],
            previous_provider_id=next(iter(_providers(referral["prev"])), None),
            sibling_group_id=UUID(int=_FAMILY + int(referral["family"][1:])),
        )


def _providers(letters: str) -> tuple[UUID, ...]:
    return tuple(UUID(int=_PROVIDER + PROVIDERS.index(letter)) for letter in letters)


def provider_id(letter: str) -> UUID:
    """The id of one of the trace's providers."""
    return _providers(letter)[0]


def number_of(referral_id: UUID) -> int:
    """Which referral of the trace a want is."""
    return referral_id.int - _REFERRAL


def slot_of(place: Place) -> int:
    """Which place or seat of the trace a place is."""
    return place.id.int - (_PLACE if place.course_id is None else _SEAT)

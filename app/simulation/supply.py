"""What the made-up authority block-booked: providers, services, contracts, lots, places and practitioners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.simulation.draws import Draws
from app.simulation.names import GIVEN_NAMES, family_name
from app.simulation.pamphlets import PAMPHLETS
from app.simulation.schools import AREA_NAMES


@dataclass(frozen=True, slots=True)
class SimService:
    """A service as its provider describes it. `pamphlet` is Markdown."""

    key: str
    provider_key: str
    name: str
    summary: str
    pamphlet: str
    tier: str
    needs: tuple[str, ...]
    key_stages: tuple[str, ...]
    languages: tuple[str, ...]
    modes: tuple[str, ...]
    standard_weeks: int


@dataclass(frozen=True, slots=True)
class SimProvider:
    """A commissioned organisation and the share of offers that it takes on, and how long it takes to answer."""

    key: str
    name: str
    legal_form: str
    accept_share: float
    answer_days: tuple[int, int]
    attended_share: float
    completion_share: float


@dataclass(frozen=True, slots=True)
class SimPractitioner:
    """A family support worker; `languages` are DfE codes, `caseload_limit` counts interventions at a time."""

    key: str
    provider_key: str
    name: str
    languages: tuple[str, ...]
    areas: tuple[str, ...]
    key_stages: tuple[str, ...]
    caseload_limit: int
    dbs_checked_on: date


@dataclass(frozen=True, slots=True)
class SimPlace:
    """One numbered place of a lot, on a practitioner's caseload."""

    number: int
    practitioner_key: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SimLot:
    """The block-booked part of a contract: a service, where it is delivered, its places and its yearly volume."""

    key: str
    contract_number: str
    provider_key: str
    service_key: str
    name: str
    areas: tuple[str, ...]
    needs: tuple[str, ...]
    key_stages: tuple[str, ...]
    volume: int
    places: tuple[SimPlace, ...]


@dataclass(frozen=True, slots=True)
class SimContract:
    """Authority x provider for the academic year. The price is in pence for the whole volume."""

    number: str
    provider_key: str
    title: str
    starts_on: date
    ends_on: date
    price_pence: int


@dataclass(frozen=True, slots=True)
class Supply:
    """All of it, each in a fixed order."""

    providers: tuple[SimProvider, ...]
    services: tuple[SimService, ...]
    contracts: tuple[SimContract, ...]
    lots: tuple[SimLot, ...]
    practitioners: tuple[SimPractitioner, ...]

    @property
    def place_count(self) -> int:
        """Places in all lots together."""
        return sum(len(lot.places) for lot in self.lots)

    def provider(self, key: str) -> SimProvider:
        """One provider. Raises KeyError when there is none of that key."""
        for provider in self.providers:
            if provider.key == key:
                return provider
        raise KeyError(key)


_PROVIDERS = (
    SimProvider("harbour", "Harbour Lantern Family Trust (sandbox)", "charity", 0.94, (0, 2), 0.84, 0.80),
    SimProvider("stepping", "Stepping Tide Support CIC (sandbox)", "company", 0.90, (1, 4), 0.79, 0.74),
    SimProvider("reedlight", "Reedlight Outreach (sandbox)", "school", 0.92, (1, 3), 0.82, 0.78),
    SimProvider("manyvoices", "Many Voices Wensmere (sandbox)", "charity", 0.88, (1, 5), 0.80, 0.76),
)
_ALL_STAGES = ("EYFS", "KS1", "KS2", "KS3", "KS4", "KS5")
_SERVICES = (
    SimService(
        "family-mornings", "harbour", "Steady Mornings", "Home visits that make the way to school easier.",
        PAMPHLETS["family-mornings"], "targeted",
        ("attendance", "routines_and_boundaries", "parenting_support", "family_relationships", "transition",
         "parental_mental_health", "money", "housing", "behaviour_at_school", "emotional_wellbeing"),
        ("EYFS", "KS1", "KS2"), ("ENG", "POL", "LIT"), ("home", "school"), 6,
    ),
    SimService(
        "back-on-track", "stepping", "Back on Track", "Work with young people and parents before exclusion.",
        PAMPHLETS["back-on-track"], "intensive",
        ("attendance", "risk_of_exclusion", "behaviour_at_school", "family_relationships", "parenting_support",
         "anxiety_based_avoidance", "emotional_wellbeing", "routines_and_boundaries", "parental_mental_health"),
        ("KS3", "KS4", "KS5"), ("ENG", "POR"), ("home", "school", "remote"), 6,
    ),
    SimService(
        "small-steps", "reedlight", "Small Steps Back", "For children whom worry keeps at home.",
        PAMPHLETS["small-steps"], "specialist",
        ("anxiety_based_avoidance", "send_family_support", "attendance", "emotional_wellbeing"),
        _ALL_STAGES, ("ENG",), ("home", "school", "remote"), 8,
    ),
    SimService(
        "own-words", "manyvoices", "In Our Own Words", "Family support in the language of the home.",
        PAMPHLETS["own-words"], "targeted",
        ("attendance", "parenting_support", "routines_and_boundaries", "social_isolation", "transition",
         "family_relationships", "housing", "money", "behaviour_at_school", "emotional_wellbeing"),
        _ALL_STAGES, ("ENG", "LIT", "POL", "POR", "RMN", "RUS", "UKR", "ARA", "KURS"), ("home", "school"), 6,
    ),
)  # fmt: skip
_BLOCK = (
    # lot key, service key, name, areas, part of all places
    ("mornings-north", "family-mornings", "Steady Mornings, North", ("North",), 5),
    ("mornings-east", "family-mornings", "Steady Mornings, East and West", ("East", "West"), 6),
    ("track", "back-on-track", "Back on Track, whole county", AREA_NAMES, 7),
    ("steps", "small-steps", "Small Steps Back, whole county", AREA_NAMES, 3),
    ("words", "own-words", "In Our Own Words, whole county", AREA_NAMES, 3),
)
_PLACES_PER_PRACTITIONER = 3
_PENCE_PER_INTERVENTION = 96_000


def build_supply(seed: int, place_count: int, starts_on: date, ends_on: date, volume_per_place: int) -> Supply:
    """The block: `place_count` places in five lots of four providers, for a contract between two dates.

    Raises ValueError for fewer places than lots.
    """
    if place_count < len(_BLOCK):
        raise ValueError(f"The block has {len(_BLOCK)} lots, so it needs at least {len(_BLOCK)} places.")
    services = {service.key: service for service in _SERVICES}
    lots, practitioners = [], []
    counts = _divided(place_count, [part for *_, part in _BLOCK])
    for (key, service_key, name, areas, _), count in zip(_BLOCK, counts, strict=True):
        service = services[service_key]
        staff = _practitioners(seed, key, service, areas, count)
        practitioners.extend(staff)
        places = tuple(
            SimPlace(
                place + 1,
                staff[place // _PLACES_PER_PRACTITIONER].key,
                staff[place // _PLACES_PER_PRACTITIONER].languages,
            )
            for place in range(count)
        )
        lots.append(
            SimLot(
                key=key,
                contract_number=_contract_number(service.provider_key),
                provider_key=service.provider_key,
                service_key=service_key,
                name=name,
                areas=tuple(areas),
                needs=service.needs,
                key_stages=service.key_stages,
                volume=count * volume_per_place,
                places=places,
            )
        )
    return Supply(_PROVIDERS, _SERVICES, _contracts(lots, starts_on, ends_on), tuple(lots), tuple(practitioners))


def _contracts(lots: Sequence[SimLot], starts_on: date, ends_on: date) -> tuple[SimContract, ...]:
    volumes: dict[str, int] = {}
    for lot in lots:
        volumes[lot.provider_key] = volumes.get(lot.provider_key, 0) + lot.volume
    names: Mapping[str, str] = {provider.key: provider.name for provider in _PROVIDERS}
    return tuple(
        SimContract(
            number=_contract_number(key),
            provider_key=key,
            title=f"Commissioned family support: {names[key]}",
            starts_on=starts_on,
            ends_on=ends_on,
            price_pence=volume * _PENCE_PER_INTERVENTION,
        )
        for key, volume in volumes.items()
    )


def _contract_number(provider_key: str) -> str:
    return f"SANDBOX-{provider_key.upper()}-1"


def _practitioners(
    seed: int, lot_key: str, service: SimService, areas: Sequence[str], place_count: int
) -> list[SimPractitioner]:
    staff = []
    others = [language for language in service.languages if language != "ENG"]
    for number in range((place_count + _PLACES_PER_PRACTITIONER - 1) // _PLACES_PER_PRACTITIONER):
        draws = Draws(seed, "practitioner", lot_key, number)
        # A service for several languages shares them out, so that each of them is spoken by someone.
        spoken = (
            others[number :: max(place_count // _PLACES_PER_PRACTITIONER, 1)]
            if service.key == "own-words"
            else ([draws.pick(others)] if others and draws.chance(0.4) else [])
        )
        staff.append(
            SimPractitioner(
                key=f"{lot_key}-{number + 1}",
                provider_key=service.provider_key,
                name=f"{draws.pick(GIVEN_NAMES)} {family_name(draws)}",
                languages=("ENG", *spoken),
                areas=tuple(areas),
                key_stages=service.key_stages,
                caseload_limit=_PLACES_PER_PRACTITIONER,
                dbs_checked_on=date(2024 + draws.below(2), draws.between(1, 12), draws.between(1, 28)),
            )
        )
    return staff


def _divided(total: int, parts: Sequence[int]) -> list[int]:
    """A total shared out in proportion, one at least each, adding up to the total exactly."""
    counts, given, share = [], 0, 0
    for position, part in enumerate(parts, start=1):
        share += part
        after = len(parts) - position
        upto = min(max(round(total * share / sum(parts)), given + 1), total - after)
        counts.append(upto - given)
        given = upto
    return counts

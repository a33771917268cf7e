"""A small fictional authority: two areas, three schools, two providers and a block of places."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.access import Kind, Principal, Scope
from app.db import Database
from app.ids import new_id
from app.models import parties, supply
from app.queries.writes import Writes
from app.services.authority import Founding, found_authority

NEEDS = ["attendance", "behaviour_at_school", "risk_of_exclusion", "parenting_support", "emotional_wellbeing"]


@dataclass
class Town:
    """Ids and principals of the authority's parties. `lot` serves the north with `places`; `wide_lot` everywhere."""

    officer: Principal
    areas: dict[str, UUID] = field(default_factory=dict)
    schools: list[Principal] = field(default_factory=list)
    providers: list[Principal] = field(default_factory=list)
    services: list[UUID] = field(default_factory=list)
    contracts: list[UUID] = field(default_factory=list)
    lots: list[UUID] = field(default_factory=list)
    places: list[UUID] = field(default_factory=list)
    practitioners: list[UUID] = field(default_factory=list)

    @property
    def school(self) -> Principal:
        return self.schools[0]

    @property
    def provider(self) -> Principal:
        return self.providers[0]


async def build_town(
    database: Database, *, name: str = "Testshire (made up)", places: int = 2, starts_on: date = date(2020, 1, 1)
) -> Town:
    """Found the authority and its block: a lot of `places` at the first provider, serving every area."""
    officer = await found_authority(
        database,
        Founding(
            name=name,
            la_code="999",
            sandbox=True,
            safeguarding_contact={"name": "Testshire MASH", "phone": "01632 960000"},
        ),
    )
    town = Town(officer=officer)
    async with database.write(officer) as session:
        writes = Writes()
        for code in ("north", "south"):
            town.areas[code] = new_id()
            writes.add(parties.area, id=town.areas[code], code=code, name=code.title())
        for index, (school_name, phase) in enumerate(
            [("Fernbank Primary", "Primary"), ("Marlow High", "Secondary"), ("Ashdown Academy", "Secondary")]
        ):
            organisation_id = new_id()
            writes.add(parties.organisation, id=organisation_id, kind="school", name=f"{school_name} (made up)")
            writes.add(
                parties.school,
                organisation_id=organisation_id,
                urn=f"90000{index + 1}",
                laestab=f"999900{index + 1}",
                phase=phase,
                low_age=4 if phase == "Primary" else 11,
                high_age=11 if phase == "Primary" else 18,
                pupils_on_roll=300,
                area_id=town.areas["north" if index < 2 else "south"],
                member_from=date(2020, 9, 1),
            )
            town.schools.append(await _client(writes, officer, organisation_id, Kind.SCHOOL))
        for provider_name in ("Harbour Families (made up)", "Lantern Trust (made up)"):
            organisation_id = new_id()
            writes.add(parties.organisation, id=organisation_id, kind="provider", name=provider_name)
            town.providers.append(await _client(writes, officer, organisation_id, Kind.PROVIDER))
        await writes.flush(session)
    await add_block(database, town, town.provider, places=places, starts_on=starts_on)
    return town


async def _client(writes: Writes, officer: Principal, organisation_id: UUID, kind: Kind) -> Principal:
    return Principal(
        client_id=new_id(),
        organisation_id=organisation_id,
        authority_id=officer.authority_id,
        kind=kind,
        scopes=frozenset(Scope),
    )


async def add_block(
    database: Database,
    town: Town,
    provider: Principal,
    *,
    places: int,
    starts_on: date = date(2020, 1, 1),
    ends_on: date = date(2035, 7, 31),
    area_codes: tuple[str, ...] = (),
    key_stages: tuple[str, ...] = ("KS1", "KS2", "KS3", "KS4"),
    volume: int = 1000,
) -> UUID:
    """A service, a contract and a lot with places at a provider; the lot's id."""
    service_id, contract_id, lot_id, practitioner_id = new_id(), new_id(), new_id(), new_id()
    async with database.write(town.officer) as session:
        writes = Writes()
        writes.add(
            supply.service,
            id=service_id,
            provider_id=provider.organisation_id,
            name="Family support at home",
            summary="A practitioner works with the family for six school weeks.",
            pamphlet="# Family support\n\nMade up for tests.",
            tier="targeted",
            needs=NEEDS,
            key_stages=["KS1", "KS2", "KS3", "KS4"],
            languages=["ENG", "POL"],
            modes=["home", "school"],
        )
        writes.add(
            supply.contract,
            id=contract_id,
            provider_id=provider.organisation_id,
            title="Family support",
            contract_number=f"C-{str(contract_id)[-8:]}",
            starts_on=starts_on,
            ends_on=ends_on,
            price_pence=25_000_000,
        )
        writes.add(
            supply.lot,
            id=lot_id,
            contract_id=contract_id,
            provider_id=provider.organisation_id,
            prime_id=provider.organisation_id,
            service_id=service_id,
            name="Lot 1",
            key_stages=list(key_stages),
            needs=NEEDS,
            volume=volume,
            area_ids=[town.areas[code] for code in area_codes],
        )
        writes.add(
            parties.practitioner,
            id=practitioner_id,
            provider_id=provider.organisation_id,
            name="Sam Sampleton (made up)",
            caseload_limit=max(12, places),
        )
        for number in range(1, places + 1):
            place_id = new_id()
            writes.add(
                supply.place,
                id=place_id,
                lot_id=lot_id,
                provider_id=provider.organisation_id,
                number=number,
                practitioner_id=practitioner_id,
                available_from=starts_on,
            )
            town.places.append(place_id)
        await writes.flush(session)
    town.services.append(service_id)
    town.contracts.append(contract_id)
    town.lots.append(lot_id)
    town.practitioners.append(practitioner_id)
    return lot_id

"""Puts a made-up authority into a database: its parties, its calendar and what it block-booked."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from app.access import Principal
from app.db import Database
from app.domain.academic_year import academic_year_start
from app.domain.term_dates import shipped_half_terms
from app.ids import new_id
from app.models import parties, supply
from app.queries.writes import Writes
from app.services.authorities import find_authority
from app.services.authority import Founding, found_authority
from app.simulation.schools import AREA_NAMES, AUTHORITY_NAME, LA_CODE, SimSchool, build_schools
from app.simulation.shape import norfolk_shape
from app.simulation.supply import SimLot, Supply, build_supply

SANDBOX_SEED = 1
SANDBOX_SCHOOLS = 12
SANDBOX_PLACES = 12
SANDBOX_YEARS = 2
"""For how many academic years, from the present one on, the sandbox's places are booked."""
INTERVENTIONS_PER_PLACE_AND_YEAR = 6
_SAFEGUARDING = {"name": "Wensmere MASH (sandbox)", "phone": "01632 960000"}


async def ensure_sandbox(database: Database, today: date) -> Principal:
    """The officer of the sandbox authority, which is made first if it is not there or was left half made.

    The places are booked from the academic year of `today` on.
    """
    officer = await find_authority(database, LA_CODE)
    if officer is None:
        officer = await found_sandbox(database)
    async with database.read(officer) as session:
        filled = await session.value(
            "SELECT EXISTS (SELECT 1 FROM school WHERE authority_id = $1)", session.authority_id
        )
    if not filled:
        starts_on = date(academic_year_start(today), 9, 1)
        await fill_authority(
            database,
            officer,
            build_schools(SANDBOX_SEED, SANDBOX_SCHOOLS, norfolk_shape()),
            build_supply(
                SANDBOX_SEED,
                SANDBOX_PLACES,
                starts_on,
                date(starts_on.year + SANDBOX_YEARS, 8, 31),
                INTERVENTIONS_PER_PLACE_AND_YEAR * SANDBOX_YEARS,
            ),
        )
    return officer


async def found_sandbox(database: Database) -> Principal:
    """Make the empty sandbox authority; its officer."""
    founding = Founding(name=AUTHORITY_NAME, la_code=LA_CODE, sandbox=True, safeguarding_contact=_SAFEGUARDING)
    return await found_authority(database, founding)


async def fill_authority(
    database: Database, officer: Principal, schools: Sequence[SimSchool], block: Supply
) -> dict[str, UUID]:
    """Give an empty authority its areas, schools, calendar, providers and places, in one transaction.

    Returns the organisations' ids: of schools by URN, of providers by key.
    """
    writes = Writes()
    areas = {name: new_id() for name in AREA_NAMES}
    writes.extend(parties.area, ({"id": areas[name], "code": name.lower(), "name": name} for name in areas))
    _add_calendar(writes)
    organisations = _add_schools(writes, schools, areas) | _add_providers(writes, block)
    _add_block(writes, block, organisations, areas)
    async with database.write(officer) as session:
        await writes.flush(session)
    return organisations


def _add_calendar(writes: Writes) -> None:
    half_terms = shipped_half_terms()[LA_CODE]
    for academic_year in sorted({half_term.academic_year for half_term in half_terms}):
        writes.add(parties.calendar_year, academic_year=academic_year, version=1, stamp=new_id())
    for half_term in half_terms:
        writes.add(
            parties.calendar_period,
            academic_year=half_term.academic_year,
            half_term=half_term.half_term,
            starts_on=half_term.starts_on,
            ends_on=half_term.ends_on,
        )


def _add_schools(writes: Writes, schools: Sequence[SimSchool], areas: dict[str, UUID]) -> dict[str, UUID]:
    organisations = {school.urn: new_id() for school in schools}
    for school in schools:
        contact = {"name": school.contact_name, "email": school.contact_email}
        writes.add(parties.organisation, id=organisations[school.urn], kind="school", name=school.name, contact=contact)
        writes.add(
            parties.school,
            organisation_id=organisations[school.urn],
            urn=school.urn,
            laestab=school.laestab,
            phase=school.phase,
            low_age=school.low_age,
            high_age=school.high_age,
            pupils_on_roll=school.roll,
            area_id=areas[school.area],
            member_from=date(2020, 9, 1),
        )
    return organisations


def _add_providers(writes: Writes, block: Supply) -> dict[str, UUID]:
    organisations = {provider.key: new_id() for provider in block.providers}
    for provider in block.providers:
        contact = {"email": f"referrals@{provider.key}.example"}
        writes.add(
            parties.organisation, id=organisations[provider.key], kind="provider", name=provider.name, contact=contact
        )
    return organisations


def _add_block(writes: Writes, block: Supply, organisations: dict[str, UUID], areas: dict[str, UUID]) -> None:
    services = {service.key: new_id() for service in block.services}
    contracts = {contract.number: new_id() for contract in block.contracts}
    practitioners = {practitioner.key: new_id() for practitioner in block.practitioners}
    starts_on = {contract.number: contract.starts_on for contract in block.contracts}
    for service in block.services:
        writes.add(
            supply.service,
            id=services[service.key],
            provider_id=organisations[service.provider_key],
            name=service.name,
            summary=service.summary,
            pamphlet=service.pamphlet,
            tier=service.tier,
            needs=list(service.needs),
            key_stages=list(service.key_stages),
            languages=list(service.languages),
            modes=list(service.modes),
            standard_weeks=service.standard_weeks,
        )
    for contract in block.contracts:
        writes.add(
            supply.contract,
            id=contracts[contract.number],
            provider_id=organisations[contract.provider_key],
            title=contract.title,
            contract_number=contract.number,
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
            price_pence=contract.price_pence,
        )
    for practitioner in block.practitioners:
        writes.add(
            parties.practitioner,
            id=practitioners[practitioner.key],
            provider_id=organisations[practitioner.provider_key],
            name=practitioner.name,
            caseload_limit=practitioner.caseload_limit,
            languages=list(practitioner.languages),
            key_stages=list(practitioner.key_stages),
            area_ids=[areas[name] for name in practitioner.areas],
            dbs_checked_on=practitioner.dbs_checked_on,
        )
    for lot in block.lots:
        lot_id, provider_id = new_id(), organisations[lot.provider_key]
        writes.add(
            supply.lot,
            id=lot_id,
            contract_id=contracts[lot.contract_number],
            provider_id=provider_id,
            prime_id=provider_id,
            service_id=services[lot.service_key],
            name=lot.name,
            key_stages=list(lot.key_stages),
            needs=list(lot.needs),
            volume=lot.volume,
            area_ids=_areas_of(lot, areas),
        )
        for place in lot.places:
            writes.add(
                supply.place,
                id=new_id(),
                lot_id=lot_id,
                provider_id=provider_id,
                number=place.number,
                practitioner_id=practitioners[place.practitioner_key],
                languages=list(place.languages),
                available_from=starts_on[lot.contract_number],
            )


def _areas_of(lot: SimLot, areas: dict[str, UUID]) -> list[UUID]:
    """The areas of a lot; none when it serves all of them, so that an area added later is served too."""
    return [] if set(lot.areas) == set(areas) else [areas[name] for name in lot.areas]

"""Making the authority of a play over HTTP, as its officers would: parties, calendar, block, and everyone's clients."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import httpx

from app.access import GRANTABLE, Kind
from app.simulation.calling import Caller, Credentials, PlayError
from app.simulation.journal import Journal
from app.simulation.world import World

Ids = dict[str, str]
_MEMBER_FROM = date(2020, 9, 1)


async def set_up(base_url: str, officer: Credentials, world: World, journal: Journal) -> dict[str, Credentials]:
    """Give an empty authority all that the world has; the clients, by URN, provider key and `authority`.

    Raises PlayError when anything is refused.
    """
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as http:
        caller = Caller(http, officer, journal)
        areas = {
            name: await _made(caller, "area", "/v1/areas", {"code": name.lower(), "name": name}) for name in world.areas
        }
        await _calendar(caller, world)
        schools = await _schools(caller, world, areas)
        providers = {
            provider.key: await _made(
                caller,
                "provider",
                "/v1/providers",
                {
                    "name": provider.name,
                    "contact": {"name": "Referrals desk", "email": f"referrals@{provider.key}.example"},
                },
            )
            for provider in world.supply.providers
        }
        organisations = {**schools, **providers, "authority": officer.organisation_id}
        clients = await _clients(caller, organisations, schools, providers)
        staff = await _staff(http, clients, world, areas, journal)
        await _block(caller, world, providers, areas, staff)
    if journal.summary.surprise_count:
        raise PlayError("The authority could not be set up.\n" + "\n".join(journal.summary.surprises))
    return clients


async def _made(caller: Caller, what: str, path: str, body: dict[str, Any]) -> str:
    """The id of something created. Raises PlayError when it is refused."""
    answer = await caller.post(f"create_{what}", path, body, expect=(201,))
    if answer.status_code != 201:
        raise PlayError(f"The service refused to make a {what}: {answer.status_code} {answer.text}")
    return str(answer.json()["id"])


async def _calendar(caller: Caller, world: World) -> None:
    years = sorted({half_term.academic_year for half_term in world.days.calendar.half_terms})
    for year in years:
        half_terms = [
            {
                "half_term": half_term.half_term,
                "starts_on": half_term.starts_on.isoformat(),
                "ends_on": half_term.ends_on.isoformat(),
            }
            for half_term in world.days.calendar.half_terms_of(year)
        ]
        await caller.put(
            "put_calendar",
            f"/v1/calendars/{year.replace('/', '-')}",
            {"half_terms": half_terms},
            headers={"If-Match": '"0"'},
        )


async def _schools(caller: Caller, world: World, areas: Ids) -> Ids:
    ids = await asyncio.gather(
        *(
            _made(
                caller,
                "school",
                "/v1/schools",
                {
                    "urn": school.urn,
                    "name": school.name,
                    "laestab": school.laestab,
                    "phase": school.phase,
                    "low_age": school.low_age,
                    "high_age": school.high_age,
                    "pupils_on_roll": school.roll,
                    "area_id": areas[school.area],
                    "member_from": _MEMBER_FROM.isoformat(),
                    "holiday_contact": {"name": school.contact_name, "email": school.contact_email},
                },
            )
            for school in world.schools
        )
    )
    return dict(zip((school.urn for school in world.schools), ids, strict=True))


async def _clients(caller: Caller, organisations: Ids, schools: Ids, providers: Ids) -> dict[str, Credentials]:
    """A machine client for every organisation that acts."""

    async def one(key: str, organisation_id: str) -> Credentials:
        kind = Kind.SCHOOL if key in schools else Kind.PROVIDER if key in providers else Kind.AUTHORITY
        answer = await caller.post(
            "create_client",
            "/v1/clients",
            {
                "organisation_id": organisation_id,
                "name": {"school": "School MIS", "provider": "Portal", "authority": "Dashboard"}[kind.value],
                "scopes": sorted(scope.value for scope in GRANTABLE[kind]),
            },
            expect=(201,),
        )
        if answer.status_code != 201:
            raise PlayError(f"The service refused to make a client: {answer.status_code} {answer.text}")
        made = answer.json()
        return Credentials(organisation_id, made["id"], made["client_secret"])

    made = await asyncio.gather(*(one(key, organisation_id) for key, organisation_id in organisations.items()))
    return dict(zip(organisations, made, strict=True))


async def _staff(
    http: httpx.AsyncClient, clients: Mapping[str, Credentials], world: World, areas: Ids, journal: Journal
) -> Ids:
    """Each provider's practitioners, entered by the provider itself; their ids by key."""
    callers = {provider.key: Caller(http, clients[provider.key], journal) for provider in world.supply.providers}
    staff: Ids = {}
    for worker in world.supply.practitioners:
        staff[worker.key] = await _made(
            callers[worker.provider_key],
            "practitioner",
            "/v1/practitioners",
            {
                "name": worker.name,
                "caseload_limit": worker.caseload_limit,
                "languages": list(worker.languages),
                "key_stages": list(worker.key_stages),
                "area_ids": [areas[name] for name in worker.areas],
                "dbs_checked_on": worker.dbs_checked_on.isoformat(),
            },
        )
    return staff


async def _block(caller: Caller, world: World, providers: Ids, areas: Ids, staff: Ids) -> None:
    services = {
        service.key: await _made(
            caller,
            "service",
            "/v1/services",
            {
                "provider_id": providers[service.provider_key],
                "name": service.name,
                "summary": service.summary,
                "pamphlet": service.pamphlet,
                "tier": service.tier,
                "needs": list(service.needs),
                "key_stages": list(service.key_stages),
                "languages": list(service.languages),
                "modes": list(service.modes),
                "standard_weeks": service.standard_weeks,
            },
        )
        for service in world.supply.services
    }
    contracts = {
        contract.number: await _made(
            caller,
            "contract",
            "/v1/contracts",
            {
                "provider_id": providers[contract.provider_key],
                "title": contract.title,
                "contract_number": contract.number,
                "starts_on": contract.starts_on.isoformat(),
                "ends_on": contract.ends_on.isoformat(),
                "price_pence": contract.price_pence,
            },
        )
        for contract in world.supply.contracts
    }
    for lot in world.supply.lots:
        whole = set(lot.areas) == set(areas)
        await _made(
            caller,
            "lot",
            f"/v1/contracts/{contracts[lot.contract_number]}/lots",
            {
                "service_id": services[lot.service_key],
                "name": lot.name,
                "key_stages": list(lot.key_stages),
                "needs": list(lot.needs),
                "area_ids": [] if whole else [areas[name] for name in lot.areas],
                "volume": lot.volume,
                "places": len(lot.places),
                "place_details": [
                    {"practitioner_id": staff[place.practitioner_key], "languages": list(place.languages)}
                    for place in lot.places
                ],
            },
        )

"""Lots: what is commissioned of one service, and the numbered places that it starts with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession, broker, whole_authority
from app.domain.contract_terms import ContractTerms
from app.errors import FieldFault, NotFound
from app.ids import new_id
from app.models.supply import lot, place
from app.queries import areas, contracts, lots, practitioners, providers, schools, services
from app.queries.contract_terms import terms_on
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.allocation import allocate_waiting
from app.services.events import tell
from app.services.faults import outside, refuse, unknown_ids


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What one place of a new lot has of its own. None: as the service."""

    practitioner_id: UUID | None = None
    needs: list[str] | None = None
    languages: list[str] | None = None
    modes: list[str] | None = None


@dataclass(frozen=True, slots=True)
class LotFacts:
    """A lot that is to be created.

    None stands for the contract's own provider, the service's needs and key stages, and the contract's start. Without
    areas and schools the lot serves the whole authority.
    """

    service_id: UUID
    name: str
    volume: int
    places: Sequence[PlaceFacts]
    volume_unit: str = "family"
    volume_profile: Sequence[Mapping[str, object]] = ()
    provider_id: UUID | None = None
    needs: list[str] | None = None
    key_stages: list[str] | None = None
    area_ids: Sequence[UUID] = ()
    school_ids: Sequence[UUID] = ()
    places_from: date | None = None


@dataclass(frozen=True, slots=True)
class LotFigures:
    """A lot on a date: its contract's terms then, and what its rows add up to."""

    on: date
    terms: ContractTerms
    volume: int
    counts: Mapping[str, int]


async def create_lot(session: WriteSession, writes: Writes, contract_id: UUID, facts: LotFacts) -> UUID:
    """Make a lot of a contract and its places, and offer them to who waits; the lot's id.

    Raises NotFound, and Invalid for what does not fit together.
    """
    signed = await contracts.lock_contract(session, contract_id)
    if signed is None:
        raise NotFound
    provider_id = facts.provider_id or signed["provider_id"]
    service = await services.get_service(session, facts.service_id)
    refuse(await _faults(session, facts, provider_id, service))
    if service is None:  # told above; said again for the type checker
        raise NotFound
    lot_id = new_id()
    writes.add(
        lot,
        id=lot_id,
        contract_id=contract_id,
        provider_id=provider_id,
        prime_id=signed["provider_id"],
        service_id=facts.service_id,
        name=facts.name,
        key_stages=service["key_stages"] if facts.key_stages is None else facts.key_stages,
        needs=service["needs"] if facts.needs is None else facts.needs,
        volume=facts.volume,
        volume_unit=facts.volume_unit,
        volume_profile=list(facts.volume_profile),
        area_ids=list(facts.area_ids),
        school_ids=list(facts.school_ids),
    )
    for number, spot in enumerate(facts.places, start=1):
        writes.add(
            place,
            id=new_id(),
            lot_id=lot_id,
            provider_id=provider_id,
            number=number,
            practitioner_id=spot.practitioner_id,
            needs=spot.needs,
            languages=spot.languages,
            modes=spot.modes,
            available_from=facts.places_from or signed["starts_on"],
        )
    tell(
        writes,
        session,
        "lot.created",
        subject=("lot", lot_id, 1),
        audience=[await authority_organisation(session), provider_id, signed["provider_id"]],
    )
    async with broker(session) as wide:
        await allocate_waiting(wide, writes, "new_lot")
    return lot_id


async def figures_of(session: ReadSession, rows: Sequence[asyncpg.Record], on: date) -> dict[UUID, LotFigures]:
    """The figures of lots that the caller sees, on a date.

    Counted over the whole authority: a prime sees how its subcontractor's lot stands, but none of its bookings.
    """
    async with whole_authority(session):
        terms = await terms_on(session, on, list({row["contract_id"] for row in rows}))
        counted = await lots.figures_on(session, [row["id"] for row in rows], on)
    result = {}
    for row in rows:
        contract = terms[row["contract_id"]]
        counts = {name: value for name, value in counted[row["id"]].items() if name != "lot_id"}
        result[row["id"]] = LotFigures(on, contract, contract.volumes.get(row["id"], 0), counts)
    return result


async def use_of(session: ReadSession, lot_ids: Sequence[UUID], on: date) -> dict[UUID, asyncpg.Record]:
    """The counts of `figures_of` alone, of lots that the caller sees, by id."""
    async with whole_authority(session):
        return await lots.figures_on(session, lot_ids, on)


async def _faults(
    session: WriteSession, facts: LotFacts, provider_id: UUID, service: asyncpg.Record | None
) -> list[FieldFault]:
    faults: list[FieldFault] = []
    if not await providers.is_provider(session, provider_id):
        faults.append(FieldFault("/provider_id", "unknown_provider", "There is no provider of this id that fits here."))
    if service is None or service["provider_id"] != provider_id:
        sentence = "There is no service of this id at the provider that delivers the lot."
        faults.append(FieldFault("/service_id", "unknown_service", sentence))
    else:
        if (service["format"] == "link_days") != (facts.volume_unit == "day"):
            sentence = "Link days are commissioned by the day, and no other format is."
            faults.append(FieldFault("/volume_unit", "wrong_unit", sentence))
        faults += outside("/needs", facts.needs or (), service["needs"], "the service")
        faults += outside("/key_stages", facts.key_stages or (), service["key_stages"], "the service")
    faults += unknown_ids("/area_ids", facts.area_ids, await areas.known_areas(session, facts.area_ids), "area")
    known = await schools.known_schools(session, facts.school_ids)
    faults += unknown_ids("/school_ids", facts.school_ids, known, "school")
    faults += await _practitioner_faults(session, facts, provider_id)
    return faults + _profile_faults(facts)


async def _practitioner_faults(session: WriteSession, facts: LotFacts, provider_id: UUID) -> list[FieldFault]:
    wanted = {spot.practitioner_id for spot in facts.places if spot.practitioner_id is not None}
    known = await practitioners.practitioners_of(session, provider_id, list(wanted)) if wanted else set()
    sentence = "The provider has no practitioner of this id."
    return [
        FieldFault(f"/place_details/{index}/practitioner_id", "unknown_practitioner", sentence)
        for index, spot in enumerate(facts.places)
        if spot.practitioner_id is not None and spot.practitioner_id not in known
    ]


def _profile_faults(facts: LotFacts) -> list[FieldFault]:
    """A profile shares the whole volume out over half-terms, each once."""
    if not facts.volume_profile:
        return []
    periods: list[tuple[Any, Any]] = [(line["academic_year"], line["half_term"]) for line in facts.volume_profile]
    if len(set(periods)) != len(periods):
        return [FieldFault("/volume_profile", "repeated", "A half-term stands in the profile twice.")]
    total = sum(int(str(line["volume"])) for line in facts.volume_profile)
    if total != facts.volume:
        sentence = f"The profile adds up to {total}, and the volume is {facts.volume}."
        return [FieldFault("/volume_profile", "does_not_add_up", sentence)]
    return []

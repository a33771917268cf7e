"""Contracts, and the dated variations that alone change their terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.db import WriteSession, broker
from app.domain.contract_terms import ContractTerms, Variation, VariationKind, effective_terms
from app.errors import FieldFault, NotFound
from app.ids import new_id
from app.models.supply import contract, contract_variation
from app.queries import contract_terms, contracts, lots, providers
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.allocation import allocate_waiting
from app.services.events import tell
from app.services.faults import refuse, unknown_ids
from app.services.obligations import cancel


@dataclass(frozen=True, slots=True)
class VariationFacts:
    """A variation that is to be recorded, with the facts of its kind."""

    kind: VariationKind
    effective_on: date
    reason: str
    ends_on: date | None = None
    price_pence: int | None = None
    lot_id: UUID | None = None
    volume: int | None = None
    lot_ids: tuple[UUID, ...] = ()
    deemed_acceptance: bool | None = None

    def terms(self) -> dict[str, object]:
        """What is stored of it: the facts of its kind alone."""
        match self.kind:
            case VariationKind.EXTENSION:
                return {"ends_on": self.ends_on}
            case VariationKind.PRICE:
                return {"price_pence": self.price_pence}
            case VariationKind.VOLUME:
                return {"lot_id": self.lot_id, "volume": self.volume}
            case VariationKind.LOTS:
                return {"lot_ids": list(self.lot_ids)}
            case VariationKind.DEEMED_ACCEPTANCE:
                return {"deemed_acceptance": self.deemed_acceptance}


async def create_contract(session: WriteSession, writes: Writes, values: Mapping[str, Any]) -> UUID:
    """Queue a contract; its id. Raises Invalid for dates out of order or a provider that is none."""
    faults = []
    if values["ends_on"] < values["starts_on"]:
        faults.append(FieldFault("/ends_on", "out_of_order", "The contract ends before it starts."))
    for index, option in enumerate(values.get("extension_options", ())):
        if option["ends_on"] <= values["ends_on"]:
            sentence = "An extension ends after the contract."
            faults.append(FieldFault(f"/extension_options/{index}/ends_on", "out_of_order", sentence))
    if not await providers.is_provider(session, values["provider_id"]):
        faults.append(FieldFault("/provider_id", "unknown_provider", "There is no provider of this id that fits here."))
    refuse(faults)
    contract_id = new_id()
    writes.add(contract, id=contract_id, **values)
    await _tell(session, writes, "contract.created", (contract_id, 1), values["provider_id"])
    return contract_id


async def add_variation(session: WriteSession, writes: Writes, contract_id: UUID, facts: VariationFacts) -> UUID:
    """Record a variation of a contract under the next number, and offer what it opens to who waits; its id.

    Raises NotFound, and Invalid where it does not fit the terms that hold when it takes effect.
    """
    locked = await contracts.lock_contract(session, contract_id)
    if locked is None:
        raise NotFound
    signed = (await contract_terms.signed_terms(session, [contract_id]))[contract_id]
    recorded = (await contract_terms.variations_of(session, [contract_id])).get(contract_id, [])
    refuse(_faults(facts, signed, recorded) + await _lot_faults(session, contract_id, facts))
    number = max((variation.number for variation in recorded), default=0) + 1
    variation_id = new_id()
    writes.add(
        contract_variation,
        id=variation_id,
        contract_id=contract_id,
        provider_id=locked["provider_id"],
        number=number,
        kind=facts.kind.value,
        effective_on=facts.effective_on,
        terms=facts.terms(),
        reason=facts.reason,
        recorded_at=session.now,
    )
    if facts.kind is VariationKind.EXTENSION:
        # Told of anew as the later end comes near.
        await cancel(session, contract_id, ["contract_ending"])
    # A contract as signed is version 1, and each variation makes one more.
    await _tell(session, writes, "contract.varied", (contract_id, number + 1), locked["provider_id"])
    async with broker(session) as wide:
        await allocate_waiting(wide, writes, "variation")
    return variation_id


def _faults(facts: VariationFacts, signed: ContractTerms, recorded: list[Variation]) -> list[FieldFault]:
    """What does not fit the period of the contract, as it stands when the variation takes effect."""
    before = effective_terms(signed, recorded, facts.effective_on)
    faults = []
    if not signed.starts_on <= facts.effective_on <= before.ends_on + timedelta(days=1):
        sentence = f"It must take effect from {signed.starts_on} on, and by the day after the contract ends."
        faults.append(FieldFault("/effective_on", "out_of_range", sentence))
    if facts.ends_on is not None and facts.ends_on <= before.ends_on:
        faults.append(FieldFault("/ends_on", "not_an_extension", f"The contract runs to {before.ends_on} already."))
    return faults


async def _lot_faults(session: WriteSession, contract_id: UUID, facts: VariationFacts) -> list[FieldFault]:
    known = await lots.lots_in(session, contract_id, [*facts.lot_ids, *([facts.lot_id] if facts.lot_id else [])])
    faults = unknown_ids("/lot_ids", facts.lot_ids, known, "lot")
    if facts.lot_id is not None and facts.lot_id not in known:
        faults.append(FieldFault("/lot_id", "unknown_lot", "There is no lot of this id that fits here."))
    return faults


async def _tell(
    session: WriteSession, writes: Writes, event_type: str, subject: tuple[UUID, int], provider_id: UUID
) -> None:
    contract_id, version = subject
    tell(
        writes,
        session,
        event_type,
        subject=("contract", contract_id, version),
        audience=[await authority_organisation(session), provider_id],
    )

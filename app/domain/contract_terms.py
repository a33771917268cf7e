"""The terms of a contract on a date: what was signed, with every variation that had taken effect by then.

Nothing is overwritten: the terms of any past date can be shown again. Variations apply in the order in which they take
effect, and by number where two take effect on one day; when they were recorded does not matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from uuid import UUID


class VariationKind(StrEnum):
    """What a variation changes."""

    EXTENSION = "extension"
    PRICE = "price"
    VOLUME = "volume"
    LOTS = "lots"
    """Lots that join the contract."""
    DEEMED_ACCEPTANCE = "deemed_acceptance"
    """Whether an offer that nobody answers in time counts as accepted."""


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """Terms at one moment. Both dates belong to the contract; `volumes` is by lot, in its own unit."""

    starts_on: date
    ends_on: date
    price_pence: int
    volumes: Mapping[UUID, int] = field(default_factory=dict)
    deemed_acceptance: bool = False

    def in_force(self, on: date) -> bool:
        """Say whether a date lies in the contract's period."""
        return self.starts_on <= on <= self.ends_on


@dataclass(frozen=True, slots=True)
class Variation:
    """One dated change, with the facts of its kind: a new end, price or volume of a lot, lots, or what silence says."""

    number: int
    kind: VariationKind
    effective_on: date
    ends_on: date | None = None
    price_pence: int | None = None
    lot_id: UUID | None = None
    volume: int | None = None
    lot_ids: tuple[UUID, ...] = ()
    deemed_acceptance: bool | None = None


def effective_terms(contract: ContractTerms, variations: Iterable[Variation], on: date) -> ContractTerms:
    """Return the terms of a contract on a date.

    `contract` holds the terms as signed, with the volumes of all its lots; a lot that a variation adds is left out
    until that variation takes effect.
    """
    ordered = sorted(variations, key=lambda variation: (variation.effective_on, variation.number))
    terms = contract
    waiting = {lot_id for variation in ordered for lot_id in variation.lot_ids}
    volumes = dict(contract.volumes)
    for variation in ordered:
        if variation.effective_on > on:
            break
        if variation.ends_on is not None:
            terms = replace(terms, ends_on=variation.ends_on)
        if variation.price_pence is not None:
            terms = replace(terms, price_pence=variation.price_pence)
        if variation.lot_id is not None and variation.volume is not None:
            volumes[variation.lot_id] = variation.volume
        if variation.deemed_acceptance is not None:
            terms = replace(terms, deemed_acceptance=variation.deemed_acceptance)
        waiting -= set(variation.lot_ids)
    return replace(terms, volumes={lot_id: volume for lot_id, volume in volumes.items() if lot_id not in waiting})


def variation_from(number: int, kind: str, effective_on: date, terms: Mapping[str, object]) -> Variation:
    """Return the variation that a stored row tells of. Raises KeyError, TypeError or ValueError for unsound terms."""
    match VariationKind(kind):
        case VariationKind.EXTENSION:
            ends_on = date.fromisoformat(str(terms["ends_on"]))
            return Variation(number, VariationKind.EXTENSION, effective_on, ends_on=ends_on)
        case VariationKind.PRICE:
            return Variation(number, VariationKind.PRICE, effective_on, price_pence=int(str(terms["price_pence"])))
        case VariationKind.VOLUME:
            lot_id, volume = UUID(str(terms["lot_id"])), int(str(terms["volume"]))
            return Variation(number, VariationKind.VOLUME, effective_on, lot_id=lot_id, volume=volume)
        case VariationKind.LOTS:
            named = terms["lot_ids"]
            if not isinstance(named, list):
                raise TypeError("A variation of lots names them in a list.")
            return Variation(number, VariationKind.LOTS, effective_on, lot_ids=tuple(UUID(str(one)) for one in named))
        case VariationKind.DEEMED_ACCEPTANCE:
            stated = terms["deemed_acceptance"]
            if not isinstance(stated, bool):
                raise TypeError("A variation of deemed acceptance says yes or no.")
            return Variation(number, VariationKind.DEEMED_ACCEPTANCE, effective_on, deemed_acceptance=stated)

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


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """Terms at one moment. Both dates belong to the contract; `volumes` is by lot, in its own unit."""

    starts_on: date
    ends_on: date
    price_pence: int
    volumes: Mapping[UUID, int] = field(default_factory=dict)

    def in_force(self, on: date) -> bool:
        """Say whether a date lies in the contract's period."""
        return self.starts_on <= on <= self.ends_on


@dataclass(frozen=True, slots=True)
class Variation:
    """One dated change. Only the facts of its kind are stated: a new end, a new price, a lot's new volume, or lots."""

    number: int
    kind: VariationKind
    effective_on: date
    ends_on: date | None = None
    price_pence: int | None = None
    lot_id: UUID | None = None
    volume: int | None = None
    lot_ids: tuple[UUID, ...] = ()


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

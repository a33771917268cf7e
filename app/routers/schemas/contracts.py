"""Contracts and their variations in requests and answers."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.contract_terms import VariationKind
from app.routers.schemas.base import Code, In, LongText, Out, ShortText
from app.routers.schemas.codes import Whole
from app.routers.schemas.types import Date, Moment
from app.services.contracts import VariationFacts

Pence = Annotated[Whole, Field(ge=0, le=100_000_000_000)]
Volume = Annotated[Whole, Field(ge=0, le=100_000)]


class ExtensionOption(In):
    """A right to extend that was agreed from the first."""

    ends_on: Date
    note: ShortText | None = None


class ContractIn(In):
    """Authority x provider, as signed. Later changes are variations."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "provider_id": "019a0000-0000-7000-8000-000000000002",
                    "title": "Family support 2026/27",
                    "contract_number": "FS-2026-01",
                    "starts_on": "2026-09-01",
                    "ends_on": "2027-08-31",
                    "price_pence": 25000000,
                    "extension_options": [{"ends_on": "2028-08-31", "note": "One year"}],
                }
            ]
        }
    )

    provider_id: UUID
    title: ShortText
    contract_number: Code
    starts_on: Date
    ends_on: Date
    price_pence: Pence
    extension_options: list[ExtensionOption] = Field(default_factory=list, max_length=10)
    deemed_acceptance: bool = Field(
        default=False, strict=True, description="Whether an offer that nobody answers in time counts as accepted."
    )


class TermsOut(Out):
    """Terms on one date. Both dates belong to the contract."""

    starts_on: Date
    ends_on: Date
    price_pence: int
    deemed_acceptance: bool = Field(description="Whether an offer that nobody answers in time counts as accepted.")


class LotVolume(Out):
    """The volume of one lot on a date."""

    lot_id: UUID
    volume: int


class EffectiveTerms(TermsOut):
    """The terms on one date: what was signed with every variation that had taken effect by then."""

    as_of: Date
    in_force: bool
    volumes: list[LotVolume] = Field(max_length=1000)


class ContractOut(Out):
    """A contract: as signed, and on the date asked for."""

    id: UUID
    provider_id: UUID
    provider_name: str
    title: str
    contract_number: str
    signed: TermsOut
    extension_options: list[ExtensionOption] = Field(max_length=10)
    variation_count: int
    terms: EffectiveTerms


class VariationIn(In):
    """A dated change of terms, with the facts of its kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "extension",
                    "effective_on": "2027-06-01",
                    "ends_on": "2028-08-31",
                    "reason": "The first option was taken up.",
                },
                {
                    "kind": "price",
                    "effective_on": "2027-09-01",
                    "price_pence": 26000000,
                    "reason": "Pay award.",
                },
            ]
        }
    )

    kind: VariationKind
    effective_on: Date
    reason: LongText
    ends_on: Date | None = Field(None, description="Of an extension: the new last day.")
    price_pence: Pence | None = Field(None, description="Of a price variation: the new price.")
    lot_id: UUID | None = Field(None, description="Of a volume variation: the lot.")
    volume: Volume | None = Field(None, description="Of a volume variation: the lot's new volume.")
    lot_ids: list[UUID] = Field(
        default_factory=list, max_length=100, description="Of a variation of lots: those that join."
    )

    deemed_acceptance: Annotated[bool, Field(strict=True)] | None = Field(
        None, description="Of a variation of that kind: whether silence counts as yes from then on."
    )

    @model_validator(mode="after")
    def _states_its_kind(self) -> Self:
        wanted = _FACTS[self.kind]
        stated = {name for name in _ALL_FACTS if getattr(self, name) not in (None, [])}
        if stated != wanted:
            raise PydanticCustomError(
                "facts_of_kind",
                "A variation of kind {kind} states {wanted}, and none of the other facts.",
                {"kind": self.kind.value, "wanted": " and ".join(sorted(wanted))},
            )
        return self

    def facts(self) -> VariationFacts:
        """As the service takes it."""
        values: dict[str, Any] = self.model_dump()
        return VariationFacts(**{**values, "lot_ids": tuple(self.lot_ids)})


_FACTS = {
    VariationKind.EXTENSION: {"ends_on"},
    VariationKind.PRICE: {"price_pence"},
    VariationKind.VOLUME: {"lot_id", "volume"},
    VariationKind.LOTS: {"lot_ids"},
    VariationKind.DEEMED_ACCEPTANCE: {"deemed_acceptance"},
}
_ALL_FACTS = frozenset[str]().union(*_FACTS.values())


class VariationOut(Out):
    """A dated change of terms. Facts of other kinds are null."""

    id: UUID
    contract_id: UUID
    number: int
    kind: Literal["extension", "price", "volume", "lots", "deemed_acceptance"]
    effective_on: Date
    reason: str
    recorded_at: Moment
    ends_on: Date | None = None
    price_pence: int | None = None
    lot_id: UUID | None = None
    volume: int | None = None
    lot_ids: list[UUID] | None = None
    deemed_acceptance: bool | None = None

"""The end of a contract and hand-overs to the next, in requests and answers."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.hand_over import Ground
from app.routers.schemas.base import In, LongText, Out
from app.routers.schemas.types import Date, Moment
from app.services.contract_end import Ending
from app.services.hand_over import Asked, Planned


class LotEndingOut(Out):
    """What is open in one lot, and who waits for it."""

    lot_id: UUID
    name: str
    provider_id: UUID
    provider_name: str
    open_offer_count: int = Field(description="Offers to be answered: they lapse with the contract.")
    not_begun_count: int = Field(description="Accepted cases whose first contact is to come.")
    running_count: int = Field(description="Cases whose work has begun.")
    past_end_count: int = Field(description="Open cases that are planned to end after the contract. They run on.")
    last_planned_end_on: Date | None
    volume: int
    volume_left: int = Field(description="Neither used nor promised.")
    waiting_count: int = Field(description="Referrals waiting that this lot could serve.")
    waiting_here_alone_count: int = Field(description="Of those, that no lot of a contract that runs on could serve.")


class ContractEndingOut(Out):
    """What would be open when a contract ends, as things stand."""

    contract_id: UUID
    ends_on: Date = Field(description="The last day, with every extension that is in force.")
    school_days_left: int
    lots: list[LotEndingOut] = Field(max_length=1000)


def ending_out(ending: Ending) -> ContractEndingOut:
    """As it goes out."""
    return ContractEndingOut(
        contract_id=ending.contract_id,
        ends_on=ending.ends_on,
        school_days_left=ending.school_days_left,
        lots=[
            LotEndingOut(
                lot_id=lot.row["id"],
                name=lot.row["name"],
                provider_id=lot.row["provider_id"],
                provider_name=lot.row["provider_name"],
                open_offer_count=lot.row["open_offer_count"],
                not_begun_count=lot.row["not_begun_count"],
                running_count=lot.row["running_count"],
                past_end_count=lot.past_end_count,
                last_planned_end_on=lot.row["last_planned_end_on"],
                volume=lot.volume,
                volume_left=lot.volume_left,
                waiting_count=lot.waiting_count,
                waiting_here_alone_count=lot.waiting_here_alone_count,
            )
            for lot in ending.lots
        ],
    )


class LotPair(In):
    """A lot of the old contract, and the lot of the next one that its cases go to."""

    from_lot_id: UUID
    to_lot_id: UUID


class HandOverIn(In):
    """Which cases go where, from when on, and on what ground."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "preview": True,
                    "successor_id": "019a0000-0000-7000-8000-000000000005",
                    "effective_on": "2034-09-01",
                    "lots": [
                        {
                            "from_lot_id": "019a0000-0000-7000-8000-000000000006",
                            "to_lot_id": "019a0000-0000-7000-8000-000000000007",
                        }
                    ],
                    "ground": "same_provider",
                    "note": "The contract was let again to the same provider.",
                }
            ]
        }
    )

    preview: bool = Field(description="true: show what would be done, and write nothing.")
    snapshot_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Of the preview that is to be recorded; 409 when things have changed since."
    )
    successor_id: UUID = Field(description="The next contract: of the same provider, or of another.")
    effective_on: Date = Field(description="Today, or a day to come: then it is done at that day's first moment.")
    lots: list[LotPair] = Field(min_length=1, max_length=100, description="Cases of lots not named stay.")
    ground: Ground = Field(description="On what the families' details may go to another provider, where one is.")
    note: LongText = Field(description="The ground in words: how the families were asked or told.")

    @model_validator(mode="after")
    def _records_a_preview(self) -> Self:
        if self.preview is (self.snapshot_hash is not None):
            raise PydanticCustomError(
                "preview_first", "A preview states no snapshot_hash; what is recorded states that of its preview."
            )
        return self

    def asked(self) -> Asked:
        """As the service takes it."""
        pairs = tuple((pair.from_lot_id, pair.to_lot_id) for pair in self.lots)
        return Asked(self.successor_id, self.effective_on, pairs, self.ground, self.note)


class HandOverCaseOut(Out):
    """What becomes of one case."""

    intervention_id: UUID
    referral_reference: str
    outcome: Literal["moved", "stays"]
    reason: str | None = Field(description="Why it stays, as a code; null when it moves.")
    from_provider_id: UUID
    from_lot_id: UUID
    to_provider_id: UUID | None
    to_lot_id: UUID | None
    to_place_id: UUID | None
    to_place_number: int | None
    allocation_id: UUID | None = Field(description="Once it has moved: its allocation at the provider that has it now.")


class HandOverOut(Out):
    """A hand-over of running cases from a contract to the next."""

    id: UUID | None = Field(description="null in a preview.")
    contract_id: UUID
    successor_id: UUID
    effective_on: Date
    state: Literal["preview", "planned", "done", "cancelled"]
    version: int
    lots: list[LotPair] = Field(max_length=100)
    ground: Ground
    note: str
    snapshot_hash: str
    recorded_at: Moment | None
    ended_at: Moment | None = Field(description="When it was done or cancelled.")


class HandOverDetail(HandOverOut):
    """A hand-over with every case: as it was done or, before its day, as it would be done now."""

    moved_count: int
    stays_count: int
    cases: list[HandOverCaseOut] = Field(max_length=5000)


def planned_cases(planned: Planned) -> list[HandOverCaseOut]:
    """The cases of a plan, by the intervention's id."""
    moved = [
        HandOverCaseOut(
            intervention_id=move.case.intervention_id,
            referral_reference=move.case.want.reference,
            outcome="moved",
            reason=None,
            from_provider_id=move.case.provider_id,
            from_lot_id=move.case.lot_id,
            to_provider_id=planned.to_provider[move.place.lot_id],
            to_lot_id=move.place.lot_id,
            to_place_id=move.place.id,
            to_place_number=move.place.number,
            allocation_id=None,
        )
        for move in planned.plan.moves
    ]
    stay = [
        HandOverCaseOut(
            intervention_id=stay.case.intervention_id,
            referral_reference=stay.case.want.reference,
            outcome="stays",
            reason=stay.reason,
            from_provider_id=stay.case.provider_id,
            from_lot_id=stay.case.lot_id,
            to_provider_id=None,
            to_lot_id=None,
            to_place_id=None,
            to_place_number=None,
            allocation_id=None,
        )
        for stay in planned.plan.stays
    ]
    return sorted([*moved, *stay], key=lambda case: case.intervention_id.int)


def detail(head: dict[str, Any], cases: list[HandOverCaseOut]) -> HandOverDetail:
    """A hand-over with its cases counted."""
    moved = sum(case.outcome == "moved" for case in cases)
    return HandOverDetail(**head, moved_count=moved, stays_count=len(cases) - moved, cases=cases)

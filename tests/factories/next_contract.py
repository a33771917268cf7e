"""A contract that follows another, with places that its cases can go to."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.access import Principal
from app.db import Database
from tests.factories.authority import Town, add_block
from tests.factories.http import Caller


@dataclass
class Next:
    """The successor's ids, and the path and body of a hand-over to it from the town's first contract."""

    contract_id: UUID
    lot_id: UUID
    places: list[UUID]
    path: str
    body: dict[str, Any]

    async def preview(self, officer: Caller, **changes: Any) -> dict[str, Any]:
        """What it would do."""
        answer = await officer.post(self.path, {**self.body, **changes, "preview": True})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def commit(self, officer: Caller, **changes: Any) -> dict[str, Any]:
        """Preview it and record what was shown."""
        seen = await self.preview(officer, **changes)
        body = {**self.body, **changes, "preview": False, "snapshot_hash": seen["snapshot_hash"]}
        answer = await officer.post(self.path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()


async def next_contract(
    database: Database,
    town: Town,
    provider: Principal,
    *,
    on: date,
    places: int,
    starts_on: date | None = None,
    volume: int = 1000,
    key_stages: tuple[str, ...] = ("KS1", "KS2", "KS3", "KS4"),
) -> Next:
    """A contract of a provider whose lot follows the town's first lot, and the hand-over to it on a day."""
    count = len(town.places)
    await add_block(
        database, town, provider, places=places, starts_on=starts_on or on, volume=volume, key_stages=key_stages
    )
    same = provider.organisation_id == town.provider.organisation_id
    return Next(
        contract_id=town.contracts[-1],
        lot_id=town.lots[-1],
        places=town.places[count:],
        path=f"/v1/contracts/{town.contracts[0]}/hand-over",
        body={
            "preview": True,
            "successor_id": str(town.contracts[-1]),
            "effective_on": on.isoformat(),
            "lots": [{"from_lot_id": str(town.lots[0]), "to_lot_id": str(town.lots[-1])}],
            "ground": "same_provider" if same else "authority_decision",
            "note": "The contract was let again.",
        },
    )

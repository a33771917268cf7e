"""The GraphQL page as most would first write it: Strawberry's own router, SQLAlchemy's ORM and a loader for each edge.

It reads the same tables as the owner, knows no callers, limits, prices or visibility, and answers the query of
`bench.reading` for the authority in its header. The service's page is compared with it, row by row.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from fastapi import FastAPI, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry
from strawberry.dataloader import DataLoader
from strawberry.fastapi import GraphQLRouter

from app.models import allocation, demand, parties
from app.schema import sqlalchemy_url

DATABASE_URL = "BENCH_NAIVE_DATABASE_URL"
_mapped = registry()


class Referral:
    """A row of `referral`."""


class School:
    """A row of `school`."""


class Organisation:
    """A row of `organisation`."""


class Offer:
    """A row of `offer`."""


_mapped.map_imperatively(Referral, demand.referral)
_mapped.map_imperatively(School, parties.school)
_mapped.map_imperatively(Organisation, parties.organisation)
_mapped.map_imperatively(Offer, allocation.offer)


class Loaders:
    """One loader for each edge, in one request."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], authority_id: UUID) -> None:
        self.sessions = sessions
        self.authority_id = authority_id
        self.schools = DataLoader(lambda ids: self._by(School, "organisation_id", ids))
        self.organisations = DataLoader(lambda ids: self._by(Organisation, "id", ids))
        self.offers = DataLoader(self._latest_offers)

    async def _by(self, model: Any, key: str, ids: list[UUID]) -> Sequence[Any]:
        async with self.sessions() as session:
            column = getattr(model, key)
            found = await session.scalars(select(model).where(model.authority_id == self.authority_id, column.in_(ids)))
            by_key = {getattr(row, key): row for row in found}
        return [by_key.get(each) for each in ids]

    async def _latest_offers(self, ids: list[UUID]) -> Sequence[Any]:
        columns: Any = Offer
        async with self.sessions() as session:
            found = await session.scalars(
                select(Offer)
                .where(columns.authority_id == self.authority_id, columns.referral_id.in_(ids))
                .order_by(columns.offered_at, columns.id)
            )
            latest: dict[UUID, Any] = {row.referral_id: row for row in found}
        return [latest.get(each) for each in ids]


Info = strawberry.Info[dict[str, Any], None]


@strawberry.type
class SchoolNode:
    """A school."""

    row: strawberry.Private[Any]

    @strawberry.field
    async def name(self, info: Info) -> str:
        """Its organisation's name."""
        organisation = await info.context["loaders"].organisations.load(self.row.organisation_id)
        return str(organisation.name)

    @strawberry.field
    def urn(self) -> str:
        """The URN."""
        return str(self.row.urn)

    @strawberry.field
    def phase(self) -> str:
        """The phase."""
        return str(self.row.phase)


@strawberry.type
class ProviderNode:
    """A provider."""

    name: str


@strawberry.type
class AllocationNode:
    """An offer."""

    row: strawberry.Private[Any]
    reference: str
    state: str
    offered_at: datetime
    answer_due_at: datetime

    @strawberry.field
    async def provider(self, info: Info) -> ProviderNode:
        """Who was offered it."""
        return ProviderNode(name=(await info.context["loaders"].organisations.load(self.row.provider_id)).name)


@strawberry.type
class ReferralNode:
    """A referral."""

    row: strawberry.Private[Any]
    id: strawberry.ID
    reference: str
    state: str
    band: str
    received_at: datetime
    year_group: str
    key_stage: str
    need_codes: list[str]

    @strawberry.field
    async def school(self, info: Info) -> SchoolNode | None:
        """The pupil's school."""
        row = await info.context["loaders"].schools.load(self.row.school_id)
        return row and SchoolNode(row=row)

    @strawberry.field
    async def provider(self, info: Info) -> ProviderNode | None:
        """Whose case it is."""
        if self.row.case_provider_id is None:
            return None
        return ProviderNode(name=(await info.context["loaders"].organisations.load(self.row.case_provider_id)).name)

    @strawberry.field
    async def allocation(self, info: Info) -> AllocationNode | None:
        """The latest offer."""
        row = await info.context["loaders"].offers.load(self.row.id)
        return row and AllocationNode(
            row=row,
            reference=row.reference,
            state=row.state,
            offered_at=row.offered_at,
            answer_due_at=row.answer_due_at,
        )


@strawberry.type
class PageInfo:
    """Where the page ends."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Referrals:
    """A page."""

    nodes: list[ReferralNode]
    page_info: PageInfo


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def referrals(self, info: Info, first: int) -> Referrals:
        """The newest referrals."""
        loaders: Loaders = info.context["loaders"]
        columns: Any = Referral
        async with loaders.sessions() as session:
            found = await session.scalars(
                select(Referral)
                .where(columns.authority_id == loaders.authority_id)
                .order_by(columns.received_at.desc(), columns.id.desc())
                .limit(first + 1)
            )
            rows: list[Any] = list(found)
        nodes = [
            ReferralNode(
                row=row,
                id=strawberry.ID(str(row.id)),
                reference=row.reference,
                state=row.state,
                band=row.band,
                received_at=row.received_at,
                year_group=row.year_group,
                key_stage=row.key_stage,
                need_codes=row.need_codes,
            )
            for row in rows[:first]
        ]
        return Referrals(
            nodes=nodes, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=nodes[-1].id if nodes else None)
        )


def application() -> FastAPI:
    """The naive service, on the database that the environment names."""
    engine = create_async_engine(sqlalchemy_url(os.environ[DATABASE_URL]), pool_size=20, max_overflow=0)
    sessions = async_sessionmaker(engine)

    async def context(request: Request) -> dict[str, Any]:
        return {"loaders": Loaders(sessions, UUID(request.headers["x-authority"]))}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.include_router(GraphQLRouter(strawberry.Schema(Query), context_getter=context), prefix="/graphql")

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    return app

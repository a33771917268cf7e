"""Providers of an authority."""

from typing import Any
from uuid import UUID

from app.access import Kind
from app.db import WriteSession
from app.ids import new_id
from app.models.parties import organisation
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.events import tell


async def create_provider(
    session: WriteSession,
    writes: Writes,
    *,
    name: str,
    ukprn: str | None = None,
    charity_number: str | None = None,
    company_number: str | None = None,
    contact: dict[str, Any] | None = None,
) -> UUID:
    """Queue a provider; its id. A name that another provider bears breaks a constraint (AlreadyExists)."""
    provider_id = new_id()
    writes.add(
        organisation,
        id=provider_id,
        kind=Kind.PROVIDER.value,
        name=name,
        ukprn=ukprn,
        charity_number=charity_number,
        company_number=company_number,
        contact=contact or {},
    )
    tell(
        writes,
        session,
        "provider.created",
        subject=("provider", provider_id, 1),
        audience=[await authority_organisation(session), provider_id],
    )
    return provider_id

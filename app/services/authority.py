"""Founding an authority: its own organisation and its first allocation policy."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from app import clock
from app.access import Kind, Principal, Scope
from app.db import Database
from app.domain.policy import Policy
from app.ids import new_id
from app.models.allocation import policy_version
from app.models.parties import organisation
from app.queries.writes import Writes, to_json


@dataclass(frozen=True, slots=True)
class Founding:
    """What is known of an authority when it starts."""

    name: str
    la_code: str
    gss_code: str | None = None
    sandbox: bool = False
    safeguarding_contact: dict[str, str] | None = None
    policy: Policy = field(default_factory=Policy)
    policy_from: date = date(2020, 1, 1)
    starts_at: datetime | None = None
    """The business moment at which a sandbox authority's clock starts, past or future; None: the real present."""


def officer_of(authority_id: UUID, organisation_id: UUID) -> Principal:
    """A principal for administration from the command line: the authority itself, with every scope."""
    return Principal(
        client_id=UUID(int=0),
        organisation_id=organisation_id,
        authority_id=authority_id,
        kind=Kind.AUTHORITY,
        scopes=frozenset(Scope),
    )


async def found_authority(database: Database, founding: Founding) -> Principal:
    """Create an authority; its officer's principal, for what follows."""
    officer = officer_of(new_id(), new_id())
    real_now = clock.real_now()
    starts_at = founding.starts_at or real_now
    async with database.write(officer) as session:
        await session.run(
            "INSERT INTO authority"
            " (id, la_code, gss_code, name, sandbox, safeguarding_contact, clock_ran_to, clock_offset)"
            " VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8)",
            officer.authority_id,
            founding.la_code,
            founding.gss_code,
            founding.name,
            founding.sandbox,
            to_json(founding.safeguarding_contact or {}),
            starts_at,
            starts_at - real_now,
        )
        writes = Writes()
        writes.add(organisation, id=officer.organisation_id, kind=Kind.AUTHORITY.value, name=founding.name)
        writes.add(
            policy_version,
            id=new_id(),
            number=1,
            content=founding.policy.content(),
            digest=founding.policy.digest(),
            effective_from=founding.policy_from,
            published_at=starts_at,
            summary_of_changes="The first policy.",
        )
        await writes.flush(session)
    return officer

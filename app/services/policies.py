"""Publishing an authority's allocation policy. What is published is never altered: a change is a further version.

A version that is only announced can be withdrawn before its day. It stays, with its number, and takes effect never.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson

from app.access import Principal
from app.clock import london_date
from app.db import NOBODY, ReadSession, WorkerDatabase, WriteSession, broker
from app.domain.policy import Policy, policy_from
from app.domain.policy_published import Publication, public_page
from app.errors import ActionNotAvailable, AlreadyExists, FieldFault, InvariantBroken, NotFound
from app.ids import new_id
from app.models.allocation import policy_version
from app.queries import policies as queries
from app.queries.parties import every_organisation
from app.queries.snapshot import policy_in_force
from app.queries.writes import Writes
from app.services.events import tell
from app.services.faults import refuse

PUBLISHED: Final = 1
"""The version of every published policy, as events and entity tags count."""
WITHDRAWN: Final = 2
"""That of one that was withdrawn."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy that an officer publishes."""

    effective_from: date
    summary_of_changes: str
    contact: str
    content: dict[str, Any]


async def policy_today(session: ReadSession) -> Policy:
    """The policy in force. Raises InvariantBroken without one."""
    found = await policy_in_force(session, session.today)
    if found is None:
        raise InvariantBroken
    return policy_from(orjson.loads(found["content"]))


async def publish_policy(session: WriteSession, writes: Writes, draft: Draft) -> UUID:
    """Queue the next version of the authority's policy; its id.

    It takes effect tomorrow at the earliest, in a sandbox too: whatever was decided today was decided under the policy
    that today has, and a family can be shown it. Raises Invalid naming each field that is not right, and AlreadyExists
    when another version takes effect on that day.

    Every organisation of the authority is told, since all may read it: schools set bands by its criteria, providers
    answer by its clocks.
    """
    refuse([*_date_faults(draft.effective_from, session.today), *content_faults(draft.content)])
    number = await queries.lock_versions(session) + 1
    rival = await queries.number_effective_from(session, draft.effective_from)
    if rival is not None:
        raise AlreadyExists(f"Version {rival} takes effect on that day: two policies cannot be in force at once.")
    policy, policy_id = policy_from(draft.content), new_id()
    writes.add(
        policy_version,
        id=policy_id,
        number=number,
        content=policy.content(),
        digest=policy.digest(),
        effective_from=draft.effective_from,
        published_at=session.now,
        published_by_client_id=session.principal.client_id,
        summary_of_changes=draft.summary_of_changes,
        contact=draft.contact,
    )
    tell(
        writes,
        session,
        "policy.published",
        subject=("policy", policy_id, PUBLISHED),
        audience=await every_organisation(session),
        data={"number": number, "effective_from": draft.effective_from.isoformat()},
    )
    return policy_id


async def preview_page(session: ReadSession, draft: Draft) -> str:
    """The page that the public would read if a draft were published now, as Markdown; nothing is written.

    Raises Invalid naming each field that is not right, as publishing it would.
    """
    refuse([*_date_faults(draft.effective_from, session.today), *content_faults(draft.content)])
    policy = policy_from(draft.content)
    about = Publication(
        authority=await queries.authority_name(session),
        version=await queries.newest_number(session) + 1,
        effective_from=draft.effective_from,
        contact=draft.contact,
        digest=policy.digest(),
    )
    return with_changes(public_page(policy, about), draft.summary_of_changes)


async def withdraw_policy(session: WriteSession, writes: Writes, policy_id: UUID, reason: str) -> None:
    """Withdraw a version that was announced, before the day on which it takes effect; its day is free again.

    Under the authority's lock, so that nothing is decided under it meanwhile. Raises NotFound, and ActionNotAvailable
    for one that is in force or was, or was withdrawn already.
    """
    async with broker(session) as wide:
        await queries.lock_versions(wide)
        row = await queries.get_policy(wide, policy_id)
        if row is None:
            raise NotFound
        if row["withdrawn_at"] is not None:
            raise ActionNotAvailable("The version was withdrawn already.")
        # A decision of the day itself may have come between this request and the lock.
        if row["effective_from"] <= wide.today or await queries.decides_already(wide, policy_id):
            raise ActionNotAvailable("The version has taken effect: publish another for a later day.")
        await queries.withdraw(wide, policy_id, reason)
    tell(
        writes,
        session,
        "policy.withdrawn",
        subject=("policy", policy_id, WITHDRAWN),
        audience=await every_organisation(session),
        data={"number": row["number"], "announced_for": row["effective_from"].isoformat()},
    )


def content_faults(content: Mapping[str, Any]) -> list[FieldFault]:
    """What the domain finds wrong with each field of a policy's content, in its own words; a field left out too."""
    faults = []
    for name in Policy.__dataclass_fields__:
        if name not in content:
            faults.append(FieldFault(f"/content/{name}", "required", f"The policy states no {_words(name)}."))
    for name, value in content.items():
        try:
            policy_from({name: value})
        except ValueError as error:
            faults.append(FieldFault(f"/content/{name}", "not_valid", str(error)))
    return faults


def _words(name: str) -> str:
    return name.replace("_", " ")


def _date_faults(effective_from: date, today: date) -> list[FieldFault]:
    if effective_from > today:
        return []
    sentence = "A policy takes effect tomorrow at the earliest: decisions already made are not made again."
    return [FieldFault("/effective_from", "out_of_range", sentence)]


def published(row: Mapping[str, Any]) -> tuple[Policy, Publication]:
    """A stored version as the domain publishes it."""
    return policy_from(orjson.loads(row["content"])), Publication(
        authority=row["authority_name"],
        version=row["number"],
        effective_from=row["effective_from"],
        contact=row["contact"] or row["authority_name"],
        digest=row["digest"],
    )


def page_text(row: Mapping[str, Any]) -> str:
    """The page for the public about a stored version, as Markdown: the policy, and what it changed.

    Of a version that was withdrawn it says so before all else.
    """
    text = with_changes(public_page(*published(row)), row["summary_of_changes"])
    if row["withdrawn_at"] is None:
        return text
    heading, _, rest = text.partition("\n\n")
    on = london_date(row["withdrawn_at"])
    reason = " ".join(row["withdrawal_reason"].split())
    told = f"**This version was withdrawn on {on.day} {on:%B %Y} and never takes effect.** {reason}"
    return f"{heading}\n\n{told}\n\n{rest}"


def with_changes(page: str, summary_of_changes: str | None) -> str:
    """A page with what its version changed, at the end."""
    summary = " ".join((summary_of_changes or "").split())
    return f"{page}\n## What changed in this version\n\n{summary}\n" if summary else page


async def public_reader(worker: WorkerDatabase, la_code: str) -> Principal:
    """Who reads what an authority publishes, when nobody says who they are: it has no organisation and no scope.

    Row policy shows it what every organisation of the authority sees, and its callers ask for policies alone. Raises
    NotFound for a code that no authority here has.
    """
    async with worker.session() as session:
        authority_id = await queries.authority_of_code(session, la_code)
    if authority_id is None:
        raise NotFound
    return replace(NOBODY, authority_id=authority_id)

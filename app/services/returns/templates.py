"""Publishing versions of return templates: never altered afterwards, since returns are judged by what they asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.db import BrokerSession, ReadSession, WriteSession, broker
from app.domain.return_template_rules import changes_between, own_version, template_faults
from app.domain.returns import Period, Template, template_of, templates
from app.errors import ActionNotAvailable, AlreadyExists, FieldFault, NotFound
from app.ids import new_id
from app.models.return_templates import return_template
from app.queries import return_templates as queries
from app.queries import writes as writing
from app.queries.parties import every_organisation
from app.queries.writes import Writes
from app.services.events import tell
from app.services.faults import refuse

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that an officer publishes."""

    template: str
    applies_from: date
    summary_of_changes: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a version would ask, beside what is asked on the day from which it applies."""

    asked: Template
    instead_of_version: int
    changes: dict[str, list[str]]


async def preview_template(session: ReadSession, draft: Draft) -> Preview:
    """What publishing a draft would do; nothing is written. Raises Invalid naming each thing that is not right."""
    base = _check(session, draft)
    asked = own_version(base, draft.content, base.version)
    now = asked_of(await queries.list_own(session), base.name, draft.applies_from)
    return Preview(asked, now.version, changes_between(now, asked))


async def publish_template(session: WriteSession, writes: Writes, draft: Draft) -> UUID:
    """Queue the authority's next version of a template; its id. Every organisation is told.

    Returns that are open, and those of periods that end before its day, keep theirs. Raises Invalid naming each thing
    that is not right, and AlreadyExists when another version applies from that day.
    """
    base = _check(session, draft)
    version = await queries.lock_versions(session, base.name) + 1
    standing = [row for row in await queries.list_own(session) if row["withdrawn_at"] is None]
    if any((row["template"], row["applies_from"]) == (base.name, draft.applies_from) for row in standing):
        raise AlreadyExists("Another version applies from that day: withdraw it, or choose another day.")
    template_id = new_id()
    writes.add(
        return_template,
        id=template_id,
        template=base.name,
        version=version,
        content=draft.content,
        applies_from=draft.applies_from,
        published_at=session.now,
        published_by_client_id=session.principal.client_id,
        summary_of_changes=draft.summary_of_changes,
    )
    tell(
        writes,
        session,
        "return_template.published",
        subject=("return_template", template_id, 1),
        audience=await every_organisation(session),
        data={"template": base.name, "version": version, "applies_from": draft.applies_from.isoformat()},
    )
    return template_id


async def withdraw_template(session: WriteSession, writes: Writes, template_id: UUID, reason: str) -> None:
    """Withdraw a version before any return was opened with it, under the lock under which returns are opened.

    Raises NotFound, and ActionNotAvailable for one that a return has or that is withdrawn.
    """
    async with broker(session) as wide:
        row = await queries.find_own(wide, template_id)
        if row is None:
            raise NotFound
        if row["withdrawn_at"] is not None:
            raise ActionNotAvailable("This version was withdrawn already.")
        if await queries.is_in_use(wide, row["template"], row["version"]):
            raise ActionNotAvailable("Returns were opened with this version: publish another for later periods.")
        withdrawn = {"withdrawn_at": wide.now, "withdrawal_reason": reason}
        await writing.change(wide, return_template, {"id": template_id}, withdrawn)
        tell(
            writes,
            wide,
            "return_template.withdrawn",
            subject=("return_template", template_id, 2),
            audience=await every_organisation(wide),
            data={"template": row["template"], "version": row["version"]},
        )
        await writes.flush(wide)


def asked_of(own: Sequence[Row], name: str, on: date) -> Template:
    """The version that a return is opened with for a period that ends on a day: the authority's own, or as it ships.

    `own`: every version of the authority's own.
    """
    applying = [
        row for row in own if row["template"] == name and row["withdrawn_at"] is None and row["applies_from"] <= on
    ]
    if not applying:
        return template_of(name)
    asked: Template = max(applying, key=lambda row: row["applies_from"])["asked"]
    return asked


async def templates_of_periods(session: BrokerSession, name: str, periods: Sequence[Period]) -> dict[str, Template]:
    """The version with which the returns of each period are opened, by the period's key."""
    own = await queries.list_own(session)
    return {period.key: asked_of(own, name, period.ends_on) for period in periods}


def _check(session: ReadSession, draft: Draft) -> Template:
    names = sorted({template.name for template in templates()})
    if draft.template not in names:
        refuse([FieldFault("/template", "unknown_value", f"A template is one of {', '.join(names)}.")])
    base = template_of(draft.template)
    faults = [
        FieldFault(f"/content{fault.pointer}", fault.code, fault.detail)
        for fault in template_faults(base, draft.content)
    ]
    if draft.applies_from < session.today:
        sentence = "A version applies from today at the earliest: what has ended was asked otherwise."
        faults.append(FieldFault("/applies_from", "in_the_past", sentence))
    refuse(faults)
    return base

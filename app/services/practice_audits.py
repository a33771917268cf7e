"""Recording audits of practice, and keeping their action plans: each open action is owed by whose practice it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.access import Kind
from app.db import ReadSession, WriteSession
from app.domain.clocks import close_of
from app.domain.measures import Measure, check_scores, measures
from app.domain.practice_audits import (
    MOST_ACTIONS,
    PlannedAction,
    action_faults,
    audit_faults,
    check_action_open,
    due_faults,
)
from app.errors import FieldFault, Invalid, NotFound
from app.ids import new_id
from app.models.measures import audit_action, practice_audit
from app.queries import practice_audits as queries
from app.queries import schools, services
from app.queries.measures import by_version_id, measures_on
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services import events, obligations
from app.services.faults import refuse
from app.services.interventions.case import Check

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit as it is sent. It is about a school or a service; of a school's own, neither need be named."""

    measure: str
    school_id: UUID | None
    service_id: UUID | None
    taken_on: date
    scores: Mapping[str, int]
    evidence: Mapping[str, str]
    actions: Sequence[PlannedAction]


async def find_audit(session: ReadSession, audit_id: UUID) -> Row:
    """An audit that the caller may see, with its actions. Raises NotFound."""
    row = await queries.find_audit(session, audit_id)
    if row is None:
        raise NotFound
    return row


async def record_audit(session: WriteSession, writes: Writes, audit: Audit) -> UUID:
    """Record an audit with its action plan; its id.

    By the school or the provider of the service itself, or by an officer. Raises Invalid naming each fault, and
    AlreadyExists for a second one of the day.
    """
    loaded = (await measures_on(session, audit.taken_on)).get(audit.measure)
    if loaded is None or not loaded.measure.of_practice:
        raise Invalid(errors=[FieldFault("/measure", "unknown_measure", "There is no such audit.")])
    organisation_id = await _audited(session, audit)
    check_scores(loaded.measure, "school" if audit.service_id is None else "service", audit.scores, ())
    refuse(
        [
            *audit_faults(loaded.measure, audit.scores, audit.evidence, audit.taken_on, session.today),
            *action_faults(loaded.measure, audit.actions, session.today, "/actions/{}"),
        ]
    )
    audit_id = new_id()
    writes.add(
        practice_audit,
        id=audit_id,
        organisation_id=organisation_id,
        service_id=audit.service_id,
        measure=audit.measure,
        measure_version=loaded.measure.version,
        measure_version_id=loaded.version_id,
        taken_on=audit.taken_on,
        scores=dict(audit.scores),
        evidence=dict(audit.evidence),
        recorded_by_id=session.organisation_id,
        recorded_at=session.now,
        version=1,
    )
    for position, action in enumerate(audit.actions, start=1):
        _add(session, writes, audit_id, organisation_id, position, action)
    await _tell(session, writes, "practice_audit.recorded", audit_id, organisation_id, 1)
    return audit_id


async def add_action(session: WriteSession, writes: Writes, audit_id: UUID, action: PlannedAction) -> None:
    """Add an action to an audit's plan. Raises NotFound, Invalid."""
    row = await _locked(session, audit_id, _any_version)
    faults = action_faults(await _measure_of(session, row), [action], session.today, "")
    if len(row["actions"]) >= MOST_ACTIONS:
        faults.append(FieldFault("", "too_many", f"An action plan has at most {MOST_ACTIONS} actions."))
    refuse(faults)
    _add(session, writes, audit_id, row["organisation_id"], len(row["actions"]) + 1, action)
    version = await _raise_version(session, row)
    await _tell(session, writes, "practice_audit.action_added", audit_id, row["organisation_id"], version)


async def change_action(
    session: WriteSession, writes: Writes, audit_id: UUID, action_id: UUID, changes: Row, check: Check
) -> None:
    """Change an open action: who sees to it, by when, or that it is done or dropped, which meets or ends the debt.

    `check` judges the audit's version. Raises NotFound, ActionNotAvailable, Invalid and what `check` raises.
    """
    row = await _locked(session, audit_id, check)
    action = next((one for one in row["actions"] if one["id"] == action_id), None)
    if action is None:
        raise NotFound
    check_action_open(action["state"])
    if "due_on" in changes:
        refuse(due_faults(changes["due_on"], session.today, "/due_on"))
        await obligations.put_off(session, "audit_action", action_id, close_of(changes["due_on"]))
    match changes.get("state"):
        case "done":
            await obligations.meet(session, "audit_action", action_id)
        case "dropped":
            await obligations.cancel(session, action_id, ["audit_action"])
    settled = {"settled_at": session.now} if changes.get("state", "open") != "open" else {}
    await change(session, audit_action, {"id": action_id}, {**changes, **settled})
    version = await _raise_version(session, row)
    await _tell(session, writes, "practice_audit.action_changed", audit_id, row["organisation_id"], version, action_id)


async def _audited(session: WriteSession, audit: Audit) -> UUID:
    """Whose practice an audit is about. Raises Invalid for a school or a service that is not the caller's to audit."""
    if audit.service_id is not None:
        service = await services.get_service(session, audit.service_id)
        if service is None or session.kind is Kind.SCHOOL or not _is_own(session, service["provider_id"]):
            raise Invalid(errors=[FieldFault("/service_id", "unknown_service", "There is no such service of yours.")])
        provider_id: UUID = service["provider_id"]
        return provider_id
    school_id = audit.school_id or (session.organisation_id if session.kind is Kind.SCHOOL else None)
    if school_id is None:
        raise Invalid(errors=[FieldFault("/service_id", "required", "Say which school or service it is about.")])
    if not _is_own(session, school_id) or await schools.get_school(session, school_id) is None:
        raise Invalid(errors=[FieldFault("/school_id", "unknown_school", "There is no such school of yours.")])
    return school_id


def _is_own(session: ReadSession, organisation_id: UUID) -> bool:
    return session.kind is Kind.AUTHORITY or organisation_id == session.organisation_id


def _add(
    session: WriteSession, writes: Writes, audit_id: UUID, organisation_id: UUID, position: int, action: PlannedAction
) -> None:
    action_id = new_id()
    writes.add(
        audit_action,
        id=action_id,
        practice_audit_id=audit_id,
        organisation_id=organisation_id,
        position=position,
        area=action.area,
        action=action.action,
        owner=action.owner,
        due_on=action.due_on,
    )
    obligations.owe(
        writes,
        session,
        "audit_action",
        organisation_id,
        subject=("audit_action", action_id),
        clock="working_day",
        due_at=close_of(action.due_on),
    )


async def _locked(session: WriteSession, audit_id: UUID, check: Check) -> Row:
    row = await queries.lock_audit(session, audit_id)
    if row is None:
        raise NotFound
    check(row["version"])
    return row


async def _measure_of(session: ReadSession, row: Row) -> Measure:
    """The measure that an audit was taken by."""
    version_id = row["measure_version_id"]
    if version_id is None:
        return measures()[row["measure"]]
    return (await by_version_id(session, [version_id]))[version_id]


async def _raise_version(session: WriteSession, row: Row) -> int:
    version: int = row["version"] + 1
    await change(session, practice_audit, {"id": row["id"]}, {"version": version})
    return version


async def _tell(
    session: WriteSession,
    writes: Writes,
    event_type: str,
    audit_id: UUID,
    organisation_id: UUID,
    version: int,
    action_id: UUID | None = None,
) -> None:
    events.tell(
        writes,
        session,
        event_type,
        subject=("practice_audit", audit_id, version),
        audience=[await authority_organisation(session), organisation_id],
        data={"action_id": str(action_id)} if action_id else None,
    )


def _any_version(_: int) -> None:
    """Adding to a plan changes nothing that somebody else may have changed."""

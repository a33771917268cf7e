"""What every act on a referral begins and ends with: whether it is open, the locked row, its change, who is told."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.access import Kind
from app.db import BrokerSession, WriteSession
from app.domain.referral import SENDERS_ACTS, State, available_actions
from app.errors import ActionNotAvailable, Forbidden, NotFound, PreconditionFailed
from app.ids import new_id
from app.models import demand
from app.queries import referrals as queries
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change, to_json
from app.services import events

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Officer:
    """Who acts: a client is a machine, so the request names the person."""

    name: str
    role: str | None = None

    def plain(self) -> dict[str, str | None]:
        """As it is kept beside what was done."""
        return {"name": self.name, "role": self.role}


def actions_of(referral: Row, kind: Kind, organisation_id: UUID) -> list[str]:
    """The acts open to a caller now. A closed referral says itself whether it is `reopenable`."""
    actions = available_actions(
        State(referral["state"]), kind, held=bool(referral["holds"]), reopenable=referral.get("reopenable", False)
    )
    return [action for action in actions if _is_theirs(referral, kind, organisation_id, action)]


def _is_theirs(referral: Row, kind: Kind, organisation_id: UUID, action: str) -> bool:
    """Whether an act is the caller's: others read the referral, who have no part in changing it."""
    if kind is Kind.PROVIDER:
        return bool(referral["case_provider_id"] == organisation_id)
    if kind in (Kind.SCHOOL, Kind.AGENCY) and action == "change-school":
        # Whose roll the child is on says so: not an agency that sent the referral.
        return bool(referral["school_id"] == organisation_id)
    if kind in (Kind.SCHOOL, Kind.AGENCY) and action in SENDERS_ACTS:
        return bool(referral["referring_organisation_id"] == organisation_id)
    return True


async def open_to(session: WriteSession, referral_id: UUID, action: str) -> Row:
    """The referral as the caller sees it, when the act is open to it.

    Raises NotFound, ActionNotAvailable, and Forbidden for an act that is another's on a referral that the caller reads.
    """
    referral = await queries.visible(session, referral_id)
    if referral is None:
        raise NotFound
    _check_open(referral, session.kind, session.organisation_id, action)
    return referral


async def lock_open(wide: BrokerSession, referral_id: UUID, kind: Kind, action: str) -> Row:
    """The referral, locked, when the act is still open. Raises NotFound, ActionNotAvailable or Forbidden."""
    referral = await queries.lock(wide, referral_id)
    if referral is None:
        raise NotFound
    _check_open(referral, kind, wide.organisation_id, action)
    return referral


def _check_open(referral: Row, kind: Kind, organisation_id: UUID, action: str) -> None:
    if not _is_theirs(referral, kind, organisation_id, action):
        if kind is Kind.PROVIDER:  # that had the case
            raise NotFound
        who = "the child's school" if action == "change-school" else "the sender of a referral"
        raise Forbidden(f"Only {who} may do that.")
    if action not in actions_of(referral, kind, organisation_id):
        raise ActionNotAvailable(f"A referral that is {referral['state']} is not open to this act.")


def check_read_version(referral: Row, version: int | None) -> None:
    """Raise PreconditionFailed when the referral is no longer the one that was read."""
    if version is not None and referral["version"] != version:
        raise PreconditionFailed


async def parties(wide: BrokerSession, referral: Row) -> list[UUID | None]:
    """Who is told of the referral itself: never a provider that was only offered it."""
    return [
        await authority_organisation(wide),
        referral["referring_organisation_id"],
        referral["school_id"],
        referral["case_provider_id"],
    ]


async def update(wide: BrokerSession, referral: Row, columns: Row) -> None:
    """Write columns of a locked referral that stays in its state; its version rises."""
    values = {**columns, "version": referral["version"] + 1, "updated_at": wide.now}
    await change(wide, demand.referral, {"id": referral["id"]}, values)
    referral.update(values)


def note(wide: BrokerSession, writes: Writes, referral_id: UUID, reason: str, changes: Row) -> None:
    """Queue a line of what was changed after sending. What an officer writes, officers alone read."""
    writes.add(
        demand.referral_amendment,
        id=new_id(),
        referral_id=referral_id,
        organisation_id=wide.organisation_id,
        amended_at=wide.now,
        reason=reason,
        changes=changes,
    )


async def refresh_offer(wide: BrokerSession, writes: Writes, referral: Row) -> None:
    """Let the pending offer's summary say what the referral now says, and tell the provider of its allocation."""
    summary = {
        "band": referral["band"],
        "needs": list(referral["need_codes"]),
        "language": referral["language"],
        "interpreter_needed": referral["interpreter_needed"],
        "modes": list(referral["modes"]),
        "preferred_mode": referral["preferred_mode"],
        "visit_risk_level": referral["visit_risk_level"],
    }
    offer = await wide.row(
        "UPDATE offer SET summary = summary || $3::jsonb, version = version + 1, updated_at = $4,"
        " changed_xid = pg_current_xact_id()"
        " WHERE authority_id = $1 AND referral_id = $2 AND (state = 'pending' OR (state = 'accepted'"
        " AND deemed_at IS NOT NULL AND identity_released_at IS NULL)) RETURNING id, version, provider_id",
        wide.authority_id,
        referral["id"],
        to_json(summary),
        wide.now,
    )
    if offer is not None:
        events.tell(
            writes,
            wide,
            "allocation.amended",
            subject=("allocation", offer["id"], offer["version"]),
            audience=[await authority_organisation(wide), offer["provider_id"]],
            referral_id=referral["id"],
        )

"""Linking the referrals of brothers and sisters whose family wishes one practitioner for them.

A sender names its own referrals alone; officers any, across senders too, and of that no sender is told: it would learn
that another organisation knows the family. So what a sender's act shows it (versions, events) never depends on groups
that officers made: each act writes what it names, linked already or not. Where a lot counts families, siblings share
one case there (`app.services.household_cases`); otherwise each child has a case of its own.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import BrokerSession, WriteSession, broker
from app.domain.referral import State, available_actions
from app.errors import ActionNotAvailable, FieldFault, Forbidden, Invalid, NotFound
from app.models import demand
from app.queries import offers, siblings
from app.queries import referrals as queries
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.answers_to_offers import withdraw_live_offer

SAME_PRACTITIONER = "same_practitioner"


async def sibling_named(wide: BrokerSession, reference: str | None, pupil_id: UUID | None) -> asyncpg.Record | None:
    """The open referral that a caller names as a sibling's, locked; None when it names none.

    Raises Invalid for one that is unknown to the caller, closed, or of the same child. Whose the unknown one is, or
    whether it is at all, is not said.
    """
    if reference is None:
        return None
    sender_id = None if wide.kind is Kind.AUTHORITY else wide.organisation_id
    found = await siblings.of_reference(wide, reference, sender_id=sender_id)
    if found is None:
        raise _fault("unknown", "None of your referrals has this reference.")
    if found["state"] == State.CLOSED:
        raise _fault("closed", "That referral is closed.")
    if found["pupil_id"] == pupil_id:
        raise _fault("same_child", "That referral is of the same child.")
    return found


def _fault(code: str, sentence: str) -> Invalid:
    return Invalid(errors=[FieldFault("/sibling_of", code, sentence)])


async def join(wide: BrokerSession, writes: Writes, sibling: asyncpg.Record) -> UUID:
    """The group of a named referral, which is made with it when it is the first to be named."""
    group_id = UUID(str(sibling["sibling_group_id"] or sibling["id"]))
    if _sends(wide, sibling) or sibling["sibling_group_id"] is None:
        await _write(wide, writes, sibling, group_id)
    return group_id


def _sends(wide: BrokerSession, referral: Any) -> bool:
    """Whether the caller is the sender of a referral."""
    sent: bool = referral["referring_organisation_id"] == wide.organisation_id
    return sent


async def link_siblings(session: WriteSession, writes: Writes, referral_id: UUID, reference: str | None) -> None:
    """Link a referral with a sibling's, or take it out of its group (None); who waits is then decided anew.

    Raises NotFound, Forbidden for a school that did not send it, ActionNotAvailable for a closed one, Invalid.
    """
    visible = await queries.visible(session, referral_id)
    if visible is None:
        raise NotFound
    if session.kind is not Kind.AUTHORITY and visible["referring_organisation_id"] != session.organisation_id:
        raise Forbidden("Only the sender of a referral says that it is of a sibling.")
    async with broker(session) as wide:
        referral = await queries.lock(wide, referral_id)
        if referral is None:
            raise NotFound
        if "siblings" not in available_actions(State(referral["state"]), session.kind):
            raise ActionNotAvailable(f"A referral that is {referral['state']} is not open to this act.")
        sibling = await sibling_named(wide, reference, referral["pupil_id"])
        before = referral["sibling_group_id"]
        await _take_back_joining(wide, writes, referral, None if sibling is None else sibling["id"])
        if sibling is None:
            told = referral["sibling_wish"] if _sends(wide, referral) else before
            if told is not None:
                await _write(wide, writes, referral, None)
        else:
            group_id = await join(wide, writes, sibling)
            if _sends(wide, referral) or before != group_id:
                await _write(wide, writes, referral, group_id)
            for each in await _others(wide, before, [referral_id, sibling["id"]]):
                if each["sibling_group_id"] != group_id:
                    await _write(wide, writes, each, group_id)
        await allocate_waiting(wide, writes, "siblings")


async def _take_back_joining(wide: BrokerSession, writes: Writes, referral: Any, sibling_id: UUID | None) -> None:
    """Take back an offer to join the case of a child who is no longer said to be a brother or sister."""
    offer = await offers.live_of_referral(wide, referral["id"])
    if offer is None or offer["joins_intervention_id"] is None:
        return
    if await siblings.is_in_case(wide, offer["joins_intervention_id"], sibling_id):
        return
    withdrawn = await withdraw_live_offer(wide, writes, referral, "siblings_unlinked")
    if withdrawn is not None:
        await history.move(wide, writes, referral, State.WAITING, event_id=withdrawn, event_type="allocation.withdrawn")


async def _others(wide: BrokerSession, group_id: UUID | None, known: Sequence[UUID]) -> list[asyncpg.Record]:
    """The other members of a group that is taken into another one."""
    return [] if group_id is None else await siblings.members(wide, group_id, known)


async def _write(wide: BrokerSession, writes: Writes, referral: Any, group_id: UUID | None) -> None:
    """Set the group of one referral. Its sender says what the family wishes, and hears of its own links alone."""
    version = referral["version"] + 1
    values: dict[str, object] = {"sibling_group_id": group_id, "version": version, "updated_at": wide.now}
    audience: list[UUID | None] = [await authority_organisation(wide)]
    if _sends(wide, referral):
        values["sibling_wish"] = None if group_id is None else SAME_PRACTITIONER
        audience += [referral["referring_organisation_id"], referral["school_id"]]
    await change(wide, demand.referral, {"id": referral["id"]}, values)
    events.tell(
        writes,
        wide,
        "referral.siblings_unlinked" if group_id is None else "referral.siblings_linked",
        subject=("referral", referral["id"], version),
        audience=audience,
        referral_id=referral["id"],
    )

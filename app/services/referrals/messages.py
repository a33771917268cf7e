"""Messages between the parties of a referral. A message is not a concern, nor a question that stops the clock."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.access import Kind
from app.db import ReadSession, WriteSession
from app.domain.messages import Addressee, Parties, readers_of, usual_addressees
from app.errors import NotFound
from app.ids import new_id
from app.models.words import message
from app.queries import messages as queries
from app.queries import referrals
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.events import tell

Row = dict[str, Any]


async def post_message(
    session: WriteSession, writes: Writes, referral_id: UUID, text: str, to: Sequence[Addressee]
) -> Row:
    """Post a message to parties of a referral as it now stands, or to the other side where none is named; the message.

    No provider has a part in it before it has the case, and none after: one that was offered the referral does not know
    it, and one that handed it over reads on and writes no more. Raises NotFound and Invalid.
    """
    referral = await referrals.visible(session, referral_id)
    if referral is None or not _may_post(session, referral):
        raise NotFound
    parties = Parties(
        referrer=referral["referring_organisation_id"],
        school=referral["school_id"],
        provider=referral["case_provider_id"],
        authority=await authority_organisation(session),
    )
    addressed = tuple(to) or usual_addressees(session.organisation_id, parties)
    readers = readers_of(session.organisation_id, addressed, parties)
    message_id = new_id()
    writes.add(
        message,
        id=message_id,
        referral_id=referral_id,
        organisation_id=session.organisation_id,
        addressed_to=[addressee.value for addressee in addressed],
        reader_ids=list(readers),
        for_case=Addressee.CASE in addressed,
        text=text,
        posted_at=session.now,
    )
    tell(
        writes,
        session,
        "message.posted",
        subject=("message", message_id, 1),
        audience=[parties.authority, *readers],
        referral_id=referral_id,
        data={"addressed_to": [addressee.value for addressee in addressed]},
    )
    await writes.flush(session)
    return await find_message(session, referral_id, message_id)


async def mark_message_read(session: WriteSession, referral_id: UUID, message_id: UUID) -> Row:
    """Mark a message, and those before it, as read by the caller's organisation; the message. Raises NotFound."""
    found = await find_message(session, referral_id, message_id)
    await queries.mark_read(session, referral_id, (found["posted_at"], message_id))
    return await find_message(session, referral_id, message_id)


async def find_message(session: ReadSession, referral_id: UUID, message_id: UUID) -> Row:
    """One message that the caller may read. Raises NotFound."""
    found = await queries.find_message(session, referral_id, message_id)
    if found is None:
        raise NotFound
    return found


def _may_post(session: ReadSession, referral: Row) -> bool:
    return session.kind is not Kind.PROVIDER or referral["case_provider_id"] == session.organisation_id

"""Every act appends exactly one event, in its own transaction, addressed when it is written.

Nothing but ids and codes goes into an event: a reader fetches the subject, and its own row policy decides.
"""

from collections.abc import Iterable
from uuid import UUID

from app import clock
from app.db import WriteSession
from app.ids import new_id
from app.models.events import event, event_audience
from app.queries.writes import Writes


def tell(
    writes: Writes,
    session: WriteSession,
    event_type: str,
    *,
    subject: tuple[str, UUID, int],
    audience: Iterable[UUID | None],
    referral_id: UUID | None = None,
    data: dict[str, object] | None = None,
) -> UUID:
    """Queue one event and its audience; the event's id.

    `subject` is (kind, id, version after the act): clients keep the highest version that they saw. `audience` are the
    organisations that may read the event, now and for ever; None and repeats are dropped.
    """
    event_id = new_id()
    kind, subject_id, version = subject
    writes.add(
        event,
        id=event_id,
        type=event_type,
        subject_kind=kind,
        subject_id=subject_id,
        subject_version=version,
        referral_id=referral_id,
        organisation_id=session.organisation_id,
        client_id=session.principal.client_id,
        occurred_at=session.now,
        recorded_at=clock.real_now(),
        data=data or {},
    )
    for organisation_id in sorted({reader for reader in audience if reader is not None}):
        writes.add(event_audience, event_id=event_id, organisation_id=organisation_id)
    return event_id

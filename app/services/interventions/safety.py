"""Acknowledging how a family may safely be met."""

from uuid import UUID

from app.db import WriteSession
from app.domain.interventions import check_open
from app.queries.writes import Writes
from app.services.interventions.case import Check, Row, case_of, change, lock_case, tell


async def acknowledge_safety(session: WriteSession, writes: Writes, intervention_id: UUID, check: Check) -> Row:
    """Record that the provider has read the safe contact and the visit risks; the intervention.

    The first acknowledgement stands: a second one changes nothing and tells nobody, unless the case has come to
    another provider since. Raises NotFound and
    ActionNotAvailable.
    """
    row = await lock_case(session, intervention_id, check)
    check_open(case_of(row))
    if row["safety_acknowledged_at"] is None:
        await change(session, row, safety_acknowledged_at=session.now, safety_due_again=False)
        await tell(session, writes, "intervention.safety_acknowledged", row)
    return row

"""Whether a closed case may be followed up on a day."""

from datetime import date

from app.db import ReadSession
from app.domain.follow_up import Closed, check_follow_up
from app.domain.vocabulary import ClosureOutcome
from app.queries import case_debts
from app.queries.parties import calendar_of
from app.services.interventions.case import Row
from app.services.interventions.owed import policy_of_case


async def check_followed_up_on(session: ReadSession, row: Row, on: date, pointer: str) -> None:
    """Raise ActionNotAvailable or Invalid unless a closed case's row takes a follow-up of a day."""
    case = Closed(
        closed_on=row["closed_on"],
        outcome=ClosureOutcome(row["outcome"]),
        follow_up_owed=await case_debts.follow_up_owed(session, row["id"]),
    )
    policy = await policy_of_case(session, row)
    check_follow_up(case, on, session.today, await calendar_of(session), policy, pointer)

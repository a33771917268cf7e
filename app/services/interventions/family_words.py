"""The family's own words: kept with consent, and gone when it is taken back. No event has them."""

from typing import Any, Final
from uuid import UUID

from app.access import Kind
from app.db import WriteSession
from app.domain.family_words import check_consent, check_withdrawal
from app.domain.interventions import check_day_of_case, check_open
from app.errors import ActionNotAvailable, NotFound
from app.ids import new_id
from app.models.closing import family_quote
from app.queries import family_quotes as queries
from app.queries import interventions
from app.queries import writes as writing
from app.queries.writes import Writes
from app.services.interventions.case import Check, Row, case_of, change, check_agreed, lock_case, tell

MOST: Final = 100
"""Quotes of one case."""


async def record_words(
    session: WriteSession, writes: Writes, intervention_id: UUID, values: dict[str, Any], check: Check
) -> Row:
    """Keep words of the family; the quote.

    `values`: whose, words, said_on, anonymous, consent_by, consent_on, uses. The referrer is not told. Raises NotFound,
    ActionNotAvailable, Invalid.
    """
    row = await lock_case(session, intervention_id, check)
    case = case_of(row)
    check_open(case)
    check_day_of_case(case, values["said_on"], session.today, "/said_on")
    check_consent(values["said_on"], values["consent_on"], session.today)
    await check_agreed(session, row)
    if await queries.count(session, intervention_id) >= MOST:
        raise ActionNotAvailable(f"A case keeps at most {MOST} of the family's quotes.")
    recorded = {
        **values,
        "id": new_id(),
        "intervention_id": intervention_id,
        "withdrawn_on": None,
        "withdrawn_by": None,
        "recorded_at": session.now,
        "version": 1,
    }
    writes.add(family_quote, **recorded)
    await _tell(session, writes, "intervention.words_recorded", row, recorded["id"])
    return recorded


async def withdraw_words(
    session: WriteSession, writes: Writes, intervention_id: UUID, quote_id: UUID, values: dict[str, Any], check: Check
) -> Row:
    """Take consent back: the words are erased, everywhere that they are read; the quote without them.

    `values`: withdrawn_by, withdrawn_on. At any time, by the provider of the case or an officer: a family may tell
    either. Raises NotFound, ActionNotAvailable when it was done before, Invalid.
    """
    row = await interventions.lock_intervention(session, intervention_id)
    if row is None or (session.kind is not Kind.AUTHORITY and row["provider_id"] != session.organisation_id):
        raise NotFound
    quote = await queries.lock_quote(session, intervention_id, quote_id)
    if quote is None:
        raise NotFound
    check(quote["version"])
    check_withdrawal(quote["withdrawn_on"], values["withdrawn_on"], quote["consent_on"], session.today)
    changed = {**values, "words": None, "version": quote["version"] + 1}
    await writing.change(session, family_quote, {"id": quote_id}, changed)
    await _tell(session, writes, "intervention.words_withdrawn", row, quote_id)
    return {**quote, **changed}


async def _tell(session: WriteSession, writes: Writes, event_type: str, row: Row, quote_id: UUID) -> None:
    await change(session, row)
    await tell(session, writes, event_type, row, to_referrer=False, data={"quote_id": str(quote_id)})

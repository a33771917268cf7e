"""Closure letters: made once, as data, by the act that closes a case, and read as documents ever after."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.clock import london_date
from app.db import BrokerSession, ReadSession
from app.documents.model import Document, Quote, as_data, from_data
from app.domain.family_words import Speaker, WordsUse
from app.domain.interventions import GoalResult
from app.domain.letters import Ended, Held, Pointed, Reachable, Said, family_letter, school_letter, with_words
from app.domain.signposts import ForWhom
from app.domain.vocabulary import ContactResult
from app.errors import NotFound
from app.ids import new_id
from app.models.closing import closure_letter
from app.queries import closure_letters as queries
from app.queries import contacts, family_quotes
from app.queries.writes import Writes
from app.services.interventions.case import Row

_LETTERS: Final = {"family": family_letter, "school": school_letter}
_MOST_ROWS: Final = 200


async def make_letters(
    wide: BrokerSession,
    writes: Writes,
    row: Row,
    *,
    goals: Sequence[tuple[str, GoalResult]],
    summary: Mapping[str, Any],
    signposts: Sequence[Row],
) -> None:
    """Make the letters of an intervention that was just closed (`row` says how), a new version at each closing."""
    names = await queries.names(wide, row["id"])
    held = await contacts.list_contacts(wide, row["id"], limit=_MOST_ROWS)
    quotes = await family_quotes.list_quotes(wide, row["id"], limit=_MOST_ROWS)
    ended = Ended(
        child=names["child"],
        service=names["service"],
        provider=_reachable(names["provider"], names["provider_contact"]),
        children_in_danger=_reachable(names["authority"], names["safeguarding_contact"]),
        school=names["school"],
        started_on=row["started_on"],
        closed_on=row["closed_on"],
        outcome=row["outcome"],
        reason=row["close_reason"],
        contacts=[
            Held(london_date(each["held_at"]), each["kind"], ContactResult(each["result"]))
            for each in held
            if each["superseded_by_id"] is None
        ],
        goals=goals,
        what_changed=summary["what_changed"],
        family_words=summary["family_words"],
        signposts=[
            Pointed(each["name"], each["url"], ForWhom(each["for_whom"]), each["in_letters"]) for each in signposts
        ],
        said=[
            Said(each["id"], Speaker(each["whose"]), frozenset(map(WordsUse, each["uses"])))
            for each in quotes
            if each["withdrawn_on"] is None
        ],
    )
    version = await queries.next_version(wide, row["id"])
    for audience, make in _LETTERS.items():
        writes.add(
            closure_letter,
            id=new_id(),
            intervention_id=row["id"],
            referral_id=row["referral_id"],
            audience=audience,
            version=version,
            made_at=wide.now,
            content=as_data(make(ended)),
        )


async def read_letter(
    session: ReadSession, intervention_id: UUID, audience: str, version: int | None
) -> tuple[Row, Document]:
    """A letter's row and the letter, the latest unless a version is named; without words that were taken back.

    Raises NotFound before the first close, and for a letter that the caller may not see.
    """
    row = await queries.find_letter(session, intervention_id, audience, version)
    if row is None:
        raise NotFound
    letter = from_data(row["content"])
    quoted = [UUID(block.reference) for block in letter.blocks if isinstance(block, Quote) and block.reference]
    return row, with_words(letter, await family_quotes.words_of(session, quoted) if quoted else {})


def _reachable(name: str, contact: Mapping[str, str | None]) -> Reachable:
    return Reachable(contact.get("name") or name, contact.get("phone"), contact.get("email"))

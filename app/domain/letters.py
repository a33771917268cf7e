"""The closure letters: what the family reads of the work when it ends, and what the school reads.

Neither has an address: a letter is put into an envelope by somebody who knows where it may safely go, and a page that
lies about tells nobody where a family lives. Neither has anything of the worker's notes, readings, visit risks or
safeguarding. The family's is in plain words; a child's own words are not sent home with it, because a child may have
said them in trust, and no service for domestic abuse is named. The school's has what the school may read of a case
anyway: whether contacts were kept, the goals, the closure summary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from app.documents.model import Block, Bullets, Document, Facts, Heading, Lines, Paragraph, Quote, Table
from app.domain.family_words import Speaker, WordsUse
from app.domain.interventions import GoalResult
from app.domain.plain_english import code_words, long_date, times
from app.domain.signposts import ForWhom
from app.domain.vocabulary import ATTENDED_RESULTS, ContactResult


@dataclass(frozen=True, slots=True)
class Held:
    """A contact that took place, or was to."""

    on: date
    kind: str
    result: ContactResult


@dataclass(frozen=True, slots=True)
class Pointed:
    """A service that the family was pointed to."""

    name: str
    url: str | None
    for_whom: ForWhom
    in_letters: bool


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the family that were kept with consent; the words themselves are read with the letter."""

    id: UUID
    whose: Speaker
    uses: frozenset[WordsUse]


@dataclass(frozen=True, slots=True)
class Reachable:
    """Somebody to call."""

    name: str
    phone: str | None
    email: str | None

    def line(self) -> str:
        """How to reach them, in one line."""
        return ", ".join([self.name, *(way for way in (self.phone, self.email) if way)])


@dataclass(frozen=True, slots=True)
class Ended:
    """A case on the day that it was closed, as far as its letters tell of it."""

    child: str
    service: str
    provider: Reachable
    children_in_danger: Reachable
    """Whom the authority names for a child who may be in danger."""
    school: str | None
    started_on: date | None
    closed_on: date
    outcome: str
    reason: str
    contacts: Sequence[Held]
    """Those that no later one took the place of, in order."""
    goals: Sequence[tuple[str, GoalResult]]
    what_changed: str | None
    family_words: str | None
    signposts: Sequence[Pointed]
    said: Sequence[Said]


_TO_THE_FAMILY: Final = {
    GoalResult.ACHIEVED: "You got there. Well done.",
    GoalResult.PARTLY: "You got part of the way.",
    GoalResult.NOT: "Not this time. It can still be something to work on.",
}
_TO_THE_SCHOOL: Final = {
    GoalResult.ACHIEVED: "achieved",
    GoalResult.PARTLY: "partly achieved",
    GoalResult.NOT: "not achieved",
}


def family_letter(ended: Ended) -> Document:
    """The letter that the family keeps."""
    blocks: list[Block] = [
        Lines((long_date(ended.closed_on),)),
        Paragraph(f"Dear {ended.child} and family,"),
        Paragraph(
            "Our work together has come to an end. This letter is yours to keep. It says what we did, how your goals"
            " went, and who can help from here."
        ),
        Heading("What we did together"),
        Paragraph(_work_done(ended)),
    ]
    if ended.goals:
        blocks += [
            Heading("Your goals"),
            Facts(tuple((title, _TO_THE_FAMILY[result]) for title, result in ended.goals)),
        ]
    blocks += _own_words(ended)
    named = [point for point in ended.signposts if point.in_letters]
    if named:
        blocks += [
            Heading("Where you can go next"),
            Paragraph("We talked about these places that can help:"),
            Bullets(tuple(_pointed(point) for point in named)),
        ]
    blocks += [
        Heading("Whom to call"),
        Paragraph(f"If something in this letter is not right, or you have a question: {ended.provider.line()}."),
        Paragraph(
            "If you think that a child is in danger now, call 999. If you are worried about a child, call"
            f" {ended.children_in_danger.line()}."
        ),
        Lines(("Thank you for working with us.", ended.provider.name)),
    ]
    return Document(f"How our work with {ended.child} and family went", ended.closed_on, tuple(blocks))


def school_letter(ended: Ended) -> Document:
    """The letter for the school: what it may read of the case anyway, on one page."""
    facts = [
        ("Child", ended.child),
        ("Service", ended.service),
        ("Provider", ended.provider.line()),
        ("First contact kept", long_date(ended.started_on) if ended.started_on else "none was kept"),
        ("Closed", long_date(ended.closed_on)),
        ("Outcome", code_words(ended.outcome)),
        ("Reason", code_words(ended.reason)),
    ]
    if ended.school is not None:
        facts.insert(1, ("School", ended.school))
    blocks: list[Block] = [Facts(tuple(facts))]
    if ended.what_changed is not None:
        blocks += [Heading("What changed"), Paragraph(ended.what_changed)]
    if ended.goals:
        rows = tuple((title, _TO_THE_SCHOOL[result]) for title, result in ended.goals)
        blocks += [Heading("Goals"), Table("The goals of the plan", ("Goal", "Result"), rows)]
    if ended.contacts:
        rows3 = tuple((long_date(held.on), code_words(held.kind), code_words(held.result)) for held in ended.contacts)
        blocks += [Heading("Contacts"), Table("Contacts with the family", ("Day", "Kind", "Result"), rows3)]
    if ended.family_words is not None:
        blocks += [Heading("In the family's own words"), Quote(ended.family_words, "The family")]
    named = [point for point in ended.signposts if point.in_letters and point.for_whom is not ForWhom.PARENT]
    if named:
        blocks += [Heading("Where the family was pointed to"), Bullets(tuple(_pointed(point) for point in named))]
    return Document(f"How the work with {ended.child} ended", ended.closed_on, tuple(blocks))


def _work_done(ended: Ended) -> str:
    kept = [held for held in ended.contacts if held.result in ATTENDED_RESULTS]
    if not kept or ended.started_on is None:
        return f"{ended.provider.name} offered you {ended.service}. We did not get to meet this time."
    return (
        f"{ended.provider.name} worked with you from {long_date(ended.started_on)} to {long_date(ended.closed_on)}"
        f" ({ended.service}). In that time we met {times(len(kept))}."
    )


def _own_words(ended: Ended) -> list[Block]:
    blocks: list[Block] = [] if ended.family_words is None else [Quote(ended.family_words, "You told us")]
    blocks += [
        Quote("", "You told us", str(said.id))
        for said in ended.said
        if said.whose is Speaker.PARENT and WordsUse.REPORT in said.uses
    ]
    return [Heading("In your own words"), *blocks] if blocks else []


def _pointed(point: Pointed) -> str:
    return point.name if point.url is None else f"{point.name}: {point.url}"


TAKEN_BACK: Final = "These words were taken back."


def with_words(letter: Document, words: dict[str, str | None]) -> Document:
    """The letter with the words of its quotes, by their ids; a sentence in place of those that were taken back."""
    blocks: list[Block] = []
    for block in letter.blocks:
        if isinstance(block, Quote) and block.reference is not None:
            text = words.get(block.reference)
            blocks.append(Paragraph(TAKEN_BACK) if text is None else Quote(text, block.said_by, block.reference))
        else:
            blocks.append(block)
    return Document(letter.title, letter.issued_on, tuple(blocks), letter.language)

"""The minutes of a sitting as a document, from what was frozen when they were drafted.

An open part says who met and how often which outcome was reached; a closed part has an item each, by reference and
initials. No name of a child or a family stands in either.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from app.documents.model import Block, Bullets, Document, Facts, Heading, Paragraph, Table

_OUTCOMES: Final = {
    "allocate": "To be allocated",
    "redirect": "Redirected",
    "request_information": "Information requested",
    "hold": "Held for the next sitting",
    "no_further_action": "No further action",
    "not_reached": "Not reached: goes on to the next sitting",
}
_EFFECTS: Final = {
    "offered": "a place was offered",
    "waiting": "no place of the lot was free, so the referral waits with its date",
    "closed": "the referral was closed",
    "information_requested": "the sender was asked",
    "held": "it stays before the panel",
    "recorded": "recorded",
}
_PRESENCE: Final = {"present": "present", "apologies": "apologies", "absent": "absent"}


def initials(given_name: str, family_name: str) -> str:
    """A child's initials, as `Z. Q.`: of the first letter of each name that is there."""
    return " ".join(f"{name.strip()[0].upper()}." for name in (given_name, family_name) if name.strip())


def minutes_document(content: Mapping[str, Any], items: Sequence[Mapping[str, Any]], issued_on: date) -> Document:
    """The document: `content` is the open part, `items` those of the closed part that its reader may have."""
    blocks: list[Block] = [
        Paragraph(
            "Confidential. For the members of this sitting only: not to be passed on or kept with other records."
        ),
        Facts(
            (
                ("Panel", content["panel_name"]),
                ("Held on", _day(content["sits_on"])),
                ("Chair", content["chair_name"]),
                ("Quorum", _quorum(content)),
                ("Minutes", f"version {content['number']}"),
            )
        ),
        Heading("Present and apologies"),
        _people(content["attendance"]),
        Heading("Outcomes"),
        _outcomes(content["outcome_counts"]),
    ]
    if content["remarks"]:
        blocks += [Heading("Remarks"), Paragraph(content["remarks"])]
    for number, item in enumerate(items, start=1):
        blocks += _item(number, item)
    return Document(f"Minutes: {content['panel_name']}, {_day(content['sits_on'])}", issued_on, tuple(blocks))


def _day(text: str) -> str:
    on = date.fromisoformat(text)
    return f"{on.day} {on:%B %Y}"


def _quorum(content: Mapping[str, Any]) -> str:
    met = "met" if content["quorate"] else "not met"
    return f"{met} ({content['quorum_note']})" if content["quorum_note"] else met


def _people(people: Sequence[Mapping[str, Any]]) -> Block:
    if not people:
        return Paragraph("Nobody was recorded.")
    rows = tuple((one["organisation_name"], one["name"], one["role"] or "", _PRESENCE[one["state"]]) for one in people)
    return Table("Who came", ("Organisation", "Name", "Role", "Attendance"), rows)


def _outcomes(counts: Mapping[str, int]) -> Block:
    return Bullets(tuple(f"{_OUTCOMES[outcome]}: {count}" for outcome, count in counts.items()))


def _item(number: int, item: Mapping[str, Any]) -> list[Block]:
    known = " ".join(part for part in (item["initials"], item["year_group"] and f"(year {item['year_group']})") if part)
    facts = [("Outcome", _OUTCOMES[item["outcome"]])]
    if item["effect"]:
        facts += [("What came of it", _EFFECTS[item["effect"]]), ("Reason", item["reason"])]
    for name, label in (("redirected_to", "Redirected to"), ("question", "Question"), ("decided_by", "Recorded by")):
        if item[name]:
            facts.append((label, item[name]))
    blocks: list[Block] = [Heading(f"{number}. {item['title']} {known}".rstrip()), Facts(tuple(facts))]
    if item["actions"]:
        rows = tuple((one["owner_name"], one["what"], _day(one["due_on"])) for one in item["actions"])
        blocks.append(Table("Actions", ("Who", "What", "By when"), rows))
    return blocks

"""What an officer asks to be otherwise: checked against what the authority has, resolved, and put into words."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson

from app.db import ReadSession
from app.domain.allocation.what_if import WhatIf
from app.domain.policy import Policy, policy_from
from app.errors import FieldFault
from app.queries import policies
from app.services.faults import refuse

NOTHING = WhatIf()


def check_asked(asked: WhatIf, places: Mapping[UUID, int], practitioners: Collection[UUID]) -> None:
    """Raise Invalid for a lot or practitioner that the authority does not have, or a lot left with less than nothing.

    `places`: by casework lot, how many it has.
    """
    refuse([*_lot_faults(asked, places), *_practitioner_faults(asked, practitioners)])


def _lot_faults(asked: WhatIf, places: Mapping[UUID, int]) -> Iterator[FieldFault]:
    unknown = "The authority has no casework lot of this id."
    seen: set[UUID] = set()
    for number, (lot_id, more) in enumerate(asked.places):
        pointer = f"/what_if/places/{number}"
        if lot_id not in places:
            yield FieldFault(f"{pointer}/lot_id", "unknown", unknown)
        elif lot_id in seen:
            yield FieldFault(f"{pointer}/lot_id", "twice", "State each lot once, with the whole change.")
        elif places[lot_id] + more < 0:
            sentence = f"The lot has {places[lot_id]} places: it cannot give up {-more}."
            yield FieldFault(f"{pointer}/more", "below_zero", sentence)
        seen.add(lot_id)
    for number, (lot_id, _, _) in enumerate(asked.practitioners):
        if lot_id not in places:
            yield FieldFault(f"/what_if/practitioners/{number}/lot_id", "unknown", unknown)


def _practitioner_faults(asked: WhatIf, practitioners: Collection[UUID]) -> Iterator[FieldFault]:
    for number, (practitioner_id, _) in enumerate(asked.languages):
        if practitioner_id not in practitioners:
            sentence = "No practitioner with a place has this id."
            yield FieldFault(f"/what_if/languages/{number}/practitioner_id", "unknown", sentence)


async def policy_asked(session: ReadSession, in_force: Policy, asked: WhatIf) -> Policy:
    """The policy that is asked about: a published version, and fields of a draft over it.

    Raises Invalid naming the version that is not there, or each field that is not right.
    """
    policy = in_force
    if asked.policy_id is not None:
        row = await policies.get_policy(session, asked.policy_id)
        if row is None:
            sentence = "The authority has no policy version of this id."
            refuse([FieldFault("/what_if/policy_id", "unknown", sentence)])
        else:
            policy = policy_from(orjson.loads(row["content"]))
    faults = []
    content = policy.content()
    for name, value in asked.policy_fields:
        try:
            policy_from({name: value})
        except ValueError as error:
            faults.append(FieldFault(f"/what_if/policy/{name}", "not_valid", str(error)))
        content[name] = value
    refuse(faults)
    return policy_from(content)


def plain(asked: WhatIf) -> dict[str, Any] | None:
    """As it is kept and told; None when nothing is asked to be otherwise."""
    if asked == NOTHING:
        return None
    return {
        "places": [{"lot_id": lot_id, "more": count} for lot_id, count in asked.places],
        "languages": [{"practitioner_id": who, "language": language} for who, language in asked.languages],
        "practitioners": [
            {"lot_id": lot_id, "language": language, "places": count} for lot_id, language, count in asked.practitioners
        ],
        "fair_share": asked.fair_share,
        "deemed_acceptance": asked.deemed_acceptance,
        "policy_id": asked.policy_id,
        "policy": dict(asked.policy_fields) or None,
    }


def in_words(asked: WhatIf, names: Mapping[UUID, str]) -> list[str]:
    """What is otherwise, for a sentence that begins with `With`."""
    said = [
        f"{abs(more)} {'more' if more > 0 else 'fewer'} place{'' if abs(more) == 1 else 's'} in {_name(names, lot_id)}"
        for lot_id, more in asked.places
    ]
    said += [
        f"one more practitioner ({language}, {count} place{'' if count == 1 else 's'}) in {_name(names, lot_id)}"
        for lot_id, language, count in asked.practitioners
    ]
    said += [f"the language {language} of one practitioner" for _, language in asked.languages]
    if asked.deemed_acceptance:
        said.append("silence counted as a yes")
    if asked.policy_id is not None:
        said.append("another version of the policy")
    if asked.policy_fields:
        fields = ", ".join(name.replace("_", " ") for name, _ in asked.policy_fields)
        said.append(f"other figures in the policy ({fields})")
    if asked.fair_share is not None:
        said.append(f"fair share {'on' if asked.fair_share else 'off'}")
    return said


def _name(names: Mapping[UUID, str], lot_id: UUID) -> str:
    return names.get(lot_id, "a lot")

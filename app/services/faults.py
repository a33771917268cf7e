"""Faults of a request that only the database can tell, as one refusal that names every field."""

from collections.abc import Sequence
from uuid import UUID

from app.errors import FieldFault, Invalid


def unknown_ids(pointer: str, wanted: Sequence[UUID], known: set[UUID], noun: str) -> list[FieldFault]:
    """A fault for each id of a list that is not known; `noun` says what it should have been, in the singular."""
    return [
        FieldFault(f"{pointer}/{index}", f"unknown_{noun}", f"There is no {noun} of this id that fits here.")
        for index, one in enumerate(wanted)
        if one not in known
    ]


def outside(pointer: str, wanted: Sequence[str], allowed: Sequence[str], whose: str) -> list[FieldFault]:
    """A fault for each code of a list that is not among those that `whose` has."""
    return [
        FieldFault(f"{pointer}/{index}", "not_offered", f"This is not among those of {whose}.")
        for index, one in enumerate(wanted)
        if one not in allowed
    ]


def refuse(faults: Sequence[FieldFault]) -> None:
    """Raise Invalid with the faults, if there are any."""
    if faults:
        raise Invalid(errors=list(faults))

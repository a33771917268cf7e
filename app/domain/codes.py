"""Code lists of the DfE Common Basic Data Set that describe pupils, read once from the package."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from app.domain.packaged import packaged_rows

_LISTED_IN_FULL: Final = 12

_CHANGED_IN: Final = 2024
"""The academic year (its first calendar year) from which the School Attendance (Pupil Registration) (England)
Regulations 2024 (SI 2024/208) changed the register's codes."""
_WITHDRAWN: Final = frozenset({"H", "J", "Y"})
_ADDED: Final = frozenset({"C1", "C2", "J1", "K", "Q", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7"})


class AttendanceClass(StrEnum):
    """What a register mark counts as in statistics (Working together to improve school attendance, 2024)."""

    ATTENDING = "attending"
    APPROVED_EDUCATIONAL_ACTIVITY = "approved_educational_activity"
    AUTHORISED_ABSENCE = "authorised_absence"
    UNAUTHORISED_ABSENCE = "unauthorised_absence"
    NOT_POSSIBLE_ATTENDANCE = "not_possible_attendance"
    NOT_COLLECTED = "not_collected"


def codes(set_name: str) -> Mapping[str, str]:
    """Return the labels of a code list by code, in the list's own order.

    Raises KeyError when there is no such list.
    """
    return _code_sets()[set_name]


def code_set_names() -> tuple[str, ...]:
    """Return the names of the code lists that ship with the service."""
    return tuple(_code_sets())


def code_fault(set_name: str, value: str) -> str | None:
    """Return one plain sentence when a value is no code of the list, or None.

    Codes are compared as written, capitals included. Raises KeyError when there is no such list.
    """
    known = codes(set_name)
    if value in known:
        return None
    spoken = set_name.replace("_", " ").replace("upn", "UPN").replace("fsm", "FSM").replace("sen ", "SEN ")
    if len(known) <= _LISTED_IN_FULL:
        return f"This is not a code of the list '{spoken}', which has {', '.join(known)}."
    return f"This is not a code of the list '{spoken}' (DfE Common Basic Data Set, in capital letters)."


@cache
def attendance_classes() -> Mapping[str, AttendanceClass]:
    """Return the statistical class of each register mark, those withdrawn in August 2024 included."""
    return MappingProxyType(
        {
            row["code"]: AttendanceClass(row["statistical_class"])
            for row in packaged_rows("code_sets.csv")
            if row["code_set"] == "attendance_code"
        }
    )


@cache
def register_marks(start_year: int) -> Mapping[str, AttendanceClass]:
    """Return the statistical class of each mark that registers use in the academic year that begins in `start_year`."""
    out_of_use = _WITHDRAWN if start_year >= _CHANGED_IN else _ADDED
    return MappingProxyType({code: kind for code, kind in attendance_classes().items() if code not in out_of_use})


@cache
def _code_sets() -> Mapping[str, Mapping[str, str]]:
    sets: dict[str, dict[str, str]] = {}
    for row in packaged_rows("code_sets.csv"):
        sets.setdefault(row["code_set"], {})[row["code"]] = row["label"]
    return MappingProxyType({name: MappingProxyType(labels) for name, labels in sets.items()})

"""Outcomes over the wire: the figures of the domain, as JSON and as CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from app.domain.outcomes import (
    AttendanceChange,
    CapacityPoint,
    GroupBy,
    Interval,
    SuspensionsChange,
    Timeliness,
    VolumeUse,
)
from app.routers.schemas.base import Out


class Measure(StrEnum):
    """The outcomes that can be asked for."""

    ATTENDANCE = "attendance"
    SUSPENSIONS = "suspensions"
    CAPACITY = "capacity"
    TIMELINESS = "timeliness"


DEFINITIONS: Final = {
    Measure.ATTENDANCE: (
        "Of pupils whose support ended in the period: the share of possible sessions attended in the first full term"
        " after closure, minus that in the last term before referral. Figures from returns come before pushed ones, and"
        " those before the referral's own, which stand in where the whole term before was not reported. The interval is"
        " Student's t at 95%."
    ),
    Measure.SUSPENSIONS: (
        "Of pupils whose support ended in the period and who had more than one suspension in the last term before"
        " referral: the share with at least half as many fewer in the first full term after closure. Totals are of all"
        " pupils whose both terms are known."
    ),
    Measure.CAPACITY: (
        "Places held (offered, accepted or in use) over places there, per day or week of the period, at most 1: days on"
        " which a place was held that a cut had taken away are told as over-held; and interventions whose first contact"
        " was attended, up to its last day, over the volume commissioned."
    ),
    Measure.TIMELINESS: (
        "School days from receipt to first offer, acceptance and first attended contact, of referrals received in the"
        " period. Those still waiting, or closed without, count as waiting until then (Kaplan-Meier)."
    ),
}


class OutcomeOut(Out):
    """An outcome: what was asked, how it is defined, and its figures, one row per group."""

    measure: Measure
    definition: str
    starts_on: date | None
    ends_on: date | None
    group_by: GroupBy | None = None
    interval: Interval | None = Field(default=None, description="For capacity: the step of its rows.")
    data: list[AttendanceChange] | list[SuspensionsChange] | list[CapacityPoint] | list[Timeliness]
    volume: list[VolumeUse] | None = Field(default=None, description="For capacity: the volume of each lot.")


ROW_OF: Final[dict[Measure, type[Any]]] = {
    Measure.ATTENDANCE: AttendanceChange,
    Measure.SUSPENSIONS: SuspensionsChange,
    Measure.CAPACITY: CapacityPoint,
    Measure.TIMELINESS: Timeliness,
}

# What a spreadsheet would take for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(row_type: type[Any], rows: Sequence[Any]) -> str:
    """Rows of figures, dataclasses of one type, as CSV with a header line; an absent figure is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([field.name for field in fields(row_type)])
    writer.writerows([_cell(value) for value in asdict(row).values()] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value

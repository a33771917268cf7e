"""What became of a sheet, over the wire."""

from typing import Any, Final, Literal

from pydantic import Field

from app.domain.return_sheet import Taken
from app.routers.schemas.base import Out

_MOST_LINES_TOLD: Final = 2_000


class CellFaultOut(Out):
    """What is wrong with a line: the heading of the column, empty when it is the line itself, and a sentence."""

    column: str
    code: str
    detail: str


class LineOut(Out):
    """What became of one line of the sheet."""

    line: int = Field(description="Its number in the file, the headings being line 1 as a rule.")
    referral_reference: str | None
    outcome: Literal["taken", "unchanged", "repeated", "refused"]
    errors: list[CellFaultOut]


class RowsTakenOut(Out):
    """What became of a sheet, line by line."""

    dry_run: bool
    version: int = Field(description="The return's version after it.")
    taken_count: int
    unchanged_count: int
    repeated_count: int
    refused_count: int
    unknown_headings: list[str] = Field(description="Columns that were passed over.")
    lines: list[LineOut] = Field(description=f"The refused first; at most {_MOST_LINES_TOLD}.")


def rows_taken(row: dict[str, Any], taken: Taken, *, dry_run: bool) -> RowsTakenOut:
    """What became of a sheet that was sent for a return."""
    counts = dict.fromkeys(("taken", "unchanged", "repeated", "refused"), 0)
    for answer in taken.answers:
        counts[answer.outcome] += 1
    told = sorted(taken.answers, key=lambda answer: (answer.outcome != "refused", answer.line))[:_MOST_LINES_TOLD]
    return RowsTakenOut(
        dry_run=dry_run,
        version=row["version"],
        **{f"{outcome}_count": count for outcome, count in counts.items()},
        unknown_headings=taken.unknown_headings,
        lines=[
            LineOut(
                line=answer.line,
                referral_reference=answer.reference,
                outcome=answer.outcome,
                errors=[
                    CellFaultOut(column=fault.pointer, code=fault.code, detail=fault.detail) for fault in answer.faults
                ],
            )
            for answer in told
        ],
    )

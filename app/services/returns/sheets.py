"""A return's rows as a spreadsheet, out and in. What is good in a sheet is kept, whatever else is in it."""

from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.domain.return_rules import draft_faults
from app.domain.return_sheet import Taken, sheet_of, take_sheet
from app.domain.returns import ReturnAct, ReturnState, Template, move
from app.domain.sheets import Sheet
from app.errors import Invalid
from app.queries import returns as queries
from app.queries.return_templates import asked_by
from app.queries.writes import Writes
from app.services.returns.reading import Check, Row, act, lock, read_return


async def return_as_sheet(session: ReadSession, return_id: UUID) -> tuple[Row, list[str], list[list[Any]]]:
    """A return, and its rows with their headings, named as far as the caller may know who they are. Raises NotFound."""
    row = await read_return(session, return_id)
    template = await asked_by(session, row["template"], row["template_version"])
    rows = row["content"][template.rows[0]]
    people = await queries.people_of(session, [one["referral_reference"] for one in rows])
    return row, *sheet_of(template, rows, people)


async def read_rows(session: ReadSession, return_id: UUID, sheet: Sheet) -> tuple[Row, Taken]:
    """What would come of a sheet; nothing is changed. Raises as `take_rows`."""
    row = await read_return(session, return_id)
    return row, (await _read(session, row, sheet))[1]


async def take_rows(
    session: WriteSession, writes: Writes, return_id: UUID, sheet: Sheet, check: Check
) -> tuple[Row, Taken]:
    """Read a sheet into a return's draft, line by line; the return, and what became of each line.

    A sheet that changes nothing leaves the return as it is. Raises NotFound, ActionNotAvailable once the return is
    submitted (until it is queried), and Invalid for a sheet without the columns that rows are found by.
    """
    row = await lock(session, return_id, check)
    template, taken = await _read(session, row, sheet)
    content = {**row["content"], template.rows[0]: taken.rows}
    if content == row["content"]:
        return row, taken
    faults = draft_faults(template, content, row["prefilled"])
    if faults:
        raise Invalid(errors=faults)
    return await act(session, writes, row, ReturnAct.FILL, content=content), taken


async def _read(session: ReadSession, row: Row, sheet: Sheet) -> tuple[Template, Taken]:
    move(ReturnState(row["state"]), ReturnAct.FILL)
    template = await asked_by(session, row["template"], row["template_version"])
    field, _ = template.rows
    return template, take_sheet(template, sheet, row["content"][field], row["prefilled"][field], row["period"])

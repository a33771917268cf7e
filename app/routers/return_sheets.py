"""A return's rows in a spreadsheet: a template to fill in, as CSV or a workbook, and the sheet that comes back."""

import asyncio
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import WriteSession
from app.domain.sheets import CSV, READERS, XLSX, Sheet, read_sheet, to_csv, to_xlsx
from app.errors import UnsupportedMediaType
from app.http.answers import JSON, once, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag
from app.queries.writes import Writes
from app.routers.returns import IfMatch
from app.routers.schemas.return_sheets import RowsTakenOut, rows_taken
from app.services import audit
from app.services.idempotency import Answer
from app.services.returns import read_return, read_rows, return_as_sheet, take_rows

router = APIRouter(prefix="/v1/returns/{return_id}", tags=["returns"])

_EXAMPLE: Final = "Reference;Sessions possible;Sessions attended\r\nR-7K3F-9QXM;142;121\r\n"
_FILE: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "At most 20,000 lines, and no more than the service takes in one body (1 MiB).",
        "content": {CSV: {"schema": {"type": "string"}, "example": _EXAMPLE}, XLSX: _FILE},
    }
}


@router.get(
    "/template.csv",
    operation_id="get_return_sheet",
    response_class=Response,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
async def get_csv(return_id: UUID, call: Annotated[Call, Depends(caller("get_return_sheet"))]) -> Response:
    """The return's rows as CSV, as far as they are filled in: one row per pupil, for any spreadsheet program."""
    row, headings, lines = await _sheet(call, return_id)
    return _file(row, to_csv(headings, lines), CSV, "csv")


@router.get(
    "/template.xlsx",
    operation_id="get_return_workbook",
    response_class=Response,
    responses={200: {"content": {XLSX: _FILE}}},
)
async def get_xlsx(return_id: UUID, call: Annotated[Call, Depends(caller("get_return_workbook"))]) -> Response:
    """The return's rows as an Excel workbook."""
    row, headings, lines = await _sheet(call, return_id)
    # Beside the event loop: a workbook of the longest return takes the library a second.
    content = await asyncio.to_thread(to_xlsx, "Return", headings, lines)
    return _file(row, content, XLSX, "xlsx")


async def _sheet(call: Call, return_id: UUID) -> tuple[dict[str, Any], list[str], list[list[Any]]]:
    async with call.read() as session:
        found = await return_as_sheet(session, return_id)
    await audit.record(call.runtime.database, call.principal, "read_identity", "return", return_id, ["name"])
    return found


def _file(row: dict[str, Any], content: bytes, media_type: str, ending: str) -> Response:
    name = f"{row['template']}-{row['period'].replace('/', '-')}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": entity_tag(row["version"], ending)}
    return Response(content, 200, headers, f"{media_type}; charset=utf-8" if media_type == CSV else media_type)


@router.post("/rows", operation_id="send_return_rows", responses={200: {"model": RowsTakenOut}}, openapi_extra=_BODY)
async def send_rows(
    return_id: UUID,
    call: Annotated[Call, Depends(caller("send_return_rows"))],
    *,
    dry_run: Annotated[
        bool, Query(description="Read the sheet and tell what would come of it; change nothing.")
    ] = False,
    if_match: IfMatch = None,
) -> Response:
    """Fill the return in from a sheet. Each line is answered; what is good is kept, as a draft.

    CSV as any program saves it (commas, semicolons or tabs, with or without a byte order mark, dates as 02/09/2026),
    or an Excel workbook, whose first sheet is read. A line finds its row by `Reference`, or by `MIS number` where that
    is one row's alone. A column that is left out leaves what is kept, and an empty cell empties it. Attendance may come
    as register marks in place of the four counts. The same line twice is taken once; two that differ are both refused.
    """
    # First, so that nobody has a file unpacked for a return that is another's.
    async with call.read() as session:
        await read_return(session, return_id)
    media_type, sheet, digest = await _sent(call)
    if dry_run:
        async with call.read() as session:
            row, taken = await read_rows(session, return_id, sheet)
        return Response(to_bytes(rows_taken(row, taken, dry_run=True)), 200, None, JSON)

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row, taken = await take_rows(session, writes, return_id, sheet, lambda version: check_match(if_match, version))
        return Answer(200, {"ETag": entity_tag(row["version"])}, to_bytes(rows_taken(row, taken, dry_run=False)))

    return await once(call, {"return_id": return_id, "type": media_type, "digest": digest}, work)


async def _sent(call: Call) -> tuple[str, Sheet, str]:
    """The media type, the sheet and the digest of what was sent."""
    media_type = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in READERS:
        raise UnsupportedMediaType(f"Send {' or '.join(READERS)}.")
    content = await call.request.body()
    sheet = await asyncio.to_thread(read_sheet, media_type, content)
    return media_type, sheet, sha256(content).hexdigest()

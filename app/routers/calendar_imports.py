"""Calendars sent as a file."""

import asyncio
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import WriteSession
from app.errors import PayloadTooLarge, UnsupportedMediaType
from app.http.answers import JSON, once, to_bytes
from app.http.caller import Call, caller
from app.queries.writes import Writes
from app.routers.schemas.calendars import (
    CalendarImportOut,
    ImportedLineOut,
    ImportedYearOut,
    closures_out,
    half_terms_out,
)
from app.services.calendar_imports import READERS, CalendarFile, compare, read_file, take
from app.services.idempotency import Answer
from app.services.school_calendars import check_may_state

router = APIRouter(tags=["calendars"])

_LARGEST_BYTES: Final = 262_144
_CSV: Final = """academic_year,kind,number,name,starts_on,ends_on
2026/27,half_term,1,,2026-09-02,2026-10-23
2026/27,half_term,2,,2026-11-02,2026-12-18
2026/27,half_term,3,,2027-01-04,2027-02-12
2026/27,half_term,4,,2027-02-22,2027-03-25
2026/27,half_term,5,,2027-04-12,2027-05-28
2026/27,half_term,6,,2027-06-07,2027-07-21
2026/27,inset,,Training day,2026-09-02,
"""
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "At most 256 KiB.",
        "content": {
            "text/csv": {"schema": {"type": "string", "maxLength": _LARGEST_BYTES}, "example": _CSV},
            "text/calendar": {"schema": {"type": "string", "maxLength": _LARGEST_BYTES}},
        },
    }
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {200: {"model": CalendarImportOut}}

DryRun = Annotated[bool, Query(description="Read the file and tell what would come of it; change nothing.")]
Replace = Annotated[bool, Query(description="Replace years that are loaded already, which else is refused.")]


@router.post("/v1/calendars/import", operation_id="import_calendar", responses=_ANSWERS, openapi_extra=_BODY)
async def import_calendar(
    call: Annotated[Call, Depends(caller("import_calendar"))], *, dry_run: DryRun = False, replace: Replace = False
) -> Response:
    """Load the authority's academic years from CSV or iCalendar (RFC 5545), whole or not at all.

    A year is six half-terms, or three terms with a half-term holiday in each; with training days, and bank holidays
    that were proclaimed once. CSV: a header, commas or semicolons, dates as 2026-09-02 or 02/09/2026. iCalendar:
    whole-day events told by their summary, such as "Autumn term", "Half term" or "INSET day"; what is no part of a
    calendar is left out, and said so. With faults `dry_run` answers them line by line; without it they are refused
    with 422.
    """
    return await _import(call, None, dry_run=dry_run, replace=replace)


@router.post(
    "/v1/schools/{school_id}/calendar/import",
    operation_id="import_school_calendar",
    responses=_ANSWERS,
    openapi_extra=_BODY,
)
async def import_school_calendar(
    school_id: UUID,
    call: Annotated[Call, Depends(caller("import_school_calendar"))],
    *,
    dry_run: DryRun = False,
    replace: Replace = False,
) -> Response:
    """State a school's own calendar from CSV or iCalendar, as `import_calendar` does for the authority.

    A file may hold training days alone: the half-terms stay the authority's then.
    """
    return await _import(call, school_id, dry_run=dry_run, replace=replace)


async def _import(call: Call, school_id: UUID | None, *, dry_run: bool, replace: bool) -> Response:
    if school_id is not None:
        async with call.read() as session:
            await check_may_state(session, school_id)
    media_type, content = await _body(call)
    # Beside the event loop: a file of the largest size takes the library a second.
    file = await asyncio.to_thread(read_file, media_type, content, of_school=school_id is not None)
    if dry_run:
        async with call.read() as session:
            await compare(session, file, school_id, replace=replace)
        return Response(to_bytes(_shown(file, loaded=False)), 200, None, JSON)

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await take(session, writes, file, school_id, replace=replace)
        return Answer(200, {}, to_bytes(_shown(file, loaded=True)))

    asked = {"school_id": school_id, "replace": replace, "type": media_type, "digest": sha256(content).hexdigest()}
    return await once(call, asked, work)


async def _body(call: Call) -> tuple[str, bytes]:
    media_type = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in READERS:
        raise UnsupportedMediaType(f"Send {' or '.join(READERS)}.")
    content = await call.request.body()
    if len(content) > _LARGEST_BYTES:
        raise PayloadTooLarge(f"A calendar file has at most {_LARGEST_BYTES // 1024} KiB.")
    return media_type, content


def _shown(file: CalendarFile, *, loaded: bool) -> CalendarImportOut:
    told = {remark.line for remark in file.reading.remarks}
    lines = [
        ImportedLineOut(line=entry.line, outcome=entry.kind) for entry in file.reading.entries if entry.line not in told
    ]
    lines += [
        ImportedLineOut(line=remark.line, outcome="refused" if remark.refused else "left_out", detail=remark.detail)
        for remark in file.reading.remarks
    ]
    return CalendarImportOut(
        sound=not file.faults,
        loaded=loaded,
        years=[
            ImportedYearOut(
                academic_year=year.academic_year,
                replaces=year.academic_year in file.replaced,
                half_terms=half_terms_out(year.half_terms),
                closures=closures_out(year.closures),
            )
            for year in ([] if file.faults else file.years)
        ],
        lines=sorted(lines, key=lambda line: line.line),
    )

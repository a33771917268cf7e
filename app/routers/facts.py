"""Attendance and suspensions that a school's system pushes as they happen, so that its return fills itself."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from starlette.responses import Response

from app.http.answers import thing
from app.http.caller import Call, caller
from app.queries.writes import Writes
from app.routers.schemas.facts import AttendanceIn, AttendanceOut, FactOut, SuspensionsIn, SuspensionsOut
from app.services.facts import Pushed, push_attendance, push_suspensions

router = APIRouter(tags=["referrals"])

Term = Annotated[
    str, Path(max_length=20, description="A term of the authority's calendar.", examples=["2026/27-autumn"])
]


@router.put(
    "/v1/referrals/{referral_id}/attendance/{period:path}",
    operation_id="push_attendance",
    responses={200: {"model": AttendanceOut}, 201: {"model": AttendanceOut, "description": "The first of the term."}},
)
async def put_attendance(
    referral_id: UUID, period: Term, body: AttendanceIn, call: Annotated[Call, Depends(caller("push_attendance"))]
) -> Response:
    """Send a referred pupil's sessions of a term so far; each push takes the place of the one before.

    Attended, authorised and unauthorised come to the sessions possible. Sending the same again is safe. While nobody
    has filled in the term's return, the figures go into it.
    """
    async with call.write() as session:
        writes = Writes()
        pushed = await push_attendance(session, writes, referral_id, period, body.model_dump())
        await writes.flush(session)
    return _stored(call, pushed, AttendanceOut)


@router.put(
    "/v1/referrals/{referral_id}/suspensions/{period:path}",
    operation_id="push_suspensions",
    responses={200: {"model": SuspensionsOut}, 201: {"model": SuspensionsOut, "description": "The first of the term."}},
)
async def put_suspensions(
    referral_id: UUID, period: Term, body: SuspensionsIn, call: Annotated[Call, Depends(caller("push_suspensions"))]
) -> Response:
    """Send a referred pupil's suspensions of a term so far, none included; each push replaces the one before.

    Say each with its first day where you can: two in one half-term ask an officer to look at the referral.
    """
    async with call.write() as session:
        writes = Writes()
        figures = body.model_dump(exclude={"suspensions"})
        dated = None if body.suspensions is None else [each.dated() for each in body.suspensions]
        pushed = await push_suspensions(session, writes, referral_id, period, figures, dated)
        await writes.flush(session)
    return _stored(call, pushed, SuspensionsOut)


def _stored(call: Call, pushed: Pushed, model: type[FactOut]) -> Response:
    shown: type[BaseModel] = model
    content = {name: pushed.row[name] for name in shown.model_fields if name not in ("warnings", "suspensions")}
    if "suspensions" in shown.model_fields:
        content["suspensions"] = pushed.row["dated"]
    status = 201 if pushed.version == 1 else 200
    return thing(call, {**content, "warnings": pushed.warnings}, pushed.version, status=status)

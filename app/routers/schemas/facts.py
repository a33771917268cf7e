"""Facts about a pupil's term, as a school's system pushes them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.routers.schemas.base import In, Out
from app.routers.schemas.returns import WarningOut

Sessions = Annotated[int, Field(strict=True, ge=0, le=400, description="Sessions are half days.")]


class AttendanceIn(In):
    """A pupil's sessions of a term so far: possible and attended ones counted, or the register's marks."""

    sessions_possible: Sessions | None = None
    sessions_attended: Sessions | None = None
    sessions_authorised: Sessions | None = None
    sessions_unauthorised: Sessions | None = None
    marks: (
        Annotated[
            str,
            Field(
                max_length=2000,
                description="Register marks, one a session, in place of the counts, which are made of them by the codes"
                " of the term's academic year.",
            ),
        ]
        | None
    ) = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sessions_possible": 88,
                    "sessions_attended": 71,
                    "sessions_authorised": 9,
                    "sessions_unauthorised": 8,
                },
                {"marks": "/\\ /\\ I I /L M\\ /\\"},
            ]
        }
    )


class SuspensionsIn(In):
    """A pupil's suspensions of a term so far."""

    suspension_count: Annotated[
        int, Field(strict=True, ge=0, le=200, description="Suspensions that began in the term.")
    ]
    sessions_lost: Sessions = 0
    permanent_exclusion_count: Annotated[int, Field(strict=True, ge=0, le=5)] = 0

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"suspension_count": 2, "sessions_lost": 6, "permanent_exclusion_count": 0}]}
    )


class FactOut(Out):
    """A fact as it was kept."""

    id: UUID
    referral_id: UUID
    term: str = Field(examples=["2026/27-autumn"])
    period_starts_on: date
    period_ends_on: date
    recorded_at: datetime
    warnings: list[WarningOut]


class AttendanceOut(FactOut):
    """A pupil's sessions of a term."""

    sessions_possible: int
    sessions_attended: int
    sessions_authorised: int | None
    sessions_unauthorised: int | None


class SuspensionsOut(FactOut):
    """A pupil's suspensions of a term."""

    suspension_count: int
    sessions_lost: int
    permanent_exclusion_count: int

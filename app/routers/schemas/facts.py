"""Facts about a pupil's term, as a school's system pushes them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.suspensions import Category, DatedSuspension, Status
from app.routers.schemas.base import In, Out
from app.routers.schemas.returns import WarningOut
from app.routers.schemas.types import Date

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


class DatedSuspensionIn(In):
    """One suspension or exclusion."""

    started_on: Date = Field(description="Its first day, in the term by the calendar of the pupil's school.")
    sessions: Annotated[int, Field(strict=True, ge=1, le=90)] = Field(1, description="Half days that it lasts.")
    category: Category = Field(
        "SUSP", description="As the school census codes it. Lunchtimes (`LNCH`) are kept and not counted."
    )
    status: Status = Field("active", description="One that was cancelled or overturned is not counted.")

    def dated(self) -> DatedSuspension:
        """In the domain's terms."""
        return DatedSuspension(self.started_on, self.sessions, self.category, self.status)


class SuspensionsIn(In):
    """A pupil's suspensions of a term so far."""

    suspension_count: Annotated[
        int, Field(strict=True, ge=0, le=200, description="Suspensions that began in the term.")
    ]
    sessions_lost: Sessions = 0
    permanent_exclusion_count: Annotated[int, Field(strict=True, ge=0, le=5)] = 0
    suspensions: Annotated[list[DatedSuspensionIn], Field(max_length=200)] | None = Field(
        None,
        description="Each with its first day, where your system says them: only so is it known which half-term they"
        " fall into. The counts are then theirs.",
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "suspension_count": 2,
                    "sessions_lost": 6,
                    "permanent_exclusion_count": 0,
                    "suspensions": [
                        {"started_on": "2026-11-05", "sessions": 4},
                        {"started_on": "2026-11-16", "sessions": 2},
                    ],
                }
            ]
        }
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


class DatedSuspensionOut(Out):
    """One suspension or exclusion as it was kept."""

    started_on: date
    sessions: int
    category: Category
    status: Status
    counts: bool = Field(description="Whether it counts as a suspension.")


class SuspensionsOut(FactOut):
    """A pupil's suspensions of a term."""

    suspension_count: int
    sessions_lost: int
    permanent_exclusion_count: int
    suspensions: list[DatedSuspensionOut] | None

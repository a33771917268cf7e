"""How goals go, over the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.access import Group
from app.domain.goals import ProgressBy
from app.routers.schemas.base import In, LongText, Seen
from app.routers.schemas.types import Date


class GoalProgressIn(In):
    """What somebody said of a goal on a day. Figures are readings of the measure `goal_progress`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"said_on": "2026-11-12", "said_by": "parent_or_carer", "words": "Four mornings of five."}]
        }
    )

    said_on: Date
    said_by: ProgressBy = Field(description="A part, never a name.")
    words: LongText


class GoalProgressOut(Seen):
    """An entry, as it was said: never changed, also when the goal is put anew or taken out of the plan."""

    id: Annotated[UUID, Group.PROGRESS]
    intervention_id: Annotated[UUID, Group.PROGRESS]
    goal_id: Annotated[UUID, Group.PROGRESS]
    goal_title: Annotated[str, Group.PROGRESS, Field(description="The goal's words when it was recorded.")]
    said_on: Annotated[date, Group.PROGRESS]
    said_by: Annotated[ProgressBy, Group.PROGRESS]
    words: Annotated[str, Group.PROGRESS]
    recorded_at: Annotated[datetime, Group.PROGRESS]

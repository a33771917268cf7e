"""Areas in requests and answers."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, StringConstraints

from app.routers.schemas.base import In, Out, ShortText

AreaCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class AreaIn(In):
    """A cluster of schools with its own lead officer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "north", "name": "North", "lead_officer": "Ada Sampleton (made up)"}]}
    )

    code: AreaCode
    name: ShortText
    lead_officer: ShortText | None = None


class AreaOut(Out):
    """A cluster of schools with its own lead officer."""

    id: UUID
    code: str
    name: str
    lead_officer: str | None

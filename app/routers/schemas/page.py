"""A page of a list, as every list answers it."""

from typing import Generic, TypeVar

from pydantic import Field

from app.routers.schemas.base import Out

Row = TypeVar("Row")


class Page(Out, Generic[Row]):
    """Some rows of a list, in its order, and where to go on."""

    data: list[Row] = Field(max_length=200)
    next_cursor: str | None = Field(
        max_length=1024, description="Send it as `cursor` for the next page; null at the end."
    )

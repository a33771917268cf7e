"""What every list of the parties and the supply has in common: its two parameters, and how its rows become a page."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from app.http.answers import page
from app.http.caller import Call
from app.http.cursors import MAX_CURSOR_CHARACTERS, Position

Limit = Annotated[int, Query(ge=1, le=200, description="How many rows to answer at most.")]
Cursor = Annotated[
    str | None, Query(max_length=MAX_CURSOR_CHARACTERS, description="The `next_cursor` of the page before.")
]
Row = TypeVar("Row")


def name_and_id(position: Position | None) -> tuple[str, UUID] | None:
    """The position of a list that is ordered by name and id."""
    return (str(position[0]), UUID(str(position[1]))) if position else None


def day_and_id(position: Position | None) -> tuple[date, UUID] | None:
    """The position of a list that is ordered by day and id."""
    return (date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None


def listed(
    call: Call,
    rows: Sequence[Row],
    limit: int,
    *,
    render: Callable[[Row], Any],
    at: Callable[[Row], Position],
    list_name: str | None = None,
) -> Response:
    """A page from rows that were read with one more than `limit`. `at` gives a row's place in the list's order.

    `list_name` tells apart lists that one operation answers, such as the contacts of this case and of that one.
    """
    shown = rows[:limit]
    further = call.cursor(at(shown[-1]), list_name) if len(rows) > limit else None
    return page(call, [render(row) for row in shown], further)

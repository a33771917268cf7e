"""Arguments that several types share."""

from typing import Annotated, Any, Final

import strawberry

from app.graphql.context import Info
from app.graphql.paging import PAGE_SIZE
from app.graphql.rows import Row

CHILDREN: Final = 20
"""How many rows a list inside a thing gives unless told."""

First = Annotated[int, strawberry.argument(description="How many at most: 1 to 200.")]
After = Annotated[str | None, strawberry.argument(description="The cursor after which the page begins.")]

__all__ = ["CHILDREN", "PAGE_SIZE", "After", "First", "children"]


def children(info: Info, of: Row, noun: str, parent: str, first: int) -> Any:
    """The first rows of a noun whose `parent` column names this row: known, or awaited with those of other parents."""
    return info.context.many(noun, parent, first).load(of.key)

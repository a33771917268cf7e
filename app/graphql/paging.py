"""Relay connections over keyset pages: opaque signed cursors, bound to the caller's organisation and the list."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import strawberry
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from app.access import allow
from app.errors import CursorRejected
from app.graphql.context import Context, Info
from app.graphql.rows import Edge as Way
from app.graphql.rows import Row
from app.queries import graph

Item = TypeVar("Item")

PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 200


@strawberry.type
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[Item]):
    """One item of a page, with its cursor."""

    node: Item
    cursor: str


@strawberry.type
class Connection(Generic[Item]):
    """A page of a list. `nodes` are the items of `edges`."""

    nodes: list[Item]
    edges: list[Edge[Item]]
    page_info: PageInfo


class ListPage:
    """What a connection is read from. Cursors are made for those who ask for them."""

    __slots__ = ("cursor_of", "has_next_page", "has_previous_page", "nodes")

    def __init__(self, nodes: list[Any], cursor_of: Callable[[Any], str], *, more: bool, start: bool) -> None:
        """`cursor_of` makes an item's cursor; `more`: there are further items; `start`: this is the first page."""
        self.nodes = nodes
        self.cursor_of = cursor_of
        self.has_next_page = more
        self.has_previous_page = not start

    @property
    def edges(self) -> list["PageEdge"]:
        """The items, each able to tell its cursor."""
        return [PageEdge(self, node) for node in self.nodes]

    @property
    def page_info(self) -> "ListPage":
        """Where the page lies: the page itself knows."""
        return self

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first item."""
        return self.cursor_of(self.nodes[0]) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last item."""
        return self.cursor_of(self.nodes[-1]) if self.nodes else None


class PageEdge:
    """What an edge is read from."""

    __slots__ = ("_page", "node")

    def __init__(self, page: ListPage, node: Any) -> None:
        self._page = page
        self.node = node

    @property
    def cursor(self) -> str:
        """The item's cursor."""
        return self._page.cursor_of(self.node)


async def connect(
    info: Info,
    cls: type[Row],
    root: str,
    *,
    order: str,
    filters: Mapping[str, object],
    after: str | None,
    first: int,
) -> Any:
    """A page of a root's list, with the rows that its items' edges lead to loaded along with it.

    `filters` whose value is None are left out. Raises ScopeMissing, Forbidden and CursorRejected.
    """
    context = info.context
    rule = f"graphql.{root}"
    allow(context.principal, rule)
    noun = cls.noun
    sorting = noun.orders[order]
    position = None if after is None else _position(context.position(rule, after), sorting)
    given = {name: value for name, value in filters.items() if value is not None}
    async with context.read() as session:
        records = await graph.page(
            session, noun, order, filters=given, after=position, first=first, names=context.names
        )
    nodes = [context.row(cls, record) for record in records[:first]]
    await load_edges(info, nodes)

    def cursor_of(node: Any) -> str:
        return context.cursor(rule, [_told(getattr(node, column)) for column in sorting.columns])

    return ListPage(nodes, cursor_of, more=len(records) > first, start=after is None)


def _told(value: object) -> str | int | None:
    """A sort value as it stands in a cursor."""
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)


_READ: Final[Mapping[str, Any]] = {
    "id": UUID,
    "received_at": datetime.fromisoformat,
    "offered_at": datetime.fromisoformat,
    "accepted_at": datetime.fromisoformat,
    "due_at": datetime.fromisoformat,
    "raised_at": datetime.fromisoformat,
    "due_on": date.fromisoformat,
    "starts_on": date.fromisoformat,
}


def _position(values: Sequence[str | int | None], order: graph.Order) -> list[object]:
    """The sort values inside a cursor, as the columns' types. Raises CursorRejected for one of another order."""
    if len(values) != len(order.columns):
        raise CursorRejected
    return [_READ.get(column, str)(value) for column, value in zip(order.columns, values, strict=True)]


async def load_edges(info: Info, nodes: list[Row]) -> None:
    """Load what the items' edges lead to, level by level, as deep as the query names edges."""
    raw = info._raw_info  # noqa: SLF001 - the library shows the selection only as converted copies
    fragments = raw.fragments
    wrappers = fields_of([node.selection_set for node in raw.field_nodes], fragments)
    lists = [wrapper for wrapper in wrappers if wrapper.name.value == "edges"]
    items = [
        field.selection_set
        for field in (*wrappers, *fields_of([each.selection_set for each in lists], fragments))
        if field.name.value in ("nodes", "node")
    ]
    await _load_below(info.context, nodes, items, fragments)


async def _load_below(
    context: Context,
    rows: Sequence[Row],
    selections: Sequence[SelectionSetNode | None],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> None:
    if not rows:
        return
    ways = edges_of(type(rows[0]))
    asked: dict[str, list[SelectionSetNode | None]] = {}
    for field in fields_of(selections, fragments):
        if field.name.value in ways:
            asked.setdefault(field.name.value, []).append(field.selection_set)

    async def follow(name: str) -> None:
        way, group, rule = ways[name]
        if rule is not None and not context.permits(rule):
            return
        keys = [getattr(row, way.key) for row in rows if group is None or group in row.sees]
        found = await context.one(way.noun, way.by).load_all(keys)
        await _load_below(context, found, asked[name], fragments)

    await asyncio.gather(*map(follow, asked))


def fields_of(
    selections: Iterable[SelectionSetNode | None], fragments: Mapping[str, FragmentDefinitionNode]
) -> list[FieldNode]:
    """The fields of selection sets, those of fragments included, each fragment once."""
    found: list[FieldNode] = []
    met: set[str] = set()
    pending = [each for each in selections if each is not None]
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode):
                found.append(selection)
            elif isinstance(selection, InlineFragmentNode):
                pending.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in met:
                met.add(selection.name.value)
                pending.append(fragments[selection.name.value].selection_set)
    return found


_edges: dict[type, dict[str, tuple[Way, Any, str | None]]] = {}


def edges_of(cls: type[Row]) -> dict[str, tuple[Way, Any, str | None]]:
    """The declared edges of a type: by GraphQL name, where each leads, its group and its rule."""
    known = _edges.get(cls)
    if known is None:
        fields = cls.__strawberry_definition__.fields  # type: ignore[attr-defined]  # made by strawberry.type
        known = _edges[cls] = {
            _camel(field.python_name): (field.metadata["edge"], field.metadata["group"], field.metadata["rule"])
            for field in fields
            if "edge" in field.metadata
        }
    return known


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)

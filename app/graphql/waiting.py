"""The waiting list as a connection: REST's order, with the referrals loaded as any others are."""

from collections.abc import Callable
from typing import Any

from app.access import allow
from app.graphql.context import Info
from app.graphql.paging import ListPage, load_edges
from app.services.waiting_list import Waiting, read_position, told_position

RULE = "graphql.waitingList"


async def connect_waiting(info: Info, *, keep: Callable[[Waiting], bool], after: str | None, first: int) -> Any:
    """A page of the waiting list: of the lines that `keep` lets through.

    Raises ScopeMissing, Forbidden and CursorRejected.
    """
    context = info.context
    allow(context.principal, RULE)
    position = None if after is None else read_position(context.position(RULE, after))
    standing = await context.waiting_list()
    lines, more = standing.page(first, position, keep=keep)
    nodes = await context.one("referral").load_all([line.want.referral_id for line in lines])
    await load_edges(info, nodes)

    def cursor_of(node: Any) -> str:
        return context.cursor(RULE, told_position(standing.by_id[node.key].key))

    return ListPage(nodes, cursor_of, more=more, start=after is None)

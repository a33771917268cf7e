"""Courses as they are read: each with its sessions and the seats that are free."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from app.db import ReadSession, whole_authority
from app.domain.courses import CourseState, shown_state
from app.errors import NotFound
from app.queries import courses as queries

Row = dict[str, Any]


async def with_seats(session: ReadSession, rows: Sequence[asyncpg.Record]) -> list[Row]:
    """Courses with their sessions and free seats, in the order given.

    Free seats are counted over the whole authority: everyone reads how many there are, and nobody whose the others are.
    """
    ids = [row["id"] for row in rows]
    sessions = await queries.sessions_of(session, ids)
    free = await free_seats(session, ids)
    return [
        {
            **row,
            "sessions": [dict(one) for one in sessions[row["id"]]],
            "seats_free": free[row["id"]],
            "state": shown_state(CourseState(row["state"]), free[row["id"]]),
        }
        for row in rows
    ]


async def free_seats(session: ReadSession, course_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many seats of courses are free today, by id: none of one that is over."""
    async with whole_authority(session):
        return await queries.seats_free(session, course_ids)


async def read_course(session: ReadSession, course_id: UUID) -> Row:
    """One course with its sessions and free seats. Raises NotFound."""
    row = await queries.get_course(session, course_id)
    if row is None:
        raise NotFound
    return (await with_seats(session, [row]))[0]

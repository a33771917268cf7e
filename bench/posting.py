"""`POST /v1/referrals` against the very same rows, written by one statement each.

A round posts referrals over HTTP, reads back every row that they became, deletes them, writes those rows again by bare
asyncpg (ids and all), reads them back, compares, and deletes them. So both write into the same tables at the same size.
"""

from copy import deepcopy
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app.domain.upn import make_upn
from app.routers.schemas.referrals import _EXAMPLE
from bench.bare import Work
from bench.http_client import Answered, request
from bench.people import People

# Every table that a post writes, with the way from a row to its referral; children first.
_TO_REFERRAL: Final[dict[str, str]] = {
    "idempotency_record": "JOIN posted p ON p.client_id = x.client_id AND p.key = x.idempotency_key",
    "obligation": "JOIN offer o ON o.authority_id = x.authority_id AND o.id = x.subject_id"
    " JOIN posted p ON p.authority_id = o.authority_id AND p.id = o.referral_id",
    "event_audience": "JOIN event e ON e.authority_id = x.authority_id AND e.id = x.event_id"
    " JOIN posted p ON p.authority_id = e.authority_id AND p.id = e.referral_id",
    **dict.fromkeys(
        ("status_history", "event", "offer", "decision", "attendance_record", "suspension_record"),
        "JOIN posted p ON p.authority_id = x.authority_id AND p.id = x.referral_id",
    ),
    **dict.fromkeys(
        ("booking", "household_contact"),
        "JOIN referral r ON r.authority_id = x.authority_id AND r.household_id = x.household_id"
        " JOIN posted p ON p.authority_id = r.authority_id AND p.id = r.id",
    ),
    **dict.fromkeys(
        ("enrolment", "pupil_statutory"),
        "JOIN referral r ON r.authority_id = x.authority_id AND r.pupil_id = x.pupil_id"
        " JOIN posted p ON p.authority_id = r.authority_id AND p.id = r.id",
    ),
    "pupil": "JOIN referral r ON r.authority_id = x.authority_id AND r.pupil_id = x.id"
    " JOIN posted p ON p.authority_id = r.authority_id AND p.id = r.id",
    "household": "JOIN referral r ON r.authority_id = x.authority_id AND r.household_id = x.id"
    " JOIN posted p ON p.authority_id = r.authority_id AND p.id = r.id",
    "referral": "JOIN posted p ON p.authority_id = x.authority_id AND p.id = x.id",
}
# Given by the database: another transaction's and another turn's.
_NOT_COMPARED: Final = {"xid", "seq", "changed_xid", "previous_sequence"}

Rows = dict[str, list[dict[str, Any]]]
"""The rows of one referral, by table."""


def requests(people: People, count: int, burst: str) -> list[bytes]:
    """`count` referrals of new pupils, one authority after the other. `burst` makes their keys unlike any other's."""
    made = []
    for number in range(count):
        school = people.schools[number % len(people.schools)]
        body = deepcopy(_EXAMPLE)
        nth = number // len(people.schools)
        body["sender_reference"] = f"BENCH-{number}"
        body["pupil"] |= {"upn": make_upn("926", 21, nth), "mis_id": f"B-{nth}"}
        content = orjson.dumps(body)
        made.append(request("POST", "/v1/referrals", school.token, content, Idempotency_Key=f"{burst}-{number}"))
    return made


class Written:
    """The rows of a burst of posts: read, deleted and written again."""

    def __init__(self, connection: asyncpg.Connection, people: People, burst: str, answers: list[Answered]) -> None:
        """`connection` is an administrator's, because triggers are switched off while rows are deleted."""
        self._connection = connection
        self.referral_ids: list[UUID] = []
        for answer in answers:
            content = orjson.loads(answer.body)
            if answer.status != 201 or content["state"] != "offered":
                raise SystemExit(f"A post was not offered a place: {answer.status} {answer.body[:300]!r}")
            self.referral_ids.append(UUID(content["id"]))
        self._people = people
        self._burst = burst

    async def read(self) -> list[Rows]:
        """The rows of each referral, in the order of the posts."""
        await self._remember()
        found: dict[UUID, Rows] = {referral_id: {} for referral_id in self.referral_ids}
        for table, way in _TO_REFERRAL.items():
            for row in await self._connection.fetch(f"SELECT p.id AS of_referral, x.* FROM {table} x {way}"):
                values = dict(row)
                found[values.pop("of_referral")].setdefault(table, []).append(values)
        for rows in found.values():
            for each in rows.values():
                each.sort(key=lambda values: str([values[name] for name in values if name not in _NOT_COMPARED]))
        return list(found.values())

    async def delete(self) -> None:
        """Delete every row of the burst."""
        await self._remember()
        await self._connection.execute("SET session_replication_role = replica")
        for table, way in _TO_REFERRAL.items():
            await self._connection.execute(f"DELETE FROM {table} WHERE ctid IN (SELECT x.ctid FROM {table} x {way})")
        await self._connection.execute("SET session_replication_role = origin")

    async def _remember(self) -> None:
        schools = [self._people.schools[n % len(self._people.schools)] for n in range(len(self.referral_ids))]
        await self._connection.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS posted (authority_id uuid, id uuid, client_id uuid, key text);"
            " TRUNCATE posted"
        )
        await self._connection.copy_records_to_table(
            "posted",
            records=[
                (school.authority_id, referral_id, school.client_id, f"{self._burst}-{number}")
                for number, (school, referral_id) in enumerate(zip(schools, self.referral_ids, strict=True))
            ],
        )
        await self._connection.execute("ANALYZE posted")


def one_statement(rows: Rows) -> Work:
    """One statement that inserts all rows of a referral, and its arguments."""
    inserts, arguments = [], []
    for table in reversed(_TO_REFERRAL):
        if table not in rows:
            continue
        columns = [name for name in rows[table][0] if name not in _NOT_COMPARED]
        tuples = []
        for row in rows[table]:
            marks = []
            for name in columns:
                arguments.append(row[name])
                marks.append(f"${len(arguments)}")
            tuples.append(f"({', '.join(marks)})")
        inserts.append(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join(tuples)}")
    *before, last = inserts
    steps = ", ".join(f"w{number} AS ({sql})" for number, sql in enumerate(before))
    # Triggers note that the authority's ground has changed: here as there, one row.
    arguments.append(str(rows["referral"][0]["authority_id"]))
    told = f"RETURNING set_config('halfterm.authority', ${len(arguments)}, true)"
    return f"WITH {steps} {last} {told}", tuple(arguments)


def compare(first: list[Rows], second: list[Rows]) -> int:
    """The number of rows that are the same in both. Exits if one differs."""
    count = 0
    for one, other in zip(first, second, strict=True):
        if one.keys() != other.keys():
            raise SystemExit(f"Other tables were written: {one.keys() ^ other.keys()}.")
        for table, rows in one.items():
            if list(map(_plain, rows)) != list(map(_plain, other[table])):
                raise SystemExit(f"The rows of {table} differ.")
            count += len(rows)
    return count


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NOT_COMPARED}

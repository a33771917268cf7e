"""What each party gets back, searched for everything it must not see; and what each policy is worth.

The scene's guarded facts are words found nowhere else. Every GET route and every GraphQL field is read by every kind
of caller; a word of a group that the table `VISIBLE` withholds must not come back, and a word that it grants must come
back somewhere, so that the search is known to be able to find it.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.access import VISIBLE, Group, Party, Principal
from app.db import NOBODY, Database, context_sql, own_reach
from app.models import ROW_POLICIES, metadata
from app.models.policies import APPEND_ONLY, parts, statements
from app.settings import Settings
from tests.conftest import Template
from tests.factories.graphql_walk import everything
from tests.factories.http import Api, make_api
from tests.factories.scene import SECRETS, Scene, build_scene

SEEN_AS = {"school": Party.REFERRING_SCHOOL, "provider": Party.CASE_PROVIDER, "officer": Party.AUTHORITY}
STRANGERS = ("other school", "other provider")
# Tables that every organisation of an authority may read: the directory, and nothing about a child.
DIRECTORY = {
    "authority", "organisation", "area", "school", "school_group", "school_group_member", "calendar_year",
    "calendar_period", "calendar_closure", "school_calendar", "service", "policy_version", "ground_change",
    "return_template",
    "course", "course_session",
    "measure_version",
}  # fmt: skip
# Tables that the main path leaves empty: later work fills them.
EMPTY = {"school_group", "school_group_member", "calendar_year", "calendar_period",
         "calendar_closure", "contract_variation", "capacity_change", "linked_child",
         "intervention_extension", "hand_over_case"}  # fmt: skip


class Stage:
    """Two scenes in one database, and the API over it."""

    def __init__(self, api: Api, first: Scene, second: Scene, name: str, template: Template) -> None:
        self.api, self.first, self.second, self.name, self.template = api, first, second, name, template


@pytest.fixture(scope="module")
async def stage(template: Template, settings: Settings) -> AsyncIterator[Stage]:
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    async with make_api(settings, database) as api:
        first = await build_scene(api, database)
        second = await build_scene(api, database, name="Other scene (made up)")
        yield Stage(api, first, second, name, template)
    await database.dispose()
    await template.drop_clone(name)


def read_paths(api: Api, scene: Scene) -> list[str]:
    """Every GET path of the document, with the scene's ids in it."""
    ids = {
        "referral_id": ["referral", "waiting_referral", "pending_referral"],
        "allocation_id": ["allocation", "pending_allocation"],
        "intervention_id": ["intervention"],
        "return_id": ["school_return", "provider_return"],
        "goal_id": ["goal"],
        "concern_id": ["concern", "allegation"],
        **{f"{noun}_id": [noun] for noun in (
            "area", "school", "provider", "service", "contract", "lot", "practitioner", "client", "run", "policy",
            "hand_over", "household", "panel", "sitting", "item", "action", "review", "obligation", "audit",
            "audit_action", "course", "enrolment", "placement", "link_day", "link_day_action",
        )},
    }  # fmt: skip
    paths: list[str] = []
    for path, operations in api.app.openapi()["paths"].items():
        if "get" not in operations or not path.startswith("/v1/"):
            continue
        expanded = [
            path.replace("{academic_year}", "2026-27")
            .replace("{session_number}", "1")
            .replace("{measure_key}", "family_calm")
        ]
        for name, keys in ids.items():
            expanded = [
                one.replace(f"{{{name}}}", scene.ids[key])
                for one in expanded
                for key in (keys if name in one else keys[:1])
            ]
        for measure in ("attendance", "suspensions", "capacity", "timeliness"):
            for audience in ("family", "school"):
                paths += [one.replace("{measure}", measure).replace("{audience}", audience) for one in expanded]
    assert not [path for path in paths if "{" in path], "a path parameter that the scene does not know"
    return sorted(set(paths))


async def everything_read(stage: Stage, caller: Any, scene: Scene) -> str:
    """All that a caller gets back from every route and every GraphQL field."""
    client = stage.api.as_(caller)
    texts = []
    for path in read_paths(stage.api, scene):
        answer = await client.get(path)
        assert answer.status_code in (200, 403, 404), f"{path}: {answer.status_code} {answer.text}"
        texts.append(answer.text)
    for query in everything(stage.api.app):
        answer = await client.post("/graphql", {"query": query})
        assert answer.status_code == 200, answer.text
        assert "data" in answer.json(), answer.text
        texts.append(json.dumps(answer.json(), separators=(",", ":")))
    return "\n".join(texts)


@pytest.mark.parametrize("name", ["school", "provider", "officer"])
async def test_each_party_sees_its_groups_and_no_other(stage: Stage, name: str) -> None:
    text = await everything_read(stage, stage.first.callers[name], stage.first)
    granted = VISIBLE[SEEN_AS[name]]
    for group, words in SECRETS.items():
        found = [word for word in words if word in text]
        if group not in granted:
            assert found == [], f"a {name} was shown {group}"
        elif group is not Group.PROGRESS:
            assert found, f"{group} was looked for in vain: the search proves nothing"


@pytest.mark.parametrize("name", STRANGERS)
async def test_a_stranger_sees_nothing_of_it(stage: Stage, name: str) -> None:
    text = await everything_read(stage, stage.first.callers[name], stage.first)
    for group, words in SECRETS.items():
        assert [word for word in words if word in text] == [], group
    for noun in ("referral", "pending_referral", "allocation", "pending_allocation", "intervention", "contact"):
        assert stage.first.ids[noun] not in text, noun


@pytest.mark.parametrize("name", ["school", "provider", "officer"])
async def test_another_authority_sees_nothing_at_all(stage: Stage, name: str) -> None:
    text = await everything_read(stage, stage.second.callers[name], stage.first)
    for key, value in stage.first.ids.items():
        assert value not in text, key


APPROVED: dict[str, dict[str, list[int]]] = json.loads((Path(__file__).parent / "row_policy.json").read_text())
"""By table and caller: how many of the scene's rows it sees, and how many it could write."""


GROWING = {"audit_entry", "ground_change"}
"""Reading adds to the one, and every act to the other: how many rows there are says nothing."""


async def measured(stage: Stage, table: str) -> dict[str, list[int]]:
    """What each caller sees and could write of a table, as the application role, straight from PostgreSQL."""
    connection = await asyncpg.connect(stage.template.url(stage.template.roles.application, stage.name))
    try:
        people = {
            **stage.first.callers,
            "signing in": replace(NOBODY, client_id=UUID(stage.first.ids["client"])),
            "another authority": stage.second.town.officer,
        }
        return {name: await _measure(connection, table, stage, principal) for name, principal in people.items()}
    finally:
        await connection.close()


async def _measure(connection: asyncpg.Connection, table: str, stage: Stage, principal: Principal) -> list[int]:
    column = "id" if table == "authority" else "authority_id"
    here = stage.first.town.officer.authority_id
    # The scene's own client ids: what a client keeps for itself is asked in that client's name.
    context = context_sql(principal, reach=own_reach(principal))
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(context)
        seen = await connection.fetchval(f'SELECT count(*) FROM "{table}" WHERE "{column}" = $1', here)
        if table in GROWING:
            seen = min(seen, 1)
        return [seen, await _writable(connection, table, column, here)]
    finally:
        await transaction.rollback()


async def _updated(connection: asyncpg.Connection, table: str, column: str, here: Any) -> int:
    status = await connection.execute(f'UPDATE "{table}" SET "{column}" = "{column}" WHERE "{column}" = $1', here)
    return int(status.rsplit(" ", 1)[-1])


async def _writable(connection: asyncpg.Connection, table: str, column: str, here: Any) -> int:
    """Rows that an update would touch; for tables that are only added to, 1 if a row could be added."""
    if table not in {*APPEND_ONLY, "ground_change"}:
        return await _updated(connection, table, column, here)
    # Everyone adds to the notes of changes; only the night takes old ones away.
    changed = min(await _updated(connection, table, column, here), 1) if table == "ground_change" else 0
    if table == "case_note":  # the one change that there is: it was corrected
        status = await connection.execute("UPDATE case_note SET superseded_by_id = id WHERE authority_id = $1", here)
        changed = int(status.rsplit(" ", 1)[-1])
    if table == "policy_version":  # the one change that there is
        status = await connection.execute(
            "UPDATE policy_version SET announced_for = effective_from, effective_from = NULL, withdrawal_reason = 'x',"
            " withdrawn_at = '2026-01-01T00:00Z', withdrawn_by_client_id = id WHERE authority_id = $1",
            here,
        )
        changed = int(status.rsplit(" ", 1)[-1])
    columns = [name for name, item in metadata.tables[table].c.items() if item.computed is None]
    values = ", ".join(_stand_in(table, name) for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    try:
        await connection.execute(f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE VALUES ({values})')
    except asyncpg.InsufficientPrivilegeError:
        return 0
    except asyncpg.IntegrityConstraintViolationError:
        return 1 + changed  # the policy let it pass, and only then did a constraint speak
    return 1 + changed


def _stand_in(table: str, name: str) -> str:
    """A value for a column of a row that is only tried: the caller's own authority and organisation, else anything."""
    column = metadata.tables[table].c[name]
    if name in ("authority_id", "organisation_id"):
        return f"current_setting('halfterm.{name.removesuffix('_id')}')::uuid"
    kind = column.type.__class__.__name__
    stand_ins = {
        "UUID": "gen_random_uuid()", "Text": "'x'", "JSONB": "'{}'", "Integer": "1", "BigInteger": "1",
        "Date": "'2026-01-01'",
        "DateTime": "'2026-01-01T00:00Z'", "ARRAY": "'{}'", "Xid8": "pg_current_xact_id()", "Boolean": "true",
    }  # fmt: skip
    return stand_ins[kind]


def test_the_approved_table_is_sane() -> None:
    """Strangers have nothing, and officers everything, but for what the table of tables above excepts."""
    assert set(APPROVED) == set(ROW_POLICIES)
    for table, by_caller in APPROVED.items():
        assert by_caller["another authority"][0] == 0, table
        assert table in {*APPEND_ONLY, "ground_change"} or by_caller["another authority"][1] == 0, table
        if table not in DIRECTORY | {"client", "client_secret", "ground_change"}:
            for name in STRANGERS:
                assert by_caller[name][0] == 0, f"{table}: {name}"
        if table not in EMPTY | {"idempotency_record"}:
            assert by_caller["officer"][0] > 0, f"{table}: the scene has no row to tell by"


@pytest.mark.parametrize("table", sorted(ROW_POLICIES))
async def test_row_policy_of(stage: Stage, table: str) -> None:
    assert await measured(stage, table) == APPROVED[table]


@pytest.mark.parametrize(
    "policy",
    sorted(f"{table}_{part}" for table, policy in ROW_POLICIES.items() if table not in EMPTY for part in parts(policy)),
)
async def test_dropping_one_policy_fails_its_tables_test(stage: Stage, policy: str) -> None:
    """`test_row_policy_of` would fail without any one policy: shown by dropping it."""
    table = policy.rpartition("_")[0]
    owner = await asyncpg.connect(stage.template.url(stage.template.owner, stage.name))
    roles = stage.template.roles
    try:
        await owner.execute(f'DROP POLICY "{policy}" ON "{table}"')
        assert await measured(stage, table) != APPROVED[table], "dropping it goes unseen"
    finally:
        for sql in statements(table, ROW_POLICIES[table], application=roles.application, owner=stage.template.owner):
            if f'"{policy}"' in sql:
                await owner.execute(sql)
        await owner.close()

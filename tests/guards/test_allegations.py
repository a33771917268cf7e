"""An allegation about a worker cannot be noticed: whatever the worker's provider reads is the same before and after.

Everything that it can read is read, bytes, entity tags and links: every GET route and every GraphQL field, as by
`test_isolation`. The same is held for an authority's client without a safeguarding scope, and for concerns of the other
kind that the provider did not raise.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import asyncpg
import pytest

from app.access import SAFEGUARDING, Scope
from app.db import Database, broker
from app.ids import new_id
from app.queries.feed import horizon
from app.queries.writes import Writes
from app.schema import database_of
from app.services.obligation_clock import flag_overdue
from app.settings import Settings
from tests.conftest import Template
from tests.factories.casework import LATER, at
from tests.factories.graphql_walk import everything
from tests.factories.http import Api, Caller, make_api
from tests.factories.referrals import key
from tests.factories.scene import Scene, allegation, build_scene
from tests.guards.test_isolation import read_paths

NOTICED = LATER + timedelta(days=400)
"""Long after everything in the scene has fallen due."""
HEADERS = ("etag", "link", "location", "last-modified", "cache-control", "content-length", "idempotency-replayed")
# Reading itself adds lines to it, so it never reads the same twice.
GROWS = "/v1/audit"


class Stage:
    """A scene in a database of its own, and the provider that the allegations are about."""

    def __init__(self, api: Api, database: Database, scene: Scene) -> None:
        self.api, self.database, self.scene = api, database, scene
        self.case = f"/v1/referrals/{scene.ids['referral']}"

    def caller(self, name: str) -> Caller:
        """One of the scene's callers, or the officer at a desk that has nothing to do with safeguarding."""
        if name == "desk officer":
            desk = self.api.as_(self.scene.town.officer, scopes=frozenset(Scope) - SAFEGUARDING)
            return at(desk, NOTICED)
        return at(self.api.as_(self.scene.callers[name]), NOTICED)

    async def settled(self) -> None:
        """Wait until the event feed shows all that was written: other databases of the server hold its horizon back."""
        async with self.database.read(self.scene.town.officer) as session:
            written = "SELECT max(xid::text::bigint) FROM event_audience"
            newest: int = await session.value(written)
        for _ in range(6000):
            async with self.database.read(self.scene.town.officer) as session:
                if (await horizon(session)).xid > newest:
                    return
            await asyncio.sleep(0.02)
        raise AssertionError("The feed's horizon stands still.")

    async def flag(self, after: timedelta) -> int:
        """Let the clock tell what is overdue some time after NOTICED; how many debts."""
        officer = replace(self.scene.town.officer, at=NOTICED + after)
        count = 0
        async with self.database.write(officer) as session, broker(session) as wide:
            while flagged := await flag_overdue(wide, writes := Writes()):
                count += flagged
                await writes.flush(wide)
        return count


@pytest.fixture(scope="module")
async def stage(template: Template, settings: Settings) -> AsyncIterator[Stage]:
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    async with make_api(settings, database) as api:
        made = Stage(api, database, await build_scene(api, database))
        await made.flag(timedelta(days=10))
        yield made
    await database.dispose()
    await template.drop_clone(name)


async def surface(stage: Stage, name: str) -> dict[str, Any]:
    """All that a caller reads, with the headers that tell of its state."""
    await stage.settled()
    caller, found = stage.caller(name), {}
    for path in [
        *read_paths(stage.api, stage.scene),
        "/v1/allocations?changed_after=",
        "/v1/events?limit=200",
        "/v1/obligations?limit=200",
    ]:
        if path == GROWS:
            continue
        answer = await caller.get(path)
        if path.endswith(".xlsx") and answer.status_code == 200:
            found[path] = sheets(answer.content)
            continue
        found[path] = (answer.status_code, shown(answer.text), {each: answer.headers.get(each) for each in HEADERS})
    for query in everything(stage.api.app):
        found[query] = (await caller.post("/graphql", {"query": query})).text
    return found


def sheets(workbook: bytes) -> dict[str, bytes]:
    """The parts of a workbook, but for the one that says when it was made: each is made anew."""
    with ZipFile(BytesIO(workbook)) as parts:
        return {name: parts.read(name) for name in parts.namelist() if name != "docProps/core.xml"}


def shown(text: str) -> str:
    """An answer without the number of its request, which is every request's own."""
    return re.sub(r'"(request_id|trace_id|instance)":"[^"]*"', "", text)


async def raised(caller: Caller, stage: Stage, body: dict[str, Any]) -> str:
    answer = await caller.post(f"{stage.case}/concerns", body, headers=key())
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def by_the_school(stage: Stage) -> None:
    await raised(stage.caller("school"), stage, allegation(stage.scene))


async def by_the_authority(stage: Stage) -> None:
    await raised(stage.caller("officer"), stage, allegation(stage.scene))


async def by_the_provider_itself(stage: Stage) -> None:
    await raised(stage.caller("provider"), stage, allegation(stage.scene))


async def acted_on_to_the_end(stage: Stage) -> None:
    officer = stage.caller("officer")
    concern = await raised(stage.caller("school"), stage, allegation(stage.scene))
    body = {"action": "strategy_discussion", "person": {"name": "Robin Exemplar"}, "note": "Met today."}
    for act in ("acknowledge", "close"):
        answer = await officer.post(f"/v1/concerns/{concern}/{act}", body, headers=key())
        assert answer.status_code == 200, answer.text


async def left_overdue(stage: Stage) -> None:
    await raised(stage.caller("school"), stage, allegation(stage.scene))
    assert await stage.flag(timedelta(hours=25)) >= 1


async def about_a_child_by_the_school(stage: Stage) -> None:
    body = {"kind": "child_at_risk", "text": "x", "person": {"name": "Head Exemplar"}}
    await raised(stage.caller("school"), stage, body)


@pytest.mark.parametrize("name", ["provider", "desk officer", "other provider", "other school"])
@pytest.mark.parametrize(
    "act",
    [
        by_the_school,
        by_the_authority,
        by_the_provider_itself,
        acted_on_to_the_end,
        left_overdue,
        about_a_child_by_the_school,
    ],
)
async def test_nothing_that_it_reads_has_changed(
    stage: Stage, name: str, act: Callable[[Stage], Awaitable[None]]
) -> None:
    before = await surface(stage, name)
    await act(stage)
    after = await surface(stage, name)
    assert {each for each in after if after[each] != before[each]} == set()


async def test_the_surface_would_show_what_a_caller_may_know(stage: Stage) -> None:
    """The comparison can fail: an officer, the school that raised it, and one that has to act see a difference."""
    for name, act in (
        ("officer", by_the_school),
        ("school", by_the_school),
        ("provider", about_a_child_by_the_provider),
        ("school", about_a_child_by_the_provider),
    ):
        before = await surface(stage, name)
        await act(stage)
        changed = {each for each, read in (await surface(stage, name)).items() if read != before[each]}
        assert "/v1/concerns" in changed, name
        if (name, act) != ("school", by_the_school) and name != "provider":
            assert {"/v1/events?limit=200", "/v1/obligations?limit=200"} <= changed, name


async def about_a_child_by_the_provider(stage: Stage) -> None:
    body = {"kind": "child_at_risk", "text": "x", "person": {"name": "Sam Sampleton"}}
    await raised(stage.caller("provider"), stage, body)


async def test_its_acts_are_answered_as_if_there_were_none(stage: Stage) -> None:
    provider, sent, headers = stage.caller("provider"), {"text": "As always."}, key()
    first = await provider.post(f"{stage.case}/messages", sent, headers=headers)
    tag = (await provider.get(stage.case)).headers["etag"]
    work = f"/v1/interventions/{stage.scene.ids['intervention']}"
    version = (await provider.get(work)).headers["etag"]
    concern = await raised(stage.caller("school"), stage, allegation(stage.scene))
    assert (await provider.post(f"{stage.case}/messages", sent, headers=headers)).content == first.content
    assert (await provider.get(stage.case, headers={"If-None-Match": tag})).status_code == 304
    safety = await provider.post(
        f"{work}/safety", {"safe_contact": True, "visit_risks": True}, headers={"If-Match": version}
    )
    assert safety.status_code == 200, safety.text
    for path, body in ((f"/v1/concerns/{concern}", None), (f"/v1/concerns/{concern}/acknowledge", {}),
                       (f"/v1/concerns/{concern}/close", {})):  # fmt: skip
        method = "GET" if body is None else "POST"
        there = await provider.request(method, path, **({} if body is None else {"json": body}))
        nowhere = await provider.request(
            method, path.replace(concern, str(new_id())), **({} if body is None else {"json": body})
        )
        assert there.status_code == nowhere.status_code
        assert there.status_code in (403, 404)
        assert shown(there.text) == shown(nowhere.text).replace(str(new_id()), "")


async def test_it_may_raise_another_without_learning_of_the_first(stage: Stage) -> None:
    """Neither a conflict nor a number tells the second one that it is not the first."""
    provider = stage.caller("provider")
    answers = [await provider.post(f"{stage.case}/concerns", allegation(stage.scene), headers=key()) for _ in range(2)]
    told = [{name: value for name, value in answer.json().items() if name != "id"} for answer in answers]
    assert told[0] == told[1]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert all("location" not in answer.headers and "etag" not in answer.headers for answer in answers)


async def test_the_database_itself_shows_its_worker_s_organisation_nothing(stage: Stage, template: Template) -> None:
    """Row policy, without the service: also in an act of the provider that widens to the whole authority."""
    await by_the_provider_itself(stage)
    town = stage.scene.town
    asked = (
        "SELECT (SELECT count(*) FROM concern WHERE kind = 'allegation_about_worker') AS concerns,"
        " (SELECT count(*) FROM concern_act) AS acts,"
        " (SELECT count(*) FROM obligation WHERE kind = 'concern_action') AS debts,"
        " (SELECT count(*) FROM event WHERE subject_kind = 'concern' AND data ->> 'kind' = 'allegation_about_worker'"
        "  OR data ->> 'about_kind' = 'concern') AS events,"
        " (SELECT count(*) FROM audit_entry WHERE subject_kind = 'concern') AS lines"
    )
    for principal in (
        town.provider,
        town.providers[1],
        replace(town.provider, scopes=frozenset()),
        replace(town.officer, scopes=frozenset(Scope) - SAFEGUARDING),
    ):
        async with stage.database.write(principal) as session:
            assert set(dict(await session.row(asked)).values()) == {0}
            async with broker(session) as wide:
                assert set(dict(await wide.row(asked)).values()) == {0}
    async with stage.database.read(town.officer) as session:
        assert min(dict(await session.row(asked)).values()) > 0


async def test_no_row_of_the_case_was_touched(stage: Stage, template: Template) -> None:
    """Nor any of what else is read of it: the transaction wrote its own rows and no other."""
    owner = await asyncpg.connect(template.url(template.owner, database_of(stage.database.url)))
    try:
        tables = [
            row["tablename"] for row in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]

        async def written() -> dict[str, str]:
            return {
                table: await owner.fetchval(
                    f"SELECT md5(coalesce(string_agg(t::text || t.xmin, '|' ORDER BY t::text), '')) FROM \"{table}\" t"
                )
                for table in tables
                if table != "school_register"
            }

        before = await written()
        await by_the_school(stage)
        after = await written()
        assert {table for table in tables if before.get(table) != after.get(table)} == {
            "concern", "obligation", "event", "event_audience", "audit_entry", "idempotency_record",
        }  # fmt: skip
        assert json.dumps(sorted(before)) == json.dumps(sorted(after))
    finally:
        await owner.close()

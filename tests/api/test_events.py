"""`GET /v1/events`: who sees what, cursors, types, long polls, and a rebuilt feed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import asyncpg
import pytest

from app.access import Scope
from app.db import Database
from app.http import cursors
from app.schema import database_of
from app.services import event_feed
from tests.conftest import Template
from tests.factories.authority import Town, build_town
from tests.factories.events import append, append_one
from tests.factories.http import Api, Caller


@pytest.fixture
async def live_api(real_api: Api) -> AsyncIterator[Api]:
    """The API with its tailer running."""
    async with real_api.app.router.lifespan_context(real_api.app):
        yield real_api


async def read(caller: Caller, after: str | None = None, **query: object) -> dict:
    answer = await caller.get("/v1/events", params={**({"after": after} if after else {}), **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_party_sees_its_own_events_in_order(real_api: Api, real_town: Town, clone: Database) -> None:
    first = await append_one(clone, real_town.school, real_town.school, real_town.officer)
    second = await append_one(clone, real_town.provider, real_town.provider, real_town.officer)
    third = await append_one(clone, real_town.school, real_town.school, real_town.provider, real_town.officer)

    async def ids(principal) -> list[str]:
        return [event["id"] for event in (await read(real_api.as_(principal)))["data"]]

    assert await ids(real_town.school) == [str(first), str(third)]
    assert await ids(real_town.provider) == [str(second), str(third)]
    assert await ids(real_town.officer) == [str(first), str(second), str(third)]
    assert await ids(real_town.schools[1]) == []


async def test_an_event_is_ids_and_codes(real_api: Api, real_town: Town, clone: Database) -> None:
    await append_one(clone, real_town.school, real_town.school)
    (event,) = (await read(real_api.as_(real_town.school)))["data"]
    assert set(event) == {
        "id", "type", "subject_kind", "subject_id", "subject_version", "referral_id", "organisation_id",
        "occurred_at", "recorded_at", "data",
    }  # fmt: skip
    assert event["organisation_id"] == str(real_town.school.organisation_id)
    assert event["data"] == {}


async def test_pages_join_without_gap_or_repeat_and_an_empty_page_has_a_cursor(
    real_api: Api, real_town: Town, clone: Database
) -> None:
    wanted = [str(await append_one(clone, real_town.school, real_town.school)) for _ in range(7)]
    caller = real_api.as_(real_town.school)
    seen: list[str] = []
    cursor = None
    for _ in range(4):
        page = await read(caller, cursor, limit=2)
        assert page["has_more"] == (len(page["data"]) == 2)
        seen += [event["id"] for event in page["data"]]
        cursor = page["next_cursor"]
    assert seen == wanted
    empty = await read(caller, cursor, limit=2)
    assert (empty["data"], empty["has_more"]) == ([], False)
    late = await append_one(clone, real_town.school, real_town.school)
    assert [event["id"] for event in (await read(caller, empty["next_cursor"]))["data"]] == [str(late)]
    assert len((await read(caller, cursor))["data"]) == 1


async def test_several_events_of_one_transaction_may_be_split_over_pages(
    real_api: Api, real_town: Town, clone: Database
) -> None:
    async with clone.write(real_town.school) as session:
        wanted = [str(await append(session, real_town.school)) for _ in range(3)]
    caller = real_api.as_(real_town.school)
    first = await read(caller, limit=2)
    second = await read(caller, first["next_cursor"], limit=2)
    assert [event["id"] for event in first["data"] + second["data"]] == wanted


async def test_types_are_picked_and_what_was_passed_over_is_not_walked_again(
    real_api: Api, real_town: Town, clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "WINDOW", 3)
    for _ in range(4):
        await append_one(clone, real_town.school, real_town.school)
    wanted = await append_one(clone, real_town.school, real_town.school, type_="return.due")
    caller = real_api.as_(real_town.school)
    first = await read(caller, type="return.due")
    assert (first["data"], first["has_more"]) == ([], True)
    second = await read(caller, first["next_cursor"], type="return.due")
    assert [event["id"] for event in second["data"]] == [str(wanted)]
    assert second["has_more"] is False
    later = await append_one(clone, real_town.school, real_town.school, type_="return.due")
    third = await read(caller, second["next_cursor"], type="return.due")
    assert [event["id"] for event in third["data"]] == [str(later)]


async def test_another_organisations_cursor_and_a_made_up_one_are_refused(
    real_api: Api, real_town: Town, clone: Database
) -> None:
    await append_one(clone, real_town.school, real_town.school, real_town.provider)
    theirs = (await read(real_api.as_(real_town.provider)))["next_cursor"]
    for cursor in (theirs, "nonsense"):
        answer = await real_api.as_(real_town.school).get("/v1/events", params={"after": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_rejected")


async def test_another_authority_and_a_token_without_the_scope_see_nothing(
    real_api: Api, real_town: Town, clone: Database
) -> None:
    await append_one(clone, real_town.school, real_town.school, real_town.officer)
    neighbour = await build_town(clone, name="Neighbourshire (made up)")
    assert (await read(real_api.as_(neighbour.officer)))["data"] == []
    # Not even with the ids of the organisation next door.
    borrowed = replace(neighbour.officer, organisation_id=real_town.school.organisation_id)
    assert (await read(real_api.as_(borrowed)))["data"] == []
    refused = await real_api.as_(real_town.school, scopes=frozenset({Scope.REFERRALS_READ})).get("/v1/events")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert (await real_api.client.get("/v1/events")).status_code == 401


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"type": "Not a type"}, {"after": "x" * 2000}])
async def test_bounds_are_kept(api: Api, town: Town, query: dict) -> None:
    assert (await api.as_(town.school).get("/v1/events", params=query)).status_code == 422


async def test_a_cursor_of_another_epoch_is_gone_with_a_hint(real_api: Api, real_town: Town, clone: Database) -> None:
    await append_one(clone, real_town.school, real_town.school)
    cursor = (await read(real_api.as_(real_town.school)))["next_cursor"]
    key, owner = real_api.runtime.keys.ring().cursor_key, real_town.school.organisation_id
    epoch, xid, seq = cursors.load(key, cursor, organisation_id=owner, list_name="list_events")
    old = cursors.dump(key, organisation_id=owner, list_name="list_events", position=[f"{epoch}0", xid, seq])
    answer = await real_api.as_(real_town.school).get("/v1/events", params={"after": old})
    assert (answer.status_code, answer.json()["code"]) == (410, "feed_reset")
    assert "without a cursor" in answer.json()["hint"]


async def test_after_a_restore_into_another_cluster_the_whole_feed_is_read_in_order(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    """A restored log carries the transaction ids of the cluster it came from, which may lie ahead of this one's."""
    before = [str(await append_one(clone, real_town.school, real_town.school)) for _ in range(3)]
    owner = await asyncpg.connect(template.url(template.owner, database_of(clone.url)))
    try:
        await owner.execute("UPDATE event_audience SET xid = (xid::text::bigint + 1000000 - 10 * seq)::text::xid8")
    finally:
        await owner.close()
    caller = real_api.as_(real_town.school)
    assert (await read(caller))["data"] == []

    from app.schema import migrate

    await migrate(template.url(template.owner, database_of(clone.url)), template.roles)
    after = str(await append_one(clone, real_town.school, real_town.school))
    assert [event["id"] for event in (await read(caller))["data"]] == [*before, after]


async def test_a_long_poll_wakes_long_before_its_time(live_api: Api, real_town: Town, clone: Database) -> None:
    caller = live_api.as_(real_town.school)
    cursor = (await read(caller))["next_cursor"]
    polling = asyncio.create_task(
        caller.get("/v1/events", params={"after": cursor}, headers={"Prefer": "respond-async, wait=20"})
    )
    await asyncio.sleep(0.3)
    assert not polling.done()
    written_at = time.monotonic()
    event_id = await append_one(clone, real_town.officer, real_town.school)
    answer = await asyncio.wait_for(polling, 10)
    assert time.monotonic() - written_at < 10
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert [event["id"] for event in answer.json()["data"]] == [str(event_id)]


async def test_a_long_poll_of_one_type_sleeps_through_others(live_api: Api, real_town: Town, clone: Database) -> None:
    caller = live_api.as_(real_town.school)
    polling = asyncio.create_task(caller.get("/v1/events?type=return.due", headers={"Prefer": "wait=20"}))
    await asyncio.sleep(0.1)
    await append_one(clone, real_town.officer, real_town.school)
    await asyncio.sleep(0.3)
    assert not polling.done()
    event_id = await append_one(clone, real_town.officer, real_town.school, type_="return.due")
    answer = await asyncio.wait_for(polling, 5)
    assert [event["id"] for event in answer.json()["data"]] == [str(event_id)]


async def becomes(condition: Callable[[], bool], seconds: float = 0.9) -> bool:
    """Whether a condition comes true in time: a busy machine takes its turn late."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return condition()


async def test_a_long_poll_without_news_ends_on_time_and_holds_no_connection(live_api: Api, real_town: Town) -> None:
    database = live_api.runtime.database
    caller = live_api.as_(real_town.school)
    started = time.monotonic()
    polls = [asyncio.create_task(caller.get("/v1/events", headers={"Prefer": "wait=2"})) for _ in range(30)]
    assert await becomes(lambda: live_api.runtime.tailer.listener_count == 30)
    # Thirty wait; the tailer's round may hold one.
    assert await becomes(lambda: database.checked_out <= 1)
    assert not any(poll.done() for poll in polls)
    answers = await asyncio.gather(*polls)
    assert 2 <= time.monotonic() - started < 8
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json()["data"] == [] and answer.json()["next_cursor"] for answer in answers)
    assert live_api.runtime.tailer.listener_count == 0


async def test_a_cancelled_poll_leaves_nothing_behind(live_api: Api, real_town: Town) -> None:
    polling = asyncio.create_task(live_api.as_(real_town.school).get("/v1/events", headers={"Prefer": "wait=30"}))
    await asyncio.sleep(0.2)
    assert live_api.runtime.tailer.listener_count == 1
    tasks = asyncio.all_tasks()
    polling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await polling
    assert await becomes(lambda: live_api.runtime.tailer.listener_count == 0)
    assert await becomes(lambda: asyncio.all_tasks() < tasks)


async def test_a_poll_ends_when_its_client_leaves(live_api: Api, real_town: Town) -> None:
    """As a server tells it: the request is not cancelled, a message says that the client has gone."""
    leaves = asyncio.Event()
    sent: list[dict] = []
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict:
        if messages:
            return messages.pop()
        await leaves.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {live_api.token(real_town.school)}".encode()), (b"prefer", b"wait=60")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/v1/events", "raw_path": b"/v1/events", "query_string": b"", "root_path": "", "headers": headers,
        "server": ("test", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    polling = asyncio.create_task(live_api.app(scope, receive, send))
    await asyncio.sleep(0.2)
    assert live_api.runtime.tailer.listener_count == 1
    leaves.set()
    await asyncio.wait_for(polling, 1)
    assert live_api.runtime.tailer.listener_count == 0


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [("wait=0", "wait=0"), ("wait=x", None), ("respond-async", None), ("waiting=5", None), ("", None)],
)
async def test_other_preferences_do_not_wait(real_api: Api, real_town: Town, prefer: str, applied: str | None) -> None:
    started = time.monotonic()
    answer = await real_api.as_(real_town.school).get("/v1/events", headers={"Prefer": prefer})
    assert answer.headers.get("Preference-Applied") == applied
    assert time.monotonic() - started < 4


async def test_a_wait_is_cut_to_a_minute(real_api: Api, real_town: Town, clone: Database) -> None:
    await append_one(clone, real_town.officer, real_town.school)
    answer = await real_api.as_(real_town.school).get("/v1/events", headers={"Prefer": 'wait="86400"'})
    assert answer.headers["Preference-Applied"] == "wait=60"
    assert len(answer.json()["data"]) == 1

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from app import clock
from app.access import Scope
from app.db import Database
from app.domain.decision_record import decision_content, replay
from app.domain.policy import BANDS, Policy, digest_of
from app.errors import AlreadyExists, HalftermError, InvariantBroken
from app.http.plain_pages import PAGE_POLICY
from app.ids import new_id
from app.models.allocation import policy_version
from app.queries.writes import Writes
from app.services.ground import survey
from tests.factories.authority import Town, build_town
from tests.factories.casework import ACCEPTED_AT, at
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

PATH = "/v1/policies"
TOMORROW = "2026-11-03"


def content(**changes: Any) -> dict[str, Any]:
    """A whole policy; `changes` replace fields, `windows__P1` one part of one."""
    result = deepcopy(Policy().content())
    for name, value in changes.items():
        field, _, part = name.partition("__")
        if part:
            result[field][part] = value
        else:
            result[field] = value
    return result


def draft(effective_from: str = TOMORROW, **changes: Any) -> dict[str, Any]:
    return {
        "effective_from": effective_from,
        "summary_of_changes": "Providers have longer to answer.",
        "contact": "Family support team, 01632 960100",
        "content": content(**changes),
    }


@pytest.fixture
def officer(api: Api, town: Town) -> Caller:
    return at(api.as_(town.officer), ACCEPTED_AT)


async def numbers(caller: Caller) -> list[int]:
    return [row["number"] for row in (await caller.get(PATH)).json()["data"]]


async def test_an_officer_publishes_and_everyone_reads(api: Api, town: Town, officer: Caller) -> None:
    answer = await officer.post(PATH, draft(weights__P1=9))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"{PATH}/{made['id']}"
    assert (made["number"], made["effective_from"], made["published_at"]) == (2, TOMORROW, "2026-11-02T09:00:00Z")
    assert made["content"] == content(weights__P1=9)
    assert made["digest"] == digest_of(content(weights__P1=9)) != Policy().digest()
    for reader in (town.officer, town.school, town.schools[1], town.provider, town.providers[1]):
        read = await api.as_(reader).get(f"{PATH}/{made['id']}")
        assert read.json() == made
        assert (read.headers["etag"], answer.headers["etag"]) == ('"1"', '"1"')
    again = await officer.get(f"{PATH}/{made['id']}", headers={"If-None-Match": '"1"'})
    assert again.status_code == 304


async def test_versions_are_listed_newest_first_with_where_they_stand(officer: Caller) -> None:
    for day in ("2026-11-03", "2026-12-01", "2026-11-20"):
        assert (await officer.post(PATH, draft(day))).status_code == 201
    first = (await officer.get(PATH, params={"limit": 2})).json()
    assert [row["number"] for row in first["data"]] == [4, 3]
    second = (await officer.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert ([row["number"] for row in second["data"]], second["next_cursor"]) == ([2, 1], None)

    async def stand(moment: datetime) -> dict[int, tuple[str, str | None]]:
        rows = (await at(officer, moment).get(PATH)).json()["data"]
        return {row["number"]: (row["state"], row["in_force_until"]) for row in rows}

    assert await stand(ACCEPTED_AT) == {
        4: ("announced", "2026-11-30"),
        3: ("announced", None),
        2: ("announced", "2026-11-19"),
        1: ("in_force", "2026-11-02"),
    }
    later = await stand(datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert {number: state for number, (state, _) in later.items()} == {
        1: "past", 2: "past", 3: "announced", 4: "in_force",
    }  # fmt: skip


async def test_the_current_policy_is_that_of_the_business_day_in_england(api: Api, town: Town, officer: Caller) -> None:
    school = api.as_(town.school)
    await officer.post(PATH, draft("2027-07-01"))
    before = await at(school, datetime(2027, 6, 30, 22, 59, 59, tzinfo=UTC)).get(f"{PATH}/current")
    after = await at(school, datetime(2027, 6, 30, 23, 0, 0, tzinfo=UTC)).get(f"{PATH}/current")
    assert (before.json()["number"], after.json()["number"]) == (1, 2)
    assert before.headers["etag"] != after.headers["etag"]


async def test_a_retry_publishes_once(officer: Caller) -> None:
    once = key()
    first = await officer.post(PATH, draft(), headers=once)
    again = await officer.post(PATH, draft(), headers=once)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await numbers(officer) == [2, 1]
    other = await officer.post(PATH, draft("2027-01-04"), headers=once)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def without(field: str, part: str | None = None) -> dict[str, Any]:
    body = draft()
    if part:
        del body["content"][field][part]
    else:
        del body["content"][field]
    return body


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (without("windows", "P3"), ["/content/windows/P3"]),
        (without("windows"), ["/content/windows"]),
        (without("criteria", "P4"), ["/content/criteria/P4"]),
        (draft(criteria__P2="   "), ["/content/criteria/P2"]),
        (draft(weights__P1=7.5), ["/content/weights/P1"]),
        (draft(weights__P1=8.0), ["/content/weights/P1"]),
        (draft(weights__P2="4"), ["/content/weights/P2"]),
        (draft(weights__P3=True, weights__P4=None), ["/content/weights/P3", "/content/weights/P4"]),
        (draft(weights__P4=-1), ["/content/weights/P4"]),
        (draft(weights__P5=1), ["/content/weights/P5"]),
        (draft(costs__day=1.5), ["/content/costs/day"]),
        (draft(answer_days__P1=0), ["/content/answer_days/P1"]),
        (draft(long_stop={"band": "P3", "becomes": "P4", "school_days": 50}), ["/content/long_stop"]),
        (draft(long_stop={"band": "P4", "becomes": "P3", "school_days": 0}), ["/content/long_stop/school_days"]),
        (draft(fair_share__on="yes"), ["/content/fair_share/on"]),
        (draft(fair_share__exempt=["P1", "P1"]), ["/content/fair_share/exempt"]),
        (draft(at_once__bands=["P0"]), ["/content/at_once/bands/0"]),
        (draft(approvers=[]), ["/content/approvers"]),
        (draft(confirm_batches=1), ["/content/confirm_batches"]),
        (draft(predicted_risk=1), ["/content/predicted_risk"]),
        ({**draft(), "number": 9}, ["/number"]),
        ({**draft(), "summary_of_changes": ""}, ["/summary_of_changes"]),
        (draft("2026-11-02"), ["/effective_from"]),
        (draft("2026-10-31"), ["/effective_from"]),
        (draft("3 November"), ["/effective_from"]),
    ],
)
async def test_an_unsound_policy_is_refused_field_by_field(
    officer: Caller, body: dict[str, Any], pointers: list[str]
) -> None:
    answer = await officer.post(PATH, body)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers
    assert await numbers(officer) == [1]


async def test_every_fault_that_the_domain_finds_is_told_at_once(officer: Caller) -> None:
    body = draft("2026-11-02", long_stop={"band": "P2", "becomes": "P2", "school_days": 9})
    errors = (await officer.post(PATH, body)).json()["errors"]
    assert errors == [
        {
            "pointer": "/effective_from",
            "code": "out_of_range",
            "detail": "A policy takes effect tomorrow at the earliest: decisions already made are not made again.",
        },
        {
            "pointer": "/content/long_stop",
            "code": "not_valid",
            "detail": "The policy's long-stop moves a band to a more urgent one.",
        },
    ]


async def test_two_policies_cannot_be_in_force_at_once(api: Api, town: Town, officer: Caller) -> None:
    assert (await officer.post(PATH, draft("2027-01-04"))).status_code == 201
    rival = await officer.post(PATH, draft("2027-01-04", weights__P1=9))
    assert (rival.status_code, rival.json()["code"]) == (409, "already_exists")
    assert rival.json()["detail"] == ("Version 2 takes effect on that day: two policies cannot be in force at once.")
    assert await numbers(officer) == [2, 1]
    with pytest.raises(AlreadyExists, match="two cannot be in force at once"):
        async with api.runtime.database.write(town.officer) as session:
            writes = Writes()
            writes.add(policy_version, id=new_id(), number=3, content={}, digest="x", effective_from=date(2027, 1, 4))
            await writes.flush(session)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_version SET content = '{}' WHERE authority_id = $1",
        "UPDATE policy_version SET effective_from = '2030-01-01' WHERE authority_id = $1",
        "DELETE FROM policy_version WHERE authority_id = $1",
    ],
)
async def test_what_is_published_cannot_be_altered(api: Api, town: Town, officer: Caller, statement: str) -> None:
    made = (await officer.post(PATH, draft())).json()
    with pytest.raises(InvariantBroken):
        async with api.runtime.database.write(town.officer) as session:
            await session.run(statement, town.officer.authority_id)
    assert (await officer.get(f"{PATH}/{made['id']}")).json() == made
    for method in ("PUT", "PATCH", "DELETE"):
        refused = await officer.request(method, f"{PATH}/{made['id']}", json=draft())
        assert refused.status_code == 405


async def test_schools_and_providers_read_and_do_not_publish(api: Api, town: Town) -> None:
    for reader in (town.school, town.provider):
        caller = at(api.as_(reader), ACCEPTED_AT)
        assert (await caller.get(f"{PATH}/current")).json()["number"] == 1
        refused = await caller.post(PATH, draft())
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert await numbers(caller) == [1]
    narrow = at(api.as_(town.officer, scopes=frozenset({Scope.SUPPLY_READ, Scope.SUPPLY_WRITE})), ACCEPTED_AT)
    assert (await narrow.post(PATH, draft())).json()["code"] == "insufficient_scope"
    assert (await api.client.get(f"{PATH}/current")).status_code == 401


async def test_another_authority_has_its_own(api: Api, town: Town, officer: Caller) -> None:
    there = await build_town(api.runtime.database, name="Otherfolk (made up)")
    made = (await officer.post(PATH, draft())).json()
    stranger = at(api.as_(there.officer), ACCEPTED_AT)
    for path in ("", "/page", "/transparency-record"):
        assert (await stranger.get(f"{PATH}/{made['id']}{path}")).status_code == 404
    assert await numbers(stranger) == [1]
    # The same day is free there: the authorities' policies do not know of each other.
    theirs = await stranger.post(PATH, draft())
    assert (theirs.status_code, theirs.json()["number"]) == (201, 2)


async def test_everyone_is_told_of_it(api: Api, town: Town, officer: Caller) -> None:
    made = (await officer.post(PATH, draft())).json()
    for party in (town.officer, *town.schools, *town.providers):
        async with api.runtime.database.read(party) as session:
            (row,) = await session.rows(
                "SELECT e.subject_id, e.subject_version, e.data FROM event e JOIN event_audience a"
                " ON a.authority_id = e.authority_id AND a.event_id = e.id"
                " WHERE e.type = 'policy.published' AND a.organisation_id = $1",
                party.organisation_id,
            )
        assert (row["subject_id"], row["subject_version"]) == (UUID(made["id"]), 1)
        assert orjson.loads(row["data"]) == {"number": 2, "effective_from": TOMORROW}


async def test_a_policy_changes_decisions_from_its_first_day_and_none_before(
    api: Api, town: Town, officer: Caller
) -> None:
    """The last second of the day before is the old policy's; the first of its own day is the new one's."""
    # In winter England keeps UTC.
    eve = datetime(2026, 11, 2, 23, 59, 59, tzinfo=UTC)

    async def refer(moment: datetime) -> tuple[str, str]:
        sent = await at(api.as_(town.school), moment).post("/v1/referrals", referral_body(), headers=key())
        assert sent.status_code == 201, sent.text
        offer = (
            await at(api.as_(town.provider), moment).get(f"/v1/allocations/{sent.json()['allocation']['id']}")
        ).json()
        return sent.json()["id"], offer["answer_due_at"]

    async def decided(referral_id: str) -> bytes:
        return (await officer.get(f"/v1/referrals/{referral_id}/decisions")).content

    def canonical(value: Any) -> bytes:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)

    published = await officer.post(PATH, draft(answer_days=dict.fromkeys(BANDS, 10), weights__P2=5))
    assert published.status_code == 201, published.text
    old_referral, old_due = await refer(eve)
    stored = await decided(old_referral)
    new_referral, new_due = await refer(eve + timedelta(seconds=1))
    (old,), (new,) = orjson.loads(stored)["data"], orjson.loads(await decided(new_referral))["data"]

    assert (old["policy_number"], old["policy_digest"]) == (1, Policy().digest())
    assert (new["policy_number"], new["policy_digest"]) == (2, published.json()["digest"])
    assert (old["record"]["policy"]["weights"]["P2"], new["record"]["policy"]["weights"]["P2"]) == (4, 5)
    assert (old_due[:16], new_due[:16]) == ("2026-11-04T17:00", "2026-11-17T17:00")

    # What was decided stays as it was, byte for byte, and is decided again from its record alone.
    assert await decided(old_referral) == stored
    for row in (old, new):
        again = decision_content(replay(row["record"]))
        assert canonical(again) == canonical({name: row["record"][name] for name in again})


class TestPages:
    async def test_the_page_explains_the_version(self, api: Api, town: Town, officer: Caller) -> None:
        made = (await officer.post(PATH, draft("2027-01-04", answer_days__P1=7))).json()
        answer = await api.as_(town.school).get(f"{PATH}/{made['id']}/page")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        assert answer.headers["vary"] == "Accept"
        text = answer.text
        assert text.startswith('<!doctype html><html lang="en-GB">')
        assert text.count("<h1>") == 1
        assert "<script" not in text
        assert "<h1>How Testshire (made up) decides who gets which place</h1>" in text
        assert "Version 2, in force from 4 January 2027" in text
        assert f"<code>{made['digest']}</code>" in text
        for band in BANDS:
            assert f"<li><strong>{band}</strong>: " in text
        assert "P1 7, P2 2, P3 3, P4 3" in text
        assert "Ask Family support team, 01632 960100: an officer can look at it" in text
        assert "<p>Providers have longer to answer.</p>" in text
        unchanged = await officer.get(f"{PATH}/{made['id']}/page", headers={"If-None-Match": answer.headers["etag"]})
        assert unchanged.status_code == 304

    async def test_the_words_of_an_authority_are_words_on_the_page(self, officer: Caller) -> None:
        hostile = '<script>alert("P1")</script> & <img src=x onerror=1>\n\n# A heading\n- an item'
        body = {
            **draft(criteria__P1=hostile),
            "summary_of_changes": f"New.\n\n## Mine {hostile}",
            "contact": '"><script>1</script>',
        }
        made = (await officer.post(PATH, body)).json()
        text = (await officer.get(f"{PATH}/{made['id']}/page")).text
        assert "<script" not in text
        assert "<img" not in text
        assert (
            "&lt;script&gt;alert(&quot;P1&quot;)&lt;/script&gt; &amp; &lt;img src=x onerror=1&gt; # A heading" in text
        )
        assert text.count("<h1>") == 1
        assert "Mine</h2>" not in text
        assert "<h2>Mine" not in text

    async def test_the_page_and_the_record_are_had_as_markdown_too(self, officer: Caller) -> None:
        current = (await officer.get(f"{PATH}/current")).json()
        wanted = {"Accept": "text/markdown, text/html;q=0.5, application/json;q=0.5"}
        page = await officer.get(f"{PATH}/{current['id']}/page", headers=wanted)
        record = await officer.get(f"{PATH}/{current['id']}/transparency-record", headers=wanted)
        for answer in (page, record):
            assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
        assert page.text.startswith("# How Testshire (made up) decides who gets which place\n\n")
        lines = record.text.splitlines()
        assert lines[0] == "# Algorithmic Transparency Recording Standard"
        assert "## Tier 2: in full" in lines
        assert "- **Solely automated**: no" in lines
        assert f"- **Policy digest**: {current['digest']}" in lines
        assert "- **Windows**: P1: 5; P2: 5; P3: 2; P4: 2" in lines
        assert not [line for line in lines if "{" in line or "None" in line or "True" in line]

    async def test_the_record_names_its_version_and_figures(self, officer: Caller) -> None:
        made = (await officer.post(PATH, draft(weights__P1=9, confirm_batches=False))).json()
        answer = await officer.get(f"{PATH}/{made['id']}/transparency-record")
        assert answer.headers["content-type"] == "application/json"
        record = answer.json()
        technical = record["tier_2"]["technical_specification"]
        assert (technical["policy_version"], technical["policy_digest"]) == (2, made["digest"])
        assert technical["figures"]["weights"] == made["content"]["weights"]
        assert record["tier_2"]["decision_making"]["solely_automated"] is False
        assert record["tier_1"]["contact"] == "Family support team, 01632 960100"

    async def test_a_version_from_before_a_field_shows_the_fingerprint_that_it_has(
        self, api: Api, town: Town, officer: Caller
    ) -> None:
        """Its missing fields have their defaults on the page; its identity is of what was stored."""
        stored = {name: value for name, value in content().items() if name not in ("costs", "weights", "windows")}
        policy_id = new_id()
        async with api.runtime.database.write(town.officer) as session:
            writes = Writes()
            writes.add(
                policy_version,
                id=policy_id,
                number=2,
                content=stored,
                digest=digest_of(stored),
                effective_from=date(2026, 9, 1),
            )
            await writes.flush(session)
        text = (await officer.get(f"{PATH}/{policy_id}/page")).text
        assert f"<code>{digest_of(stored)}</code>" in text
        assert "A place of average reach costs 300" in text
        assert "What changed" not in text


class TestPublic:
    """Read by anybody, in a database of the test's own: the code is looked up by the worker role."""

    async def test_anybody_reads_what_is_published_and_only_that(self, real_api: Api, real_town: Town) -> None:
        now = clock.real_now()
        first_day = (clock.london_date(now) + timedelta(days=30)).isoformat()
        officer = real_api.as_(real_town.officer)
        made = (await officer.post(PATH, draft(first_day))).json()
        page = await real_api.client.get("/policies/999/current")
        assert (page.status_code, page.headers["cache-control"]) == (200, "public, max-age=300")
        assert page.headers["content-security-policy"] == PAGE_POLICY
        assert "Version 1, in force from 1 January 2020" in page.text
        assert 'href="1/transparency-record"' in page.text
        announced = await real_api.client.get("/policies/999/2")
        assert f"<code>{made['digest']}</code>" in announced.text
        record = await real_api.client.get("/policies/999/2/transparency-record")
        assert record.json()["tier_2"]["technical_specification"]["policy_digest"] == made["digest"]
        unchanged = await real_api.client.get(
            "/policies/999/2/transparency-record", headers={"If-None-Match": record.headers["etag"]}
        )
        assert unchanged.status_code == 304
        for party in (real_town.school, real_town.providers[1]):
            told = (await real_api.as_(party).get("/v1/events")).json()["data"]
            assert [(event["type"], event["subject_id"]) for event in told] == [("policy.published", made["id"])]
        token = {"Authorization": "Bearer nonsense"}
        assert (await real_api.client.get("/policies/999/current", headers=token)).status_code == 200

    async def test_what_is_not_there_is_not_found(self, real_api: Api, real_town: Town) -> None:
        for path, status in (
            ("/policies/998/current", 404),
            ("/policies/999/2", 404),
            ("/policies/999/2/transparency-record", 404),
            ("/policies/999/0", 422),
            ("/policies/999/9999999", 404),
            ("/policies/99/current", 422),
            ("/policies/abc/current", 422),
            ("/policies/999/newest", 422),
        ):
            answer = await real_api.client.get(path)
            assert answer.status_code == status, path
            assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_code_means_the_real_authority_before_a_sandbox(self, real_api: Api, real_town: Town) -> None:
        database = real_api.runtime.database
        other = await build_town(database, name="Testshire itself (made up)")
        async with database.write(other.officer) as session:
            await session.run(
                "UPDATE authority SET sandbox = false, clock_offset = '0' WHERE id = $1", other.officer.authority_id
            )
        page = await real_api.client.get("/policies/999/current")
        assert "<h1>How Testshire itself (made up) decides" in page.text


async def test_the_graph_tells_the_same(real_api: Api, real_town: Town) -> None:
    officer = at(real_api.as_(real_town.officer), ACCEPTED_AT)
    school = at(real_api.as_(real_town.school), ACCEPTED_AT)
    made = (await officer.post(PATH, draft())).json()
    query = (
        "query ($on: Date) { policies(first: 5, inForceOn: $on)"
        " { nodes { recordId number effectiveFrom digest contact content } } }"
    )
    told = await school.graphql(query)
    assert [node["number"] for node in told["data"]["policies"]["nodes"]] == [2, 1]
    for day, number in (("2026-11-02", 1), (TOMORROW, 2)):
        (node,) = (await school.graphql(query, on=day))["data"]["policies"]["nodes"]
        assert node["number"] == number
    assert node == {
        "recordId": made["id"],
        "number": 2,
        "effectiveFrom": TOMORROW,
        "digest": made["digest"],
        "contact": made["contact"],
        "content": made["content"],
    }
    sent = await school.post("/v1/referrals", referral_body(), headers=key())
    assert sent.status_code == 201, sent.text
    query = "{ referrals { nodes { decisions { outcome policy { number } } } } }"
    (node,) = (await officer.graphql(query))["data"]["referrals"]["nodes"]
    assert node == {"decisions": [{"outcome": "offered", "policy": {"number": 1}}]}
    (node,) = (await school.graphql(query))["data"]["referrals"]["nodes"]
    assert not node["decisions"]


# Read over before, and withdrawn before its day.


async def rows_of(database: Database, town: Town) -> int:
    async with database.read(town.officer) as session:
        count: int = await session.value(
            "SELECT (SELECT count(*) FROM policy_version WHERE authority_id = $1)"
            " + (SELECT count(*) FROM event WHERE authority_id = $1)",
            session.authority_id,
        )
    return count


async def test_a_draft_is_read_as_the_public_will_and_nothing_is_written(
    api: Api, town: Town, lane: Database, officer: Caller
) -> None:
    before = await rows_of(lane, town)
    markdown = {"Accept": "text/markdown"}
    seen = await officer.post(f"{PATH}/preview", draft(weights__P1=9), headers=markdown)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "text/markdown; charset=utf-8"), seen.text
    assert "Version 2, in force from 3 November 2026" in seen.text
    page = await officer.post(f"{PATH}/preview", draft(weights__P1=9))
    assert page.headers["content-security-policy"] == PAGE_POLICY
    assert await rows_of(lane, town) == before
    made = (await officer.post(PATH, draft(weights__P1=9))).json()
    assert (await officer.get(f"{PATH}/{made['id']}/page", headers=markdown)).text == seen.text
    for wrong in (draft("2026-11-02"), draft(windows__P1=7.5)):
        assert (await officer.post(f"{PATH}/preview", wrong)).status_code == 422
    for stranger in (town.school, town.provider):
        assert (await api.as_(stranger).post(f"{PATH}/preview", draft())).status_code == 403


async def test_an_announced_version_is_withdrawn_and_its_day_is_free(
    api: Api, town: Town, lane: Database, officer: Caller
) -> None:
    made = (await officer.post(PATH, draft(answer_days__P2=7))).json()
    path = f"{PATH}/{made['id']}"
    once = key()
    answer = await officer.post(f"{path}/withdraw", {"reason": "A slip in the windows."}, headers=once)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["withdrawn_at"], found["withdrawal_reason"]) == ("2026-11-02T09:00:00Z", "A slip in the windows.")
    assert (found["effective_from"], answer.headers["etag"]) == (TOMORROW, '"2"')
    again = await officer.post(f"{path}/withdraw", {"reason": "A slip in the windows."}, headers=once)
    assert (again.status_code, again.json()) == (200, found)
    assert (await officer.get(path)).json() == found
    assert (await officer.get(path, headers={"If-None-Match": '"1"'})).status_code == 200
    page = (await officer.get(f"{path}/page", headers={"Accept": "text/markdown"})).text
    assert "**This version was withdrawn on 2 November 2026 and never takes effect.** A slip in the windows." in page
    (row, _) = (await officer.get(PATH)).json()["data"]
    assert (row["number"], row["state"], row["in_force_until"]) == (2, "withdrawn", None)
    # The next day has the version before, for decisions too.
    later = ACCEPTED_AT + timedelta(days=1, hours=1)
    assert (await at(officer, later).get(f"{PATH}/current")).json()["number"] == 1
    async with lane.read(replace(town.officer, at=later)) as session:
        assert (await survey(session)).policy == Policy()
    third = await officer.post(PATH, draft())
    assert (third.status_code, third.json()["number"]) == (201, 3)
    assert (await at(officer, later).get(f"{PATH}/current")).json()["number"] == 3
    graph = await officer.graphql("{ policies { nodes { number effectiveFrom withdrawnAt } } }")
    by_number = {node["number"]: node for node in graph["data"]["policies"]["nodes"]}
    assert by_number[2]["effectiveFrom"] is None
    assert by_number[2]["withdrawnAt"] is not None
    async with lane.read(town.school) as session:
        told = await session.value(
            "SELECT count(*) FROM event e JOIN event_audience a ON a.event_id = e.id"
            " WHERE e.type = 'policy.withdrawn' AND a.organisation_id = $1",
            town.school.organisation_id,
        )
    assert told == 1


async def test_a_version_is_not_withdrawn_from_its_day_on_nor_twice_nor_by_another(
    api: Api, town: Town, lane: Database, officer: Caller
) -> None:
    made = (await officer.post(PATH, draft())).json()
    path, body = f"{PATH}/{made['id']}/withdraw", {"reason": "Made up."}
    on_the_day = at(api.as_(town.officer), datetime(2026, 11, 3, 0, 0, tzinfo=UTC))
    refused = await on_the_day.post(path, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "action_not_available")
    assert (await officer.post(f"{PATH}/{made['id']}/withdraw", {"reason": ""})).status_code == 422
    for stranger in (town.school, town.provider):
        assert (await api.as_(stranger).post(path, body)).status_code == 403
    elsewhere = await build_town(lane, name="Elsewhere (made up)")
    assert (await api.as_(elsewhere.officer).post(path, body)).status_code == 404
    current = (await officer.get(f"{PATH}/current")).json()
    assert (await officer.post(f"{PATH}/{current['id']}/withdraw", body)).status_code == 409
    assert (await officer.post(path, body)).status_code == 200
    assert (await officer.post(path, body)).status_code == 409


async def test_a_version_under_which_something_was_decided_is_not_withdrawn(
    api: Api, town: Town, officer: Caller
) -> None:
    """A request of the last second before midnight, that comes to its turn after a decision of the new day."""
    made = (await officer.post(PATH, draft())).json()
    answer = await at(api.as_(town.school), datetime(2026, 11, 3, 0, 0, 1, tzinfo=UTC)).post(
        "/v1/referrals", referral_body(), headers=key()
    )
    assert answer.status_code == 201, answer.text
    late = at(api.as_(town.officer), datetime(2026, 11, 2, 23, 59, 59, tzinfo=UTC))
    assert (await late.post(f"{PATH}/{made['id']}/withdraw", {"reason": "Made up."})).status_code == 409


async def test_the_services_role_changes_a_published_version_in_no_other_way(lane: Database, town: Town) -> None:
    for change in (
        "withdrawal_reason = 'x'",
        "effective_from = effective_from + 1",
        "effective_from = NULL, announced_for = effective_from",
        "content = '{}'",
    ):
        with pytest.raises((asyncpg.PostgresError, HalftermError)):
            async with lane.write(town.officer) as session:
                await session.run(f"UPDATE policy_version SET {change} WHERE authority_id = $1", session.authority_id)

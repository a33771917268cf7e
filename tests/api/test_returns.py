import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.db import Database
from app.queries.writes import Writes
from tests.factories.authority import Town
from tests.factories.casework import accepted_case, at, contact, missed, started, worker
from tests.factories.http import Api, Caller
from tests.factories.outcomes import add_referral, open_returns

ENDED = date(2027, 1, 5)
"""After the autumn term of 2026/27 by the default calendar, and before the spring term ends."""
NOW = datetime(2027, 1, 6, 10, 0, tzinfo=UTC)
NARRATIVE = {"what_helped": "Visits before school.", "barriers": "Bus times."}


def school(api: Api, town: Town, index: int = 0) -> Caller:
    return at(api.as_(town.schools[index]), NOW)


def provider(api: Api, town: Town, index: int = 0) -> Caller:
    return at(api.as_(town.providers[index]), NOW)


def officer(api: Api, town: Town) -> Caller:
    return at(api.as_(town.officer), NOW)


async def owed(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = await caller.get("/v1/returns", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def only(caller: Caller) -> dict[str, Any]:
    (summary,) = await owed(caller)
    answer = await caller.get(f"/v1/returns/{summary['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def fill(caller: Caller, row: dict[str, Any], content: Any, version: int | None = None) -> Any:
    tag = f'"{version or row["version"]}"'
    return await caller.put(f"/v1/returns/{row['id']}", {"content": content}, headers={"If-Match": tag})


def figures(**changes: Any) -> dict[str, Any]:
    return {
        "sessions_possible": 140,
        "sessions_attended": 120,
        "sessions_authorised": 12,
        "sessions_unauthorised": 8,
        "suspension_count": 1,
        "sessions_lost": 4,
        "permanent_exclusion_count": 0,
        **changes,
    }


def filled(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"pupils": [{**pupil, **figures(**changes)} for pupil in row["content"]["pupils"]]}


async def stored(lane: Database, town: Town, return_id: str) -> dict[str, Any]:
    """What the database holds of a return, and what was told of it: to prove that nothing changed."""
    async with lane.read(town.officer) as session:
        row = await session.row(
            "SELECT r.state, r.version, r.content, r.query, r.submitted_at, r.accepted_at,"
            " (SELECT array_agg(e.type ORDER BY e.recorded_at, e.id) FROM event e WHERE e.subject_id = r.id) AS told,"
            " (SELECT o.met_at IS NOT NULL FROM obligation o WHERE o.subject_id = r.id) AS met,"
            " (SELECT count(*) FROM attendance_record) AS attendance,"
            " (SELECT count(*) FROM suspension_record) AS suspensions"
            " FROM return_record r WHERE r.id = $1",
            UUID(return_id),
        )
    assert row is not None
    return dict(row)


async def school_return(api: Api, lane: Database, town: Town) -> dict[str, Any]:
    """The first school's autumn return, of one open referral."""
    async with lane.write(town.officer) as session:
        writes = Writes()
        add_referral(session, writes, town, closed_at=None, started_on=None)
        await writes.flush(session)
    assert await open_returns(lane, town, ENDED) == 1
    return await only(school(api, town))


# Opening


async def test_a_provider_owes_a_half_term_return_that_the_record_has_filled(
    api: Api, lane: Database, town: Town
) -> None:
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    portal = worker(api, town)
    for body in (
        contact(kind="session", held_at="2026-11-10T15:30:00Z"),
        missed(kind="session", held_at="2026-11-12T15:30:00Z"),
        missed(kind="session", held_at="2026-11-13T15:30:00Z")
        | {"result": "cancelled_by_provider", "reason": "The worker was unwell."},
    ):
        assert (await portal.post(f"{ids.path}/contacts", body)).status_code == 201

    await open_returns(lane, town, ENDED)

    row = await only(provider(api, town))
    assert (row["template"], row["period"], row["state"]) == ("provider_half_term", "2026/27-2", "due")
    (case,) = row["content"]["cases"]
    assert case == {
        "intervention_id": str(ids.intervention_id),
        "referral_reference": case["referral_reference"],
        "contacts_offered_count": 3,
        "contacts_attended_count": 2,
        "state_at_end": "active",
        "planned_end_on": ids.planned_end_on.isoformat(),
    }
    assert row["content"]["totals"] == {
        "case_count": 1,
        "contacts_offered_count": 3,
        "contacts_attended_count": 2,
        "closed_count": 0,
    }
    assert row["content"]["staffing"]["practitioner_count"] == 1


async def test_a_superseded_contact_is_not_counted_twice(api: Api, lane: Database, town: Town) -> None:
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    portal = worker(api, town)
    first = await portal.post(f"{ids.path}/contacts", missed(kind="session", held_at="2026-11-10T15:30:00Z"))
    moved = contact(kind="session", held_at="2026-11-11T15:30:00Z", supersedes_id=first.json()["id"])
    assert (await portal.post(f"{ids.path}/contacts", moved)).status_code == 201

    await open_returns(lane, town, ENDED)

    (case,) = (await only(provider(api, town)))["content"]["cases"]
    assert (case["contacts_offered_count"], case["contacts_attended_count"]) == (2, 2)


async def test_opening_again_opens_nothing(api: Api, lane: Database, town: Town) -> None:
    await accepted_case(api, town)
    assert await open_returns(lane, town, ENDED) == 2
    assert await open_returns(lane, town, ENDED) == 0
    assert await open_returns(lane, town, date(2027, 1, 20)) == 0


async def test_nothing_is_owed_before_the_last_day_is_over(api: Api, lane: Database, town: Town) -> None:
    await accepted_case(api, town)
    assert await open_returns(lane, town, date(2026, 12, 18)) == 0


async def test_each_return_owed_is_an_obligation_and_one_event_for_both_sides(
    api: Api, lane: Database, town: Town
) -> None:
    row = await school_return(api, lane, town)
    async with lane.read(town.officer) as session:
        debt = await session.row("SELECT * FROM obligation WHERE subject_id = $1", UUID(row["id"]))
        readers = await session.rows(
            "SELECT e.type, e.subject_version, e.data FROM event e WHERE e.subject_id = $1", UUID(row["id"])
        )
    assert debt is not None
    assert (debt["kind"], debt["clock"], debt["owed_by_id"]) == (
        "school_return",
        "working_day",
        town.school.organisation_id,
    )
    # Ten working days from Friday 18 December, over Christmas, its substitute day and New Year.
    assert row["due_on"] == "2027-01-06"
    assert debt["due_at"] == datetime(2027, 1, 7, tzinfo=UTC)
    assert [(event["type"], event["subject_version"]) for event in readers] == [("return.due", 1)]
    assert orjson.loads(readers[0]["data"]) == {"template": "school_term", "period": "2026/27-autumn"}
    async with lane.read(town.school) as session:
        assert await session.value("SELECT count(*) FROM event WHERE type = 'return.due'") == 1
    async with lane.read(town.schools[1]) as session:
        assert await session.value("SELECT count(*) FROM event WHERE type = 'return.due'") == 0


async def test_a_term_is_owed_for_one_full_term_after_closure_and_no_longer(
    api: Api, lane: Database, town: Town
) -> None:
    async with lane.write(town.officer) as session:
        writes = Writes()
        # Closed in the autumn: autumn and spring are needed, summer is not.
        add_referral(session, writes, town)
        # Ended without support, and entered in error: nothing is needed after.
        add_referral(session, writes, town, school=town.schools[1], started_on=None, outcome="withdrawn")
        add_referral(session, writes, town, school=town.schools[2], outcome="entered_in_error")
        await writes.flush(session)
    await open_returns(lane, town, date(2027, 8, 1))
    assert [row["period"] for row in await owed(school(api, town))] == ["2026/27-autumn", "2026/27-spring"]
    assert await owed(school(api, town, 1)) == []
    assert await owed(school(api, town, 2)) == []


# Filling, submitting, signing off


async def test_a_return_goes_from_due_to_accepted_with_one_event_each(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    draft = await fill(mis, row, {"pupils": [row["content"]["pupils"][0] | {"sessions_possible": 140}]})
    assert draft.status_code == 200, draft.text
    assert (draft.json()["state"], draft.headers["etag"]) == ("draft", '"2"')

    assert (await fill(mis, draft.json(), filled(row))).status_code == 200
    sent = await mis.post(f"/v1/returns/{row['id']}/submit")
    assert sent.status_code == 200, sent.text
    assert (sent.json()["state"], sent.json()["late"]) == ("submitted", False)

    boss = officer(api, town)
    asked = await boss.post(f"/v1/returns/{row['id']}/query", {"question": "Is 140 right?"})
    assert (asked.json()["state"], asked.json()["query"]) == ("queried", "Is 140 right?")
    again = await fill(mis, asked.json(), filled(row, sessions_possible=130, sessions_attended=110))
    assert again.json()["state"] == "queried"
    resent = await mis.post(f"/v1/returns/{row['id']}/submit")
    assert resent.json()["state"] == "resubmitted"
    done = await boss.post(f"/v1/returns/{row['id']}/accept")
    assert done.json()["state"] == "accepted"
    assert done.json()["available_actions"] == ["query"]

    after = await stored(lane, town, row["id"])
    assert after["told"] == [
        "return.due",
        "return.drafted",
        "return.drafted",
        "return.submitted",
        "return.queried",
        "return.drafted",
        "return.resubmitted",
        "return.accepted",
    ]
    assert after["met"] is True


async def test_a_return_sent_in_time_is_not_late_because_it_was_asked_about(
    api: Api, lane: Database, town: Town
) -> None:
    row = await school_return(api, lane, town)
    path = f"/v1/returns/{row['id']}"
    await fill(school(api, town), row, filled(row))
    sent = (await school(api, town).post(f"{path}/submit")).json()
    await officer(api, town).post(f"{path}/query", {"question": "Is 140 right?"})
    after_due = datetime.fromisoformat(f"{row['due_on']}T10:00:00+00:00") + timedelta(days=3)
    resent = await at(api.as_(town.schools[0]), after_due).post(f"{path}/submit")
    assert (resent.json()["state"], resent.json()["late"]) == ("resubmitted", False)
    assert resent.json()["submitted_at"] == sent["submitted_at"]


async def test_a_submitted_school_return_becomes_facts_of_the_term_and_resubmitting_replaces_them(
    api: Api, lane: Database, town: Town
) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    await fill(mis, row, filled(row))
    await mis.post(f"/v1/returns/{row['id']}/submit")
    kept = "SELECT term, source, school_id, sessions_possible, sessions_attended, version FROM attendance_record"
    async with lane.read(town.officer) as session:
        (fact,) = await session.rows(kept)
        (suspensions,) = await session.rows("SELECT term, suspension_count, sessions_lost FROM suspension_record")
    assert tuple(fact) == ("2026/27-autumn", "return", town.school.organisation_id, 140, 120, 1)
    assert tuple(suspensions) == ("2026/27-autumn", 1, 4)

    asked = await officer(api, town).post(f"/v1/returns/{row['id']}/query", {"question": "Sure?"})
    await fill(mis, asked.json(), filled(row, sessions_possible=130, sessions_attended=110))
    await mis.post(f"/v1/returns/{row['id']}/submit")
    async with lane.read(town.officer) as session:
        (fact,) = await session.rows(kept)
    assert (fact["sessions_possible"], fact["version"]) == (130, 2)

    asked = await officer(api, town).post(f"/v1/returns/{row['id']}/query", {"question": "On roll?"})
    gone = filled(row, **dict.fromkeys(figures()), no_figures_reason="left_the_school")
    await fill(mis, asked.json(), gone)
    assert (await mis.post(f"/v1/returns/{row['id']}/submit")).status_code == 200
    async with lane.read(town.officer) as session:
        assert await session.rows(kept) == []


async def test_an_accepted_return_is_put_right_with_its_history_and_its_figures_count_meanwhile(
    api: Api, lane: Database, town: Town
) -> None:
    row = await school_return(api, lane, town)
    mis, boss, path = school(api, town), officer(api, town), f"/v1/returns/{row['id']}"
    await fill(mis, row, filled(row))
    early = await mis.post(f"{path}/amend", {"reason": "Too soon."})
    assert early.status_code == 409
    await mis.post(f"{path}/submit")
    await boss.post(f"{path}/accept")
    opened = await mis.post(f"{path}/amend", {"reason": "Two weeks of marks were missing."})
    assert (opened.json()["state"], opened.json()["accepted_at"]) == ("queried", None)
    kept = "SELECT sessions_possible FROM attendance_record"
    async with lane.read(town.officer) as session:
        assert await session.value(kept) == 140
    await fill(mis, opened.json(), filled(row, sessions_possible=150, sessions_attended=130))
    assert (await mis.post(f"{path}/submit")).json()["state"] == "resubmitted"
    async with lane.read(town.officer) as session:
        assert await session.value(kept) == 150
    for reader in (mis, boss):
        told = (await reader.get(f"{path}/submissions")).json()["data"]
        assert [(one["number"], one["reason"], one["content"]["pupils"][0]["sessions_possible"]) for one in told] == [
            (1, None, 140),
            (2, "Two weeks of marks were missing.", 150),
        ]
    assert (await boss.post(f"{path}/accept")).json()["state"] == "accepted"
    assert (await stored(lane, town, row["id"]))["told"][-4:] == [
        "return.reopened", "return.drafted", "return.resubmitted", "return.accepted",
    ]  # fmt: skip


async def test_the_authority_asks_row_by_row(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis, boss, path = school(api, town), officer(api, town), f"/v1/returns/{row['id']}"
    await fill(mis, row, filled(row))
    await mis.post(f"{path}/submit")
    line = {"row": row["content"]["pupils"][0]["referral_id"], "field": "sessions_possible", "question": "So few?"}
    before = await stored(lane, town, row["id"])
    for wrong, pointer in (({"row": "nobody"}, "/lines/1/row"), ({"field": "shoe_size"}, "/lines/1/field")):
        refused = await boss.post(f"{path}/query", {"question": "?", "lines": [line, {**line, **wrong}]})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await stored(lane, town, row["id"]) == before
    asked = await boss.post(f"{path}/query", {"question": "See below.", "lines": [line]})
    assert asked.status_code == 200, asked.text
    assert (await mis.get(path)).json()["query_lines"] == [line]


async def test_an_accepted_return_can_be_asked_about_again(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis, boss, path = school(api, town), officer(api, town), f"/v1/returns/{row['id']}"
    await fill(mis, row, filled(row))
    await mis.post(f"{path}/submit")
    await boss.post(f"{path}/accept")
    assert (await boss.post(f"{path}/query", {"question": "Sure?"})).json()["state"] == "queried"
    assert (await mis.post(f"{path}/submit")).json()["state"] == "resubmitted"


async def test_a_provider_return_is_submitted_with_its_narrative(api: Api, lane: Database, town: Town) -> None:
    await accepted_case(api, town)
    await open_returns(lane, town, ENDED)
    portal = provider(api, town)
    row = await only(portal)
    bare = await portal.post(f"/v1/returns/{row['id']}/submit")
    assert bare.status_code == 422
    assert {fault["pointer"] for fault in bare.json()["errors"]} == {
        "/staffing/vacancy_count",
        "/narrative/what_helped",
        "/narrative/barriers",
    }
    content = {**row["content"], "narrative": NARRATIVE, "staffing": {"practitioner_count": 3, "vacancy_count": 0}}
    assert (await fill(portal, row, content)).status_code == 200
    assert (await portal.post(f"/v1/returns/{row['id']}/submit")).json()["state"] == "submitted"


async def test_late_is_a_fact_and_not_a_state(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    tardy = at(api.as_(town.school), datetime(2027, 1, 7, 0, 30, tzinfo=UTC))
    assert (await tardy.get(f"/v1/returns/{row['id']}")).json()["late"] is True
    await fill(tardy, row, filled(row))
    sent = (await tardy.post(f"/v1/returns/{row['id']}/submit")).json()
    assert (sent["state"], sent["late"]) == ("submitted", True)


async def test_a_retried_submission_with_one_key_has_one_effect(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    await fill(mis, row, filled(row))
    headers = {"Idempotency-Key": "once"}
    first = await mis.post(f"/v1/returns/{row['id']}/submit", headers=headers)
    second = await mis.post(f"/v1/returns/{row['id']}/submit", headers=headers)
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["idempotency-replayed"] == "true"


# Lists


async def test_the_list_runs_by_due_date_in_pages_and_filters_by_state(api: Api, lane: Database, town: Town) -> None:
    await accepted_case(api, town)
    async with lane.write(town.officer) as session:
        writes = Writes()
        add_referral(session, writes, town, school=town.schools[1], closed_at=None, started_on=None)
        await writes.flush(session)
    await open_returns(lane, town, ENDED)
    boss = officer(api, town)
    everything = await owed(boss)
    assert len(everything) == 3
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        answer = (await boss.get("/v1/returns", params={"limit": 1, **({"cursor": cursor} if cursor else {})})).json()
        seen += [row["id"] for row in answer["data"]]
        cursor = answer["next_cursor"]
    assert (seen, cursor) == ([row["id"] for row in everything], None)
    assert len(await owed(boss, state="due")) == 3
    assert await owed(boss, state="accepted") == []
    assert len(await owed(boss, template="school_term")) == 2
    assert len(await owed(boss, organisation_id=str(town.schools[1].organisation_id))) == 1
    assert (await boss.get("/v1/returns", params={"state": "late"})).status_code == 422


async def test_a_read_of_an_unchanged_return_answers_304(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    same = await school(api, town).get(f"/v1/returns/{row['id']}", headers={"If-None-Match": '"1"'})
    assert same.status_code == 304


async def test_templates_say_what_is_asked(api: Api, town: Town) -> None:
    answer = await school(api, town).get("/v1/return-templates")
    assert [(item["template"], item["version"]) for item in answer.json()["data"]] == [
        ("provider_half_term", 1),
        ("school_term", 1),
    ]


# Bad input and denials


async def test_attended_more_than_possible_is_refused_in_a_sentence(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    assert (await fill(mis, row, filled(row, sessions_attended=150))).status_code == 200
    before = await stored(lane, town, row["id"])
    refused = await mis.post(f"/v1/returns/{row['id']}/submit")
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/pupils/0/sessions_possible", "sessions_add_up")
    assert fault["detail"].endswith("Here they come to 30 more.")
    assert await stored(lane, town, row["id"]) == before


async def test_a_row_of_an_unknown_referral_is_refused(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    stranger = {**row["content"]["pupils"][0], "referral_id": "01939d2a-7b1c-7e55-8f00-5d1c0f6f2a10"}
    refused = await fill(school(api, town), row, {"pupils": [*row["content"]["pupils"], stranger]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/pupils/1/referral_id"
    assert (await stored(lane, town, row["id"]))["version"] == 1


async def test_malformed_content_is_refused_without_its_values(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    pupil = row["content"]["pupils"][0]
    for changes in (
        {"sessions_possible": "142 Sampleton"},
        {"sessions_possible": 14.0},
        {"sessions_possible": True},
        {"sessions_possible": -1},
        {"sessions_possible": 10**30},
        {"comment": "Sampleton\x00"},
        {"comment": "Sampleton\ud800"},
        {"comment": "S" * 5000},
        {"Sampleton\ud800": 1},
        {"referral_id": 7},
        {"no_figures_reason": "Sampleton"},
    ):
        raw = json.dumps({"content": {"pupils": [{**pupil, **changes}]}}).encode()
        answer = await mis.request(
            "PUT",
            f"/v1/returns/{row['id']}",
            content=raw,
            headers={"If-Match": '"1"', "Content-Type": "application/json"},
        )
        assert answer.status_code == 422, (changes, answer.text)
        assert all(
            "Sampleton" not in fault["detail"] or "Sampleton" in str(list(changes)) for fault in answer.json()["errors"]
        )
    assert (await stored(lane, town, row["id"]))["version"] == 1


async def test_put_needs_the_version_that_was_read(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    missing = await mis.put(f"/v1/returns/{row['id']}", {"content": filled(row)})
    assert missing.status_code == 428
    assert (await fill(mis, row, filled(row))).status_code == 200
    stale = await fill(mis, row, filled(row), version=1)
    assert (stale.status_code, stale.headers["etag"]) == (412, '"2"')
    assert (await mis.post(f"/v1/returns/{row['id']}/submit", headers={"If-Match": '"1"'})).status_code == 412
    assert (await stored(lane, town, row["id"]))["version"] == 2


async def test_submitting_twice_and_filling_after_are_conflicts(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis, boss = school(api, town), officer(api, town)
    assert (await boss.post(f"/v1/returns/{row['id']}/accept")).status_code == 409
    await fill(mis, row, filled(row))
    assert (await mis.post(f"/v1/returns/{row['id']}/submit")).status_code == 200
    before = await stored(lane, town, row["id"])
    assert (await mis.post(f"/v1/returns/{row['id']}/submit")).status_code == 409
    assert (await fill(mis, row, filled(row), version=3)).status_code == 409
    assert await stored(lane, town, row["id"]) == before


async def test_another_organisation_meets_nothing(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    before = await stored(lane, town, row["id"])
    for stranger in (school(api, town, 1), provider(api, town)):
        assert await owed(stranger) == []
        assert (await stranger.get(f"/v1/returns/{row['id']}")).status_code == 404
        assert (await fill(stranger, row, filled(row))).status_code == 404
        assert (await stranger.post(f"/v1/returns/{row['id']}/submit")).status_code == 404
    assert await stored(lane, town, row["id"]) == before


async def test_only_the_authority_signs_off_and_only_filers_file(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis, boss = school(api, town), officer(api, town)
    await fill(mis, row, filled(row))
    await mis.post(f"/v1/returns/{row['id']}/submit")
    before = await stored(lane, town, row["id"])
    assert (await mis.post(f"/v1/returns/{row['id']}/accept")).status_code == 403
    assert (await mis.post(f"/v1/returns/{row['id']}/query", {"question": "?"})).status_code == 403
    assert (await boss.post(f"/v1/returns/{row['id']}/submit")).status_code == 403
    assert (await fill(boss, row, filled(row))).status_code == 403
    weak = at(api.as_(town.officer, scopes=frozenset()), NOW)
    assert (await weak.post(f"/v1/returns/{row['id']}/accept")).status_code == 403
    assert await stored(lane, town, row["id"]) == before


async def test_a_return_of_another_authority_is_not_there(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    foreign = replace(town.officer, authority_id=UUID(int=7), organisation_id=UUID(int=8))
    assert (await at(api.as_(foreign), NOW).post(f"/v1/returns/{row['id']}/accept")).status_code in {401, 404}
    assert (await stored(lane, town, row["id"]))["version"] == 1

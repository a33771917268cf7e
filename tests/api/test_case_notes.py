"""Case notes: written by the provider, corrected and never changed, shared one by one, gone with the case."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.access import Scope
from app.db import Database
from app.errors import InvariantBroken
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import LATER, CaseIds, accepted_case, at, closing, worker
from tests.factories.falling_due import pass_time
from tests.factories.http import Api, Caller
from tests.factories.next_contract import next_contract
from tests.factories.officers import told
from tests.factories.referrals import key


def note(**changes: Any) -> dict[str, Any]:
    return {"kind": "observation", "occurred_at": "2026-11-04T10:00:00Z", "text": "Calm at the gate.", **changes}


async def write(api: Api, town: Town, ids: CaseIds, **changes: Any) -> dict[str, Any]:
    answer = await worker(api, town).post(f"{ids.path}/notes", note(**changes))
    assert answer.status_code == 201, answer.text
    written: dict[str, Any] = answer.json()
    return written


async def texts(caller: Caller, ids: CaseIds) -> list[str]:
    answer = await caller.get(f"{ids.path}/notes")
    assert answer.status_code == 200, answer.text
    return [row["text"] for row in answer.json()["data"]]


@pytest.fixture
async def ids(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_a_note_is_the_providers_and_the_officers_until_it_is_shared(api: Api, town: Town, ids: CaseIds) -> None:
    own = await write(api, town, ids, text="For the record.")
    await write(api, town, ids, text="For the school too.", shared_with_referrer=True)
    assert own["practitioner_id"] == str(town.practitioners[0])
    both = ["For the record.", "For the school too."]
    assert await texts(api.as_(town.provider), ids) == both
    assert await texts(api.as_(town.officer), ids) == both
    assert await texts(api.as_(town.school), ids) == ["For the school too."]
    shown = (await api.as_(town.school).get(f"{ids.path}/notes")).json()["data"][0]
    assert set(shown) == {"id", "intervention_id", "kind", "occurred_at", "text", "recorded_at", "organisation_id"}
    for stranger in (town.schools[1], town.providers[1]):
        assert (await api.as_(stranger).get(f"{ids.path}/notes")).status_code == 404


async def test_an_unshared_note_leaves_no_trace_at_the_school(api: Api, town: Town, ids: CaseIds) -> None:
    school = api.as_(town.school)
    case = {"id": str(ids.referral_id)}
    before = (
        [
            (answer.text, answer.headers.get("etag"))
            for path in (ids.path, f"/v1/referrals/{ids.referral_id}", f"{ids.path}/notes")
            for answer in [await school.get(path)]
        ],
        await told(api, town.school, case),
    )
    await write(api, town, ids)
    after = (
        [
            (answer.text, answer.headers.get("etag"))
            for path in (ids.path, f"/v1/referrals/{ids.referral_id}", f"{ids.path}/notes")
            for answer in [await school.get(path)]
        ],
        await told(api, town.school, case),
    )
    assert after == before
    assert "note.written" in [kind for kind, _ in await told(api, town.provider, case)]
    await write(api, town, ids, shared_with_referrer=True)
    assert [kind for kind, _ in await told(api, town.school, case)].count("note.written") == 1


async def test_a_correction_supersedes_and_keeps_what_was_written(api: Api, town: Town, ids: CaseIds) -> None:
    first = await write(api, town, ids, text="Met the aunt.", shared_with_referrer=True)
    second = await write(api, town, ids, text="Met the sister.", supersedes_id=first["id"], shared_with_referrer=True)
    rows = (await api.as_(town.officer).get(f"{ids.path}/notes")).json()["data"]
    assert {row["text"]: (row["supersedes_id"], row["superseded_by_id"]) for row in rows} == {
        "Met the aunt.": (None, second["id"]),
        "Met the sister.": (first["id"], None),
    }
    assert await texts(api.as_(town.school), ids) == ["Met the sister."]
    again = await worker(api, town).post(f"{ids.path}/notes", note(supersedes_id=first["id"]))
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


async def test_what_was_shared_by_mistake_is_taken_back(api: Api, town: Town, ids: CaseIds) -> None:
    mistake = await write(api, town, ids, text="Another child's name.", shared_with_referrer=True)
    assert await texts(api.as_(town.school), ids) == ["Another child's name."]
    await write(api, town, ids, text="Without it.", supersedes_id=mistake["id"])
    assert await texts(api.as_(town.school), ids) == []
    # Its system keeps a copy perhaps: so it is told.
    events = await told(api, town.school, {"id": str(ids.referral_id)})
    assert [data for kind, data in events if kind == "note.written"][-1] == {
        "intervention_id": str(ids.intervention_id),
        "shared_with_referrer": False,
        "supersedes_id": mistake["id"],
    }


async def test_no_note_is_ever_changed_or_taken_out(api: Api, town: Town, ids: CaseIds, lane: Database) -> None:
    await write(api, town, ids)
    for sql in (
        "UPDATE case_note SET text = 'x'",
        "DELETE FROM case_note",
        "UPDATE case_note SET superseded_by_id = NULL",
    ):
        with pytest.raises(InvariantBroken):
            async with lane.write(town.provider) as session:
                await session.run(sql)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"occurred_at": "2026-11-20T17:00:01Z"}, "in_the_future"),
        ({"occurred_at": "2026-11-01T23:59:59Z"}, "before_acceptance"),
        ({"supersedes_id": str(new_id())}, "unknown_note"),
        ({"practitioner_id": str(new_id())}, "unknown_practitioner"),
        ({"text": "  "}, "too_short"),
        ({"text": "x" * 5001}, "too_long"),
        ({"kind": "gossip"}, "unknown_value"),
        ({"shared_with_referrer": "yes"}, "not_true_or_false"),
    ],
)
async def test_bad_notes_are_refused(api: Api, town: Town, ids: CaseIds, changes: dict[str, Any], code: str) -> None:
    answer = await worker(api, town).post(f"{ids.path}/notes", note(**changes))
    assert answer.status_code == 422, answer.text
    assert [fault["code"] for fault in answer.json()["errors"]] == [code]
    assert await texts(api.as_(town.provider), ids) == []


async def test_a_note_of_the_day_of_acceptance_may_be_of_before_the_hour(api: Api, town: Town, ids: CaseIds) -> None:
    await write(api, town, ids, occurred_at="2026-11-02T00:00:00Z")


async def test_another_providers_practitioner_cannot_sign(api: Api, town: Town, ids: CaseIds) -> None:
    other = await api.as_(town.providers[1]).post(
        "/v1/practitioners", {"name": "Kit Sampleton (made up)", "caseload_limit": 3}
    )
    assert other.status_code == 201, other.text
    answer = await worker(api, town).post(f"{ids.path}/notes", note(practitioner_id=other.json()["id"]))
    assert answer.json()["errors"][0]["code"] == "unknown_practitioner"


async def test_a_retry_writes_one_note(api: Api, town: Town, ids: CaseIds) -> None:
    headers = key()
    answers = [await worker(api, town).post(f"{ids.path}/notes", note(), headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(await texts(api.as_(town.provider), ids)) == 1


async def test_pages_are_in_the_order_of_what_they_are_of(api: Api, town: Town, ids: CaseIds) -> None:
    for day in (6, 4, 5, 4):
        await write(api, town, ids, occurred_at=f"2026-11-0{day}T10:00:00Z", text=f"of {day}")
    found, cursor = [], ""
    while True:
        page = (await api.as_(town.provider).get(f"{ids.path}/notes?limit=1{cursor}")).json()
        found += [row["text"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == ["of 4", "of 4", "of 5", "of 6"]


async def test_each_read_is_logged_with_who_and_of_which_case(api: Api, town: Town, ids: CaseIds) -> None:
    officer = api.as_(town.officer)
    assert await texts(officer, ids) == []
    assert (await officer.get("/v1/audit?action=read_case_notes")).json()["data"] == []
    await write(api, town, ids, shared_with_referrer=True)
    for reader in (town.officer, town.school):
        await texts(api.as_(reader), ids)
    lines = (await officer.get("/v1/audit?action=read_case_notes")).json()["data"]
    assert [(line["organisation_id"], line["subject_id"], line["fields"]) for line in lines] == [
        (str(town.school.organisation_id), str(ids.intervention_id), ["text"]),
        (str(town.officer.organisation_id), str(ids.intervention_id), ["text"]),
    ]


async def test_an_officer_without_the_role_reads_none(api: Api, town: Town, ids: CaseIds) -> None:
    await write(api, town, ids)
    without = api.as_(town.officer, scopes=frozenset(Scope) - {Scope.NOTES_READ})
    assert (await without.get(f"{ids.path}/notes")).status_code == 403
    answer = await without.graphql("{ interventions { nodes { notes { text } } } }")
    assert answer["data"]["interventions"]["nodes"] == [{"notes": None}]


async def test_the_record_follows_the_case(api: Api, town: Town, ids: CaseIds, lane: Database) -> None:
    before = await write(api, town, ids, text="Written by the first provider.")
    day = LATER + timedelta(days=3)
    after = await next_contract(lane, town, town.providers[1], on=day.date(), places=1)
    done = await after.commit(at(api.as_(town.officer), day))
    assert done["moved_count"] == 1, done
    successor, former = at(api.as_(town.providers[1]), day), at(api.as_(town.providers[0]), day)
    assert await texts(successor, ids) == ["Written by the first provider."]
    assert (await former.get(f"{ids.path}/notes")).status_code == 404
    assert (await former.post(f"{ids.path}/notes", note())).status_code == 404
    correction = await successor.post(f"{ids.path}/notes", note(supersedes_id=before["id"]))
    assert correction.json()["errors"][0]["code"] == "anothers_note"
    own = await successor.post(f"{ids.path}/notes", note(text="Written by the second."))
    assert own.status_code == 201, own.text
    assert len(await texts(successor, ids)) == 2


async def test_notes_end_for_the_provider_when_who_it_was_does(
    api: Api, town: Town, ids: CaseIds, lane: Database
) -> None:
    await write(api, town, ids)
    closed = await worker(api, town).post(f"{ids.path}/close", closing(outcome="ended_early", reason="moved_away"))
    assert closed.status_code == 200, closed.text
    await write(api, town, ids, text="Written up after the close.")
    assert len(await texts(worker(api, town), ids)) == 2
    month_on = LATER + timedelta(days=32)
    await pass_time(lane, town, LATER, month_on)
    late = at(api.as_(town.provider), month_on)
    assert (await late.get(ids.path)).status_code == 200
    assert await texts(late, ids) == []
    refused = await late.post(f"{ids.path}/notes", note())
    assert (refused.status_code, refused.json()["code"]) == (409, "action_not_available")
    assert len(await texts(api.as_(town.officer), ids)) == 2


async def test_the_database_keeps_unshared_notes_from_the_school(
    api: Api, town: Town, ids: CaseIds, lane: Database
) -> None:
    await write(api, town, ids)
    await write(api, town, ids, shared_with_referrer=True)
    async with lane.read(town.school) as session:
        assert await session.value("SELECT array_agg(shared_with_referrer) FROM case_note") == [True]
    async with lane.read(town.providers[1]) as session:
        assert await session.value("SELECT count(*) FROM case_note") == 0


async def test_nobody_signs_for_another_provider(town: Town, lane: Database, api: Api, ids: CaseIds) -> None:
    with pytest.raises((InvariantBroken, asyncpg.PostgresError)):
        async with lane.write(town.providers[1]) as session:
            await session.run(
                "INSERT INTO case_note (authority_id, id, intervention_id, referral_id, organisation_id,"
                " practitioner_id, kind, occurred_at, text, recorded_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, 'other', $7, 'x', $7)",
                town.provider.authority_id,
                new_id(),
                ids.intervention_id,
                ids.referral_id,
                town.provider.organisation_id,
                town.practitioners[0],
                session.now,
            )

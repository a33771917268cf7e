"""Urgent concerns: who is told, who has to act and by when, and who reads what of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.access import SAFEGUARDING, Scope
from app.db import Database
from app.domain.concerns import NOTICE
from app.errors import InvariantBroken
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import ACCEPTED_AT, LATER, CaseIds, accepted_case, at, closing
from tests.factories.falling_due import pass_time
from tests.factories.http import Api, Caller
from tests.factories.officers import owed, send, told
from tests.factories.referrals import key, referral_body
from tests.factories.scene import an_agency

AT_RISK = {
    "kind": "child_at_risk",
    "text": "Afraid to go home.",
    "person": {"name": "Sam Sampleton", "phone": "01632 960123"},
}
ACT = {"action": "family_spoken_to", "person": {"name": "Robin Exemplar"}, "note": "Spoke with the aunt."}
MASH = {"name": "Testshire MASH", "phone": "01632 960000"}


def about(town: Town, **changes: Any) -> dict[str, Any]:
    """An allegation about a worker of the provider."""
    worker = {"organisation_id": str(town.provider.organisation_id), "name": "Kit Sampleton", "role": "worker"}
    return {**AT_RISK, "kind": "allegation_about_worker", "text": "Shouted at him.", "worker": worker, **changes}


def path(ids: CaseIds) -> str:
    return f"/v1/referrals/{ids.referral_id}/concerns"


async def raise_one(caller: Caller, ids: CaseIds, body: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post(path(ids), body, headers=key())
    assert answer.status_code == 201, answer.text
    raised: dict[str, Any] = answer.json()
    return raised


async def listed(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = await caller.get(f"/v1/concerns{query}")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def act(caller: Caller, concern: dict[str, Any], what: str, **changes: Any) -> dict[str, Any]:
    answer = await caller.post(f"/v1/concerns/{concern['id']}/{what}", {**ACT, **changes})
    assert answer.status_code == 200, answer.text
    line: dict[str, Any] = answer.json()
    return line


@pytest.fixture
async def ids(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_a_child_at_risk_goes_to_the_named_lead_and_the_authority_at_once(
    api: Api, town: Town, ids: CaseIds
) -> None:
    provider, school, officer = (at(api.as_(each), LATER) for each in (town.provider, town.school, town.officer))
    raised = await raise_one(provider, ids, AT_RISK)
    school_id = str(town.school.organisation_id)
    assert (raised["state"], raised["recipient_id"]) == ("raised", school_id)
    assert raised["notice"] == {"message": NOTICE, "contact": MASH}
    assert "999" in NOTICE
    for party in (town.school, town.officer):
        assert ("concern.raised", {"kind": "child_at_risk"}) in await told(api, party, {"id": str(ids.referral_id)})
    debt = (await owed(school, raised["id"]))["concern_action"]
    assert (debt["subject_kind"], debt["clock"], debt["owed_by_id"]) == ("concern", "calendar_hour", school_id)
    assert datetime.fromisoformat(debt["due_at"]) == LATER + timedelta(hours=4)
    for reader in (school, officer, provider):
        assert [row["id"] for row in await listed(reader)] == [raised["id"]]
        assert (await reader.get(f"/v1/concerns/{raised['id']}")).json()["text"] == "Afraid to go home."
    for stranger in (town.schools[1], town.providers[1]):
        assert await listed(api.as_(stranger)) == []
        assert (await api.as_(stranger).get(f"/v1/concerns/{raised['id']}")).status_code == 404


async def test_what_the_school_raises_is_the_authoritys(api: Api, town: Town, ids: CaseIds) -> None:
    school, officer = at(api.as_(town.school), LATER), at(api.as_(town.officer), LATER)
    raised = await raise_one(school, ids, AT_RISK)
    assert raised["recipient_id"] == str(town.officer.organisation_id)
    assert "concern_action" in await owed(officer, raised["id"])
    # The provider that has the case is not told: it did not raise it.
    assert await listed(api.as_(town.provider)) == []
    assert "concern.raised" not in [kind for kind, _ in await told(api, town.provider, {"id": str(ids.referral_id)})]


async def test_a_weekend_and_a_holiday_count(api: Api, town: Town, ids: CaseIds) -> None:
    christmas_eve = datetime.fromisoformat("2026-12-24T22:00:00+00:00")
    raised = await raise_one(at(api.as_(town.school), christmas_eve), ids, about(town))
    debt = (await owed(at(api.as_(town.officer), christmas_eve), raised["id"]))["concern_action"]
    assert datetime.fromisoformat(debt["due_at"]) == christmas_eve + timedelta(hours=24)


async def test_acting_meets_what_is_owed_and_the_raiser_is_told_only_that(api: Api, town: Town, ids: CaseIds) -> None:
    provider, school, officer = (at(api.as_(each), LATER) for each in (town.provider, town.school, town.officer))
    raised = await raise_one(provider, ids, AT_RISK)
    line = await act(school, raised, "acknowledge")
    assert (line["state"], line["version"]) == ("acknowledged", 2)
    assert (await owed(school, raised["id"])) == {}
    assert "concern_action" in await owed(school, raised["id"], state="met")
    closed = await act(officer, raised, "close", action="referred_to_social_care", note="A social worker visits.")
    assert (closed["state"], closed["version"]) == ("closed", 3)
    whole = (await officer.get(f"/v1/concerns/{raised['id']}")).json()
    assert [(done["kind"], done["action"], done["note"], done["person"]["name"]) for done in whole["acts"]] == [
        ("acknowledged", "family_spoken_to", "Spoke with the aunt.", "Robin Exemplar"),
        ("closed", "referred_to_social_care", "A social worker visits.", "Robin Exemplar"),
    ]
    own = await provider.get(f"/v1/concerns/{raised['id']}")
    assert (own.json()["state"], own.headers["etag"]) == ("raised", '"1"')
    assert "acts" not in own.json()
    assert "worker" not in own.json()
    case = {"id": str(ids.referral_id)}
    kinds = [kind for kind, _ in await told(api, town.provider, case) if kind.startswith("concern.")]
    assert kinds == ["concern.acknowledged"]
    assert [kind for kind, _ in await told(api, town.school, case) if kind.startswith("concern.")] == [
        "concern.raised", "concern.acknowledged", "concern.closed",
    ]  # fmt: skip


async def test_an_allegation_is_the_authoritys_alone(api: Api, town: Town, ids: CaseIds) -> None:
    school, officer = at(api.as_(town.school), LATER), at(api.as_(town.officer), LATER)
    raised = await raise_one(school, ids, about(town))
    assert raised["recipient_id"] == str(town.officer.organisation_id)
    await act(officer, raised, "acknowledge", action="strategy_discussion")
    own = (await school.get(f"/v1/concerns/{raised['id']}")).json()
    assert (own["state"], own["acts"], own["worker"]["name"]) == ("raised", [], "Kit Sampleton")
    case = {"id": str(ids.referral_id)}
    for party in (town.school, town.provider):
        assert [kind for kind, _ in await told(api, party, case) if kind.startswith("concern.")] == []
    assert (await school.post(f"/v1/concerns/{raised['id']}/close", ACT)).status_code == 403


async def test_an_allegation_about_a_member_of_the_schools_staff_never_goes_to_the_school(
    api: Api, town: Town, ids: CaseIds
) -> None:
    staff = {"organisation_id": str(town.school.organisation_id), "name": "A teacher"}
    raised = await raise_one(at(api.as_(town.provider), LATER), ids, about(town, worker=staff))
    assert raised["recipient_id"] == str(town.officer.organisation_id)
    assert await listed(api.as_(town.school)) == []
    [own] = await listed(api.as_(town.provider))
    assert own["id"] == raised["id"]
    whole = (await api.as_(town.provider).get(f"/v1/concerns/{own['id']}")).json()
    assert not {"worker", "worker_organisation_id", "acts"} & set(whole)


async def test_a_provider_that_raises_one_about_its_own_worker_has_the_answer_and_no_more(
    api: Api, town: Town, ids: CaseIds
) -> None:
    provider, headers = at(api.as_(town.provider), LATER), key()
    first = await provider.post(path(ids), about(town), headers=headers)
    assert (first.status_code, first.json()["state"]) == (201, "raised")
    again = await provider.post(path(ids), about(town), headers=headers)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    assert "Shouted" not in first.text
    assert await listed(provider) == []
    assert (await provider.get(f"/v1/concerns/{first.json()['id']}")).status_code == 404
    assert len(await listed(api.as_(town.officer))) == 1


async def test_an_authoritys_client_without_the_scope_knows_of_none(api: Api, town: Town, ids: CaseIds) -> None:
    raised = await raise_one(at(api.as_(town.provider), LATER), ids, AT_RISK)
    desk = at(api.as_(town.officer, scopes=frozenset(Scope) - SAFEGUARDING), LATER)
    assert (await desk.get("/v1/concerns")).status_code == 403
    assert (await desk.get(f"/v1/concerns/{raised['id']}")).status_code == 403
    assert await owed(desk, raised["id"]) == {}
    for path_ in ("/v1/audit?limit=200", f"/v1/audit?subject_id={raised['id']}"):
        assert raised["id"] not in (await desk.get(path_)).text
    answer = await desk.graphql("{ obligations { nodes { kind } } }")
    assert "concern_action" not in [node["kind"] for node in answer["data"]["obligations"]["nodes"]]
    # It may raise one all the same.
    assert (await desk.post(path(ids), AT_RISK)).status_code == 201


async def test_a_school_without_the_scope_is_alarmed_and_reads_nothing(api: Api, town: Town, ids: CaseIds) -> None:
    raised = await raise_one(at(api.as_(town.provider), LATER), ids, AT_RISK)
    mis = at(api.as_(town.school, scopes=frozenset(Scope) - SAFEGUARDING), LATER)
    assert "concern_action" in await owed(mis, raised["id"])
    assert (await mis.get(f"/v1/concerns/{raised['id']}")).status_code == 403
    bare = replace(town.school, scopes=frozenset(Scope) - SAFEGUARDING)
    assert "concern.raised" in [kind for kind, _ in await told(api, bare, {"id": str(ids.referral_id)})]


async def test_reads_and_acts_are_on_the_trail(api: Api, town: Town, ids: CaseIds) -> None:
    school, officer = at(api.as_(town.school), LATER), api.as_(town.officer)
    raised = await raise_one(at(api.as_(town.provider), LATER), ids, AT_RISK)
    await school.get(f"/v1/concerns/{raised['id']}")
    await act(school, raised, "acknowledge")
    await act(school, raised, "close")
    await school.graphql("{ concerns { nodes { text } } }")
    lines = (await officer.get(f"/v1/audit?subject_id={raised['id']}")).json()["data"]
    assert [(line["action"], line["organisation_id"] == str(town.school.organisation_id)) for line in lines] == [
        ("read_identity", True),
        ("close_concern", True),
        ("acknowledge_concern", True),
        ("read_concern", True),
        ("raise_concern", False),
    ]
    assert "Afraid" not in str(lines)


async def test_a_closed_referral_takes_one(api: Api, town: Town, ids: CaseIds) -> None:
    provider = at(api.as_(town.provider), LATER)
    await provider.post(
        f"/v1/interventions/{ids.intervention_id}/close", closing(outcome="ended_early", reason="moved_away")
    )
    assert (await raise_one(provider, ids, AT_RISK))["state"] == "raised"
    await raise_one(at(api.as_(town.school), LATER), ids, AT_RISK)


async def test_about_a_referral_that_is_not_ones_own_is_404(api: Api, town: Town) -> None:
    sent = await send(at(api.as_(town.school), ACCEPTED_AT))
    url = f"/v1/referrals/{sent['id']}/concerns"
    # Offered to it, and not accepted: it does not know which referral that is.
    for caller in (town.provider, town.providers[1], town.schools[1]):
        assert (await api.as_(caller).post(url, AT_RISK)).status_code == 404
    assert (await api.as_(town.school).post(f"/v1/referrals/{new_id()}/concerns", AT_RISK)).status_code == 404
    assert await listed(api.as_(town.officer)) == []


async def test_the_access_of_who_raised_it_ends_with_its_access_to_the_family(
    api: Api, town: Town, ids: CaseIds, lane: Database
) -> None:
    provider = at(api.as_(town.provider), LATER)
    raised = await raise_one(provider, ids, AT_RISK)
    await provider.post(
        f"/v1/interventions/{ids.intervention_id}/close", closing(outcome="ended_early", reason="moved_away")
    )
    assert len(await listed(provider)) == 1
    await pass_time(lane, town, LATER, LATER + timedelta(days=32))
    assert await listed(provider) == []
    assert (await provider.get(f"/v1/concerns/{raised['id']}")).status_code == 404
    assert len(await listed(at(api.as_(town.school), LATER))) == 1


async def test_an_agencys_concern_goes_to_the_pupils_school(api: Api, town: Town, lane: Database) -> None:
    agency = api.as_(await an_agency(lane, town))
    sent = await agency.post(
        "/v1/referrals", referral_body(school_urn="900001", needs=[{"code": "housing"}]), headers=key()
    )
    assert sent.status_code == 201, sent.text
    answer = await agency.post(f"/v1/referrals/{sent.json()['id']}/concerns", AT_RISK)
    assert answer.json()["recipient_id"] == str(town.school.organisation_id)


async def test_left_alone_it_is_told_as_overdue_to_who_owes_it(
    api: Api, town: Town, ids: CaseIds, lane: Database
) -> None:
    raised = await raise_one(at(api.as_(town.provider), LATER), ids, AT_RISK)
    await pass_time(lane, town, LATER, LATER + timedelta(hours=5))
    async with lane.read(town.school) as session:
        rows = await session.rows("SELECT data ->> 'about_id' AS about FROM event WHERE type = 'obligation.overdue'")
    assert raised["id"] in [row["about"] for row in rows]
    async with lane.read(town.provider) as session:
        rows = await session.rows("SELECT data ->> 'about_id' AS about FROM event WHERE type = 'obligation.overdue'")
    assert raised["id"] not in [row["about"] for row in rows]


async def test_each_act_is_done_once_and_in_order(api: Api, town: Town, ids: CaseIds) -> None:
    officer = at(api.as_(town.officer), LATER)
    raised = await raise_one(at(api.as_(town.school), LATER), ids, AT_RISK)
    await act(officer, raised, "acknowledge")
    twice = await officer.post(f"/v1/concerns/{raised['id']}/acknowledge", ACT)
    assert (twice.status_code, twice.json()["code"]) == (409, "action_not_available")
    await act(officer, raised, "close")
    for what in ("acknowledge", "close"):
        late = await officer.post(f"/v1/concerns/{raised['id']}/{what}", ACT)
        assert (late.status_code, late.json()["code"]) == (409, "action_not_available")
    at_once = await raise_one(at(api.as_(town.school), LATER), ids, AT_RISK)
    assert (await act(officer, at_once, "close"))["version"] == 2


async def test_the_list_is_told_apart_by_state_and_referral(api: Api, town: Town, ids: CaseIds) -> None:
    school, officer = at(api.as_(town.school), LATER), at(api.as_(town.officer), LATER)
    other = await accepted_case(api, town)
    made = [await raise_one(school, one, AT_RISK) for one in (ids, ids, ids, other)]
    await act(officer, made[0], "acknowledge")
    await act(officer, made[1], "acknowledge")
    await act(officer, made[1], "close")
    for query, wanted in (
        ("?state=raised", [3, 2]),
        ("?state=acknowledged", [0]),
        ("?state=closed", [1]),
        (f"?referral_id={other.referral_id}", [3]),
        ("", [3, 2, 1, 0]),
    ):
        assert [row["id"] for row in await listed(officer, query)] == [made[index]["id"] for index in wanted], query
        assert all("text" not in row and "person" not in row for row in await listed(officer, query))
    # To who raised them they all stand as they were raised.
    assert len(await listed(school, "?state=raised")) == 4
    page = (await officer.get("/v1/concerns?limit=3")).json()
    rest = (await officer.get(f"/v1/concerns?limit=3&cursor={page['next_cursor']}")).json()
    assert [row["id"] for row in page["data"] + rest["data"]] == [one["id"] for one in reversed(made)]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"text": ""}, "/text", "too_short"),
        ({"text": "x" * 5001}, "/text", "too_long"),
        ({"kind": "worry"}, "/kind", "unknown_value"),
        ({"person": {}}, "/person/name", "required"),
        ({"kind": "allegation_about_worker"}, "/worker", "worker_needed"),
        ({"worker": {"organisation_id": str(new_id())}}, "/worker", "worker_needed"),
        (
            {"kind": "allegation_about_worker", "worker": {"organisation_id": str(new_id())}},
            "/worker/organisation_id",
            "unknown_organisation",
        ),
        ({"noticed_at": "2026-11-20T17:00:01Z"}, "/noticed_at", "in_the_future"),
        ({"urgent": True}, "/urgent", "unknown_field"),
    ],
)
async def test_bad_concerns_are_refused(
    api: Api, town: Town, ids: CaseIds, changes: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await at(api.as_(town.school), LATER).post(path(ids), {**AT_RISK, **changes})
    assert answer.status_code == 422, answer.text
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]
    assert await listed(api.as_(town.officer)) == []


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("acknowledge", {**ACT, "action": "other", "note": None}),
        ("acknowledge", {**ACT, "person": None}),
        ("close", {**ACT, "note": None}),
        ("close", {**ACT, "note": " "}),
        ("close", {**ACT, "action": "forgotten"}),
    ],
)
async def test_acts_that_do_not_say_what_was_done_are_refused(
    api: Api, town: Town, ids: CaseIds, what: str, body: dict[str, Any]
) -> None:
    raised = await raise_one(at(api.as_(town.school), LATER), ids, AT_RISK)
    answer = await api.as_(town.officer).post(f"/v1/concerns/{raised['id']}/{what}", body)
    assert answer.status_code == 422, answer.text
    assert [row["state"] for row in await listed(api.as_(town.officer))] == ["raised"]


async def test_a_policy_says_how_many_hours(api: Api, town: Town, ids: CaseIds) -> None:
    officer = at(api.as_(town.officer), LATER)
    content = (await officer.get("/v1/policies/current")).json()["content"]
    assert content["concern_hours"] == {"child_at_risk": 4, "allegation_about_worker": 24}
    content["concern_hours"]["child_at_risk"] = 2
    draft = {"effective_from": "2026-11-21", "summary_of_changes": "Two hours.", "contact": "x", "content": content}
    assert (await officer.post("/v1/policies", draft)).status_code == 201
    next_day = LATER + timedelta(days=1)
    raised = await raise_one(at(api.as_(town.school), next_day), ids, AT_RISK)
    debt = (await owed(at(api.as_(town.officer), next_day), raised["id"]))["concern_action"]
    assert datetime.fromisoformat(debt["due_at"]) == next_day + timedelta(hours=2)


async def test_no_concern_is_changed_nor_raised_in_anothers_name(
    api: Api, town: Town, ids: CaseIds, lane: Database
) -> None:
    await raise_one(at(api.as_(town.school), LATER), ids, AT_RISK)
    for sql in ("UPDATE concern SET text = 'x'", "DELETE FROM concern", "DELETE FROM concern_act"):
        with pytest.raises(InvariantBroken):
            async with lane.write(town.officer) as session:
                await session.run(sql)
    with pytest.raises(InvariantBroken):
        async with lane.write(town.provider) as session:
            await session.run(
                "INSERT INTO concern (authority_id, id, referral_id, organisation_id, kind, text, person, raised_at,"
                " recipient_id) VALUES ($1, $2, $3, $4, 'child_at_risk', 'x', '{}', $5, $4)",
                town.school.authority_id,
                new_id(),
                ids.referral_id,
                town.school.organisation_id,
                session.now,
            )

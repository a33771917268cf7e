"""Timelines: every act in order, for each party those that it was told of."""

from datetime import timedelta
from typing import Any

import pytest

from app.access import Principal
from app.db import Database
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import (
    ACCEPTED_AT,
    LATER,
    CaseIds,
    accepted_case,
    at,
    closing,
    contact,
    plan,
    started,
    worker,
)
from tests.factories.http import Api
from tests.factories.next_contract import next_contract
from tests.factories.officers import OFFICER, act, told
from tests.factories.referrals import key, referral_body


async def timeline(api: Api, reader: Principal, referral_id: object, query: str = "?limit=200") -> list[dict[str, Any]]:
    answer = await at(api.as_(reader), LATER).get(f"/v1/referrals/{referral_id}/timeline{query}")
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


async def worked(api: Api, town: Town) -> CaseIds:
    """A case from referral to close, with acts that not everybody is told of."""
    case = await accepted_case(api, town)
    await started(api, town, case)
    portal = worker(api, town)
    for path, body in (
        ("signposts", {"name": "Club", "kind": "youth", "signposted_on": "2026-11-12", "for_whom": "child"}),
        ("signposts", {"name": "Group", "kind": "advice", "signposted_on": "2026-11-12", "for_whom": "parent"}),
        (
            "quotes",
            {
                "whose": "child",
                "words": "Better.",
                "said_on": "2026-11-12",
                "consent": {"given_by": "child", "on": "2026-11-12", "uses": ["report"]},
            },
        ),
    ):
        assert (await portal.post(f"{case.path}/{path}", body)).status_code == 201
    goals = (await portal.put(f"{case.path}/plan", plan(), headers={"If-Match": "*"})).json()["goals"]
    results = [{"goal_id": goal["id"], "result": "achieved"} for goal in goals]
    assert (await portal.post(f"{case.path}/close", closing(goals=results))).status_code == 200
    return case


async def test_each_party_reads_what_it_was_told_in_the_order_of_the_acts(api: Api, town: Town) -> None:
    case = await worked(api, town)
    referral = {"id": str(case.referral_id)}
    for reader in (town.officer, town.school, town.provider):
        rows = await timeline(api, reader, case.referral_id)
        assert sorted(row["type"] for row in rows) == sorted(event for event, _ in await told(api, reader, referral))
        assert [row["occurred_at"] for row in rows] == sorted(row["occurred_at"] for row in rows)
        assert all(row["sentence"].endswith(".") for row in rows)
    whole = [row["type"] for row in await timeline(api, town.officer, case.referral_id)]
    assert whole == [
        "referral.submitted",
        "allocation.offered",
        "referral.attention_raised",
        "allocation.accepted",
        "intervention.safety_acknowledged",
        "intervention.started",
        "intervention.signposted",
        "intervention.signposted",
        "intervention.words_recorded",
        "intervention.plan_changed",
        "intervention.closed",
    ]
    school = [row["type"] for row in await timeline(api, town.school, case.referral_id)]
    assert school == [kind for index, kind in enumerate(whole) if index not in (7, 8)]
    provider = [row["type"] for row in await timeline(api, town.provider, case.referral_id)]
    assert provider == [kind for kind in whole[1:] if kind != "referral.attention_raised"], "from its offer on"


async def test_an_entry_says_who_acted_and_what_it_is_about(api: Api, town: Town) -> None:
    case = await accepted_case(api, town)
    await started(api, town, case)
    (contact_row,) = (await api.as_(town.provider).get(f"{case.path}/contacts")).json()["data"]
    entry = (await timeline(api, town.provider, case.referral_id))[-1]
    assert entry["organisation_id"] == str(town.provider.organisation_id)
    assert (entry["subject_kind"], entry["subject_id"]) == ("intervention", str(case.intervention_id))
    assert entry["links"] == {"contact_id": contact_row["id"]}
    assert entry["practitioner_id"] == contact_row["practitioner_id"]
    assert entry["practitioner_id"] is not None
    seen = (await timeline(api, town.school, case.referral_id))[-1]
    assert seen["id"] == entry["id"]
    assert "practitioner_id" not in seen


async def test_pages_follow_one_another_and_skip_nothing(api: Api, town: Town) -> None:
    case = await worked(api, town)
    whole = await timeline(api, town.officer, case.referral_id)
    caller = at(api.as_(town.officer), LATER)
    path: str | None = f"/v1/referrals/{case.referral_id}/timeline?limit=3"
    found: list[dict[str, Any]] = []
    first_cursor = None
    while path:
        page = (await caller.get(path)).json()
        assert len(page["data"]) <= 3
        found += page["data"]
        first_cursor = first_cursor or page["next_cursor"]
        path = (
            f"/v1/referrals/{case.referral_id}/timeline?limit=3&cursor={page['next_cursor']}"
            if page["next_cursor"]
            else None
        )
    assert found == whole
    other = await accepted_case(api, town)
    for reader, referral_id in ((town.officer, other.referral_id), (town.school, case.referral_id)):
        answer = await api.as_(reader).get(f"/v1/referrals/{referral_id}/timeline?cursor={first_cursor}")
        assert answer.status_code == 400, "a cursor is of one list and one organisation"


async def test_who_has_no_part_in_it_reads_nothing(api: Api, town: Town) -> None:
    case = await worked(api, town)
    for stranger in (town.providers[1], town.schools[1]):
        answer = await api.as_(stranger).get(f"/v1/referrals/{case.referral_id}/timeline")
        assert answer.status_code == 404
    assert (await api.as_(town.officer).get(f"/v1/referrals/{new_id()}/timeline")).status_code == 404


async def test_a_provider_with_no_more_than_an_offer_reads_none(api: Api, town: Town) -> None:
    sent = await at(api.as_(town.school), ACCEPTED_AT).post("/v1/referrals", referral_body(), headers=key())
    assert sent.json()["allocation"]["state"] == "pending"
    answer = await at(api.as_(town.provider), ACCEPTED_AT).get(f"/v1/referrals/{sent.json()['id']}/timeline")
    assert answer.status_code == 404


@pytest.mark.parametrize("linked_by", ["officer", "school"])
async def test_of_a_siblings_referral_nothing_is_in_it(linked_by: str, api: Api, town: Town) -> None:
    school = at(api.as_(town.school), ACCEPTED_AT)
    first, second = [(await school.post("/v1/referrals", referral_body(), headers=key())).json() for _ in range(2)]
    caller = at(api.as_(town.officer), ACCEPTED_AT) if linked_by == "officer" else school
    path = f"/v1/referrals/{first['id']}/siblings"
    answer = await caller.post(path, {"sibling_of": second["reference"]}, headers=key())
    assert answer.status_code == 200, answer.text
    linked = "referral.siblings_linked"
    assert linked in [row["type"] for row in await timeline(api, town.officer, first["id"])]
    school_reads = [row["type"] for row in await timeline(api, town.school, first["id"])]
    assert (linked in school_reads) == (linked_by == "school")
    for reader in (town.school, town.officer):
        text = str(await timeline(api, reader, first["id"]))
        assert second["id"] not in text
        assert second["reference"] not in text


async def test_after_a_hand_over_each_provider_reads_its_own_part(api: Api, town: Town, lane: Database) -> None:
    case = await accepted_case(api, town)
    await started(api, town, case)
    after = await next_contract(lane, town, town.providers[1], on=LATER.date(), places=1)
    await after.commit(at(api.as_(town.officer), LATER))
    new = at(api.as_(town.providers[1]), LATER + timedelta(hours=1))
    safe = await new.post(f"{case.path}/safety", {"safe_contact": True, "visit_risks": True})
    assert safe.status_code == 200, safe.text
    held = contact(kind="session", held_at="2026-11-20T17:30:00Z")
    assert (await new.post(f"{case.path}/contacts", held)).status_code == 201
    types = {
        name: [row["type"] for row in await timeline(api, reader, case.referral_id)]
        for name, reader in (("former", town.provider), ("new", town.providers[1]), ("officer", town.officer))
    }
    assert "intervention.contact_recorded" not in types["former"]
    assert types["former"][0] == "allocation.offered"
    assert "intervention.started" in types["former"]
    assert "intervention.started" not in types["new"]
    assert types["new"][-1] == "intervention.contact_recorded"
    assert set(types["officer"]) >= set(types["former"]) | set(types["new"])
    async with lane.write(town.officer) as session:
        await session.run(
            "UPDATE referral SET former_provider_id = NULL, former_until = NULL WHERE authority_id = $1 AND id = $2",
            session.authority_id,
            case.referral_id,
        )
    ended = await api.as_(town.provider).get(f"/v1/referrals/{case.referral_id}/timeline")
    assert ended.status_code == 404, "its access has ended"


async def test_a_school_that_the_child_came_to_reads_on_from_that_day(api: Api, town: Town, lane: Database) -> None:
    case = await accepted_case(api, town)
    async with lane.write(town.officer) as session:
        for table in ("referral", "intervention"):
            column = "id" if table == "referral" else "referral_id"
            await session.run(
                f'UPDATE "{table}" SET school_id = $3 WHERE authority_id = $1 AND {column} = $2',
                session.authority_id,
                case.referral_id,
                town.schools[1].organisation_id,
            )
    assert await timeline(api, town.schools[1], case.referral_id) == []
    await started(api, town, case)
    assert [row["type"] for row in await timeline(api, town.schools[1], case.referral_id)] == [
        "intervention.safety_acknowledged",
        "intervention.started",
    ]


async def test_a_closure_undone_stands_in_it(api: Api, town: Town) -> None:
    case = await worked(api, town)
    officer = at(api.as_(town.officer), LATER)
    await act(officer, {"id": str(case.referral_id)}, "reopen", reason="By mistake.", officer=OFFICER)
    told_of = [row["sentence"] for row in await timeline(api, town.school, case.referral_id)]
    assert "The closure was undone: the referral is in progress again." in told_of[-2:]

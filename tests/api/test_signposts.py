"""Signposting: where a family was pointed to, who may see it, and whether the family went there."""

from typing import Any

import pytest

from app.db import Database
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import CaseIds, accepted_case, closing, facts, started, worker
from tests.factories.http import Api
from tests.factories.officers import told
from tests.factories.referrals import key


def signpost(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Saturday club (made up)",
        "kind": "community",
        "signposted_on": "2026-11-12",
        "for_whom": "family",
        **changes,
    }


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_a_signpost_is_recorded_and_told(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    body = signpost(url="https://club.example/", service_id=str(town.services[0]))
    answer = await worker(api, town).post(f"{case.path}/signposts", body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["etag"] == '"1"'
    made = answer.json()
    assert (made["taken_up"], made["why_not"], made["in_letters"]) == ("unknown", None, True)
    for reader in (town.provider, town.officer):
        assert (await api.as_(reader).get(f"{case.path}/signposts")).json()["data"] == [made]
    (seen,) = (await api.as_(town.school).get(f"{case.path}/signposts")).json()["data"]
    assert seen == {name: value for name, value in made.items() if name != "in_letters"}
    for stranger in (town.providers[1], town.schools[1]):
        assert (await api.as_(stranger).get(f"{case.path}/signposts")).status_code == 404
    assert (await facts(lane, town, case))["told"] == ["intervention.signposted"]


async def test_the_school_neither_sees_nor_hears_what_a_parent_was_pointed_to(
    api: Api, town: Town, case: CaseIds
) -> None:
    body = signpost(name="Freedom helpline (made up)", kind="domestic_abuse", for_whom="parent")
    made = (await worker(api, town).post(f"{case.path}/signposts", body)).json()
    assert made["in_letters"] is False
    await worker(api, town).patch(
        f"{case.path}/signposts/{made['id']}",
        {"taken_up": "yes", "followed_up_on": "2026-11-19"},
        headers={"If-Match": '"1"'},
    )
    assert (await api.as_(town.school).get(f"{case.path}/signposts")).json()["data"] == []
    referral = {"id": str(case.referral_id)}
    about = {"intervention.signposted", "intervention.signpost_followed_up"}
    assert not about & {event for event, _ in await told(api, town.school, referral)}
    assert about <= {event for event, _ in await told(api, town.officer, referral)}
    assert about <= {event for event, _ in await told(api, town.provider, referral)}


async def test_take_up_is_learned_later_also_after_the_close(api: Api, town: Town, case: CaseIds) -> None:
    await started(api, town, case)
    made = (await worker(api, town).post(f"{case.path}/signposts", signpost())).json()
    path = f"{case.path}/signposts/{made['id']}"
    body = {"taken_up": "no", "why_not": "waiting_list", "followed_up_on": "2026-11-19"}
    assert (await worker(api, town).patch(path, body)).status_code == 428
    assert (await worker(api, town).patch(path, body, headers={"If-Match": '"2"'})).status_code == 412
    first = await worker(api, town).patch(path, body, headers={"If-Match": '"1"'})
    assert first.status_code == 200, first.text
    assert first.headers["etag"] == '"2"'
    assert (await worker(api, town).post(f"{case.path}/close", closing())).status_code == 200
    later = {"taken_up": "yes", "followed_up_on": "2026-11-20"}
    assert (await worker(api, town).patch(path, later, headers={"If-Match": '"2"'})).status_code == 200
    row = next(
        row
        for row in (await api.as_(town.school).get(f"{case.path}/signposts")).json()["data"]
        if row["id"] == made["id"]
    )
    assert (row["taken_up"], row["why_not"], row["followed_up_on"]) == ("yes", None, "2026-11-20")


async def test_a_closures_signposts_are_signposts_too_and_none_twice(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await started(api, town, case)
    await worker(api, town).post(f"{case.path}/signposts", signpost())
    named = [
        {"name": "saturday CLUB (made up)"},
        {"name": "Money advice (made up)"},
        {"name": "Money advice (made up)"},
    ]
    body = closing(summary={"what_changed": "Calmer.", "signposted": named})
    assert (await worker(api, town).post(f"{case.path}/close", body)).status_code == 200
    rows = (await api.as_(town.officer).get(f"{case.path}/signposts")).json()["data"]
    assert [(row["name"], row["kind"], row["signposted_on"]) for row in rows] == [
        ("Saturday club (made up)", "community", "2026-11-12"),
        ("Money advice (made up)", "other", "2026-11-20"),
    ]
    assert (await facts(lane, town, case))["told"][-1] == "intervention.closed", "the close alone tells of them"
    shown = (await api.as_(town.school).get(case.path)).json()["closure"]["signposted"]
    assert [row["name"] for row in shown] == [row["name"] for row in named]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"signposted_on": "2026-11-21"}, "/signposted_on"),
        ({"signposted_on": "2026-11-01"}, "/signposted_on"),
        ({"kind": "church"}, "/kind"),
        ({"for_whom": "Robin"}, "/for_whom"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"service_id": str(new_id())}, "/service_id"),
        ({"kind": "domestic_abuse", "in_letters": True}, "/in_letters"),
    ],
)
async def test_what_does_not_fit_is_refused_by_field(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, case: CaseIds
) -> None:
    answer = await worker(api, town).post(f"{case.path}/signposts", signpost(**changes))
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await worker(api, town).get(f"{case.path}/signposts")).json()["data"] == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"taken_up": "no"}, "/why_not"),
        ({"taken_up": "yes", "why_not": "cost"}, "/why_not"),
        ({"taken_up": "yes", "followed_up_on": "2026-11-21"}, "/followed_up_on"),
        ({"taken_up": "yes", "followed_up_on": "2026-11-11"}, "/followed_up_on"),
        ({"taken_up": "perhaps"}, "/taken_up"),
    ],
)
async def test_a_take_up_that_does_not_fit_is_refused(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, case: CaseIds
) -> None:
    made = (await worker(api, town).post(f"{case.path}/signposts", signpost())).json()
    answer = await worker(api, town).patch(
        f"{case.path}/signposts/{made['id']}",
        {"followed_up_on": "2026-11-19", **changes},
        headers={"If-Match": '"1"'},
    )
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_retries_closed_cases_and_unknown_ids(api: Api, town: Town, case: CaseIds) -> None:
    headers = key()
    path = f"{case.path}/signposts"
    first = await worker(api, town).post(path, signpost(), headers=headers)
    again = await worker(api, town).post(path, signpost(), headers=headers)
    assert again.json() == first.json()
    assert len((await worker(api, town).get(path)).json()["data"]) == 1
    body = {"taken_up": "yes", "followed_up_on": "2026-11-19"}
    unknown = await worker(api, town).patch(f"{path}/{new_id()}", body, headers={"If-Match": '"1"'})
    assert unknown.status_code == 404
    other = await accepted_case(api, town)
    elsewhere = f"{other.path}/signposts/{first.json()['id']}"
    assert (await worker(api, town).patch(elsewhere, body, headers={"If-Match": '"1"'})).status_code == 404
    await started(api, town, case)
    assert (await worker(api, town).post(f"{case.path}/close", closing())).status_code == 200
    assert (await worker(api, town).post(path, signpost(name="Too late"))).status_code == 409

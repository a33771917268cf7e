"""An authority asks something else in returns, without a new release; what was opened before stays as it was asked."""

import asyncio
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from app.db import Database
from app.queries.writes import Writes
from tests.api.test_returns import ENDED, figures, fill, officer, provider, school, school_return
from tests.factories.authority import Town
from tests.factories.http import Api
from tests.factories.outcomes import add_referral, open_returns
from tests.unit.test_return_template_rules import with_view

PATH = "/v1/return-templates"


def draft(applies_from: str = "2027-01-06", **changes: Any) -> dict[str, Any]:
    return {
        "template": "school_term",
        "applies_from": applies_from,
        "summary_of_changes": "Asks for the form tutor's view.",
        "content": with_view(),
        **changes,
    }


async def test_a_version_is_previewed_published_and_asked_of_later_periods_alone(
    api: Api, lane: Database, town: Town
) -> None:
    before = await school_return(api, lane, town)
    boss = officer(api, town)
    shown = await boss.post(f"{PATH}/preview", draft())
    assert shown.status_code == 200, shown.text
    assert (shown.json()["added"], shown.json()["instead_of_version"]) == (["/pupils/*/tutors_view"], 1)
    made = await boss.post(PATH, draft())
    assert (made.status_code, made.json()["version"]) == (201, 1001), made.text

    await open_returns(lane, town, date(2027, 4, 10))
    mis = school(api, town)
    listed = (await mis.get("/v1/returns")).json()["data"]
    assert [(one["period"], one["template_version"]) for one in listed] == [
        ("2026/27-autumn", 1),
        ("2026/27-spring", 1001),
    ]
    old, new = [(await mis.get(f"/v1/returns/{one['id']}")).json() for one in listed]
    assert old["content"] == before["content"], "what was opened before keeps what it asked"
    assert new["content"]["pupils"][0]["tutors_view"] is None

    filled = {"pupils": [{**new["content"]["pupils"][0], **figures()}]}
    kept = await fill(mis, new, filled)
    assert kept.status_code == 200, kept.text
    gap = await mis.post(f"/v1/returns/{new['id']}/submit")
    assert [fault["pointer"] for fault in gap.json()["errors"]] == ["/pupils/0/tutors_view"]
    filled["pupils"][0]["tutors_view"] = "better"
    await fill(mis, kept.json(), filled)
    assert (await mis.post(f"/v1/returns/{new['id']}/submit")).status_code == 200
    sheet = (await mis.get(f"/v1/returns/{new['id']}/template.csv")).content.decode("utf-8-sig")
    assert "Tutor's view" in sheet.splitlines()[0]


async def test_everybody_may_read_what_is_asked_and_every_organisation_is_told(
    api: Api, lane: Database, town: Town
) -> None:
    await officer(api, town).post(PATH, draft())
    for caller in (school(api, town), provider(api, town)):
        rows = (await caller.get(PATH)).json()["data"]
        assert [(row["template"], row["version"]) for row in rows][-1] == ("school_term", 1001)
    for principal in (town.schools[1], town.providers[1], town.officer):
        async with lane.read(principal) as session:
            told = await session.value(
                "SELECT count(*) FROM event_audience a JOIN event e ON e.id = a.event_id"
                " WHERE e.type = 'return_template.published'"
            )
        assert told == 1


async def test_a_version_is_withdrawn_while_no_return_has_it(api: Api, lane: Database, town: Town) -> None:
    boss = officer(api, town)
    one = (await boss.post(PATH, draft())).json()
    withdrawn = await boss.post(f"{PATH}/{one['id']}/withdraw", {"reason": "Announced by mistake."})
    assert (withdrawn.status_code, withdrawn.json()["withdrawal_reason"]) == (200, "Announced by mistake.")
    again = await boss.post(f"{PATH}/{one['id']}/withdraw", {"reason": "Twice."})
    assert again.status_code == 409
    two = (await boss.post(PATH, draft())).json()
    assert two["version"] == 1002, "a number is not given twice, and its day is free again"

    async with lane.write(town.officer) as session:
        writes = Writes()
        add_referral(session, writes, town, closed_at=None, started_on=None)
        await writes.flush(session)
    await open_returns(lane, town, date(2027, 4, 10))
    late = await boss.post(f"{PATH}/{two['id']}/withdraw", {"reason": "Too late."})
    assert (late.status_code, late.json()["code"]) == (409, "action_not_available")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"template": "tax_return"}, "/template"),
        ({"applies_from": "2027-01-05"}, "/applies_from"),
        ({"content": {}}, "/content/title"),
    ],
)
async def test_what_cannot_be_published_is_refused_and_previewed_alike(
    api: Api, town: Town, changes: dict[str, Any], pointer: str
) -> None:
    for path in (PATH, f"{PATH}/preview"):
        answer = await officer(api, town).post(path, draft(**changes))
        assert answer.status_code == 422
        assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}
    assert len((await officer(api, town).get(PATH)).json()["data"]) == 2


async def test_a_dropped_fact_is_refused_in_words(api: Api, town: Town) -> None:
    content = deepcopy(with_view())
    del content["schema"]["properties"]["pupils"]["items"]["properties"]["sessions_possible"]
    answer = await officer(api, town).post(PATH, draft(content=content))
    details = [fault["detail"] for fault in answer.json()["errors"]]
    assert "/pupils/*/sessions_possible cannot be left out: facts and outcomes stand on it." in details


async def test_two_versions_do_not_apply_from_one_day(api: Api, town: Town) -> None:
    answers = await asyncio.gather(*(officer(api, town).post(PATH, draft()) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_retry_publishes_once(api: Api, town: Town) -> None:
    key = {"Idempotency-Key": "template-1"}
    one = await officer(api, town).post(PATH, draft(), headers=key)
    two = await officer(api, town).post(PATH, draft(), headers=key)
    assert (one.content, two.headers["idempotency-replayed"]) == (two.content, "true")


async def test_another_authority_neither_reads_nor_withdraws_it(api: Api, lane: Database, town: Town) -> None:
    made = (await officer(api, town).post(PATH, draft())).json()
    await open_returns(lane, town, ENDED)
    stranger = school(api, town, 1)
    assert (await stranger.post(f"{PATH}/{made['id']}/withdraw", {"reason": "No."})).status_code == 403
    assert (await stranger.post(PATH, draft())).status_code == 403

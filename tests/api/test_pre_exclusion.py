"""A school's reviews before an exclusion: its own, read by officers, put before a panel, and what became of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.http import Api
from tests.factories.officers import owed, send
from tests.factories.panels import (
    EARLY,
    decision,
    done,
    held,
    items,
    listed,
    open_hall,
    posted,
    refused,
    review_body,
)

PATH = "/v1/pre-exclusion-reviews"


async def test_a_school_records_a_review_and_owes_what_became_of_it(api: Api, town: Town) -> None:
    school = at(api.as_(town.school), EARLY)
    review = await posted(school, PATH, review_body())
    assert (review["version"], review["outcome"], review["school_id"]) == (
        1, None, str(town.school.organisation_id),
    )  # fmt: skip
    debt = (await owed(school, review["id"]))["exclusion_outcome"]
    # 15 school days after Monday 2 November.
    assert (debt["due_at"], debt["clock"]) == ("2026-11-23T17:00:00Z", "school_day")
    change = {"decision": "permanent_exclusion", "decided_on": "2026-11-02", "governors_meet_on": "2026-11-20"}
    assert (await school.patch(f"{PATH}/{review['id']}", change)).status_code == 428
    amended = await school.patch(f"{PATH}/{review['id']}", change, headers={"If-Match": '"1"'})
    assert amended.status_code == 200, amended.text
    assert amended.json()["decision"] == "permanent_exclusion"
    late = at(api.as_(town.school), EARLY + timedelta(days=3))
    body = {"outcome": "excluded", "outcome_on": "2026-11-04", "excluded_on": "2026-11-03"}
    told = await posted(late, f"{PATH}/{review['id']}/outcome", body)
    assert (told["outcome"], told["excluded_on"]) == ("excluded", "2026-11-03")
    assert "exclusion_outcome" in await owed(late, review["id"], state="met")
    # Only a rescinding comes after; then the record is closed.
    other = {"outcome": "not_excluded", "outcome_on": "2026-11-05"}
    assert await refused(late, f"{PATH}/{review['id']}/outcome", other) == (409, "action_not_available")
    rescinded = await posted(
        late, f"{PATH}/{review['id']}/outcome", {"outcome": "rescinded", "outcome_on": "2026-11-05"}
    )
    assert (rescinded["outcome"], rescinded["excluded_on"]) == ("rescinded", "2026-11-03")
    closed = await late.patch(f"{PATH}/{review['id']}", {"cause_words": "x"}, headers={"If-Match": "*"})
    assert closed.status_code == 409


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"held_on": "2026-11-03"}, "/held_on"),
        ({"pupil_voice": None}, "/pupil_voice"),
        ({"pupil_voice_missing_reason": "Was away."}, "/pupil_voice"),
        ({"decision": "managed_move"}, "/decided_on"),
        ({"decided_on": "2026-11-02"}, "/decided_on"),
        ({"decision": "managed_move", "decided_on": "2026-10-30"}, "/decided_on"),
        ({"governors_meet_on": "2026-10-30"}, "/governors_meet_on"),
        ({"referral_id": "019a0000-0000-7000-8000-00000000dead"}, "/referral_id"),
        ({"school_group_id": "019a0000-0000-7000-8000-00000000dead"}, "/school_group_id"),
        ({"cause": "bad_mood"}, "/cause"),
        ({"factors": [{"code": "luck"}]}, "/factors/0/code"),
        ({"support_exhausted": [{"what": "x"}] * 31}, "/support_exhausted"),
        ({"pupil": {"given_name": "Ada"}}, "/pupil/family_name"),
    ],
)
async def test_a_review_that_is_not_right_is_refused_by_field(
    api: Api, town: Town, changes: dict[str, Any], pointer: str
) -> None:
    school = at(api.as_(town.school), EARLY)
    answer = await school.post(PATH, review_body(**changes))
    assert answer.status_code == 422, answer.text
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
    assert await listed(school, PATH) == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"outcome": "excluded", "outcome_on": "2026-11-02"}, "/excluded_on"),
        ({"outcome": "not_excluded", "outcome_on": "2026-11-02", "excluded_on": "2026-11-02"}, "/excluded_on"),
        ({"outcome": "not_excluded", "outcome_on": "2026-11-03"}, "/outcome_on"),
        ({"outcome": "not_excluded", "outcome_on": "2026-11-01"}, "/outcome_on"),
        ({"outcome": "excluded", "outcome_on": "2026-11-02", "excluded_on": "2026-10-30"}, "/excluded_on"),
        ({"outcome": "expelled", "outcome_on": "2026-11-02"}, "/outcome"),
    ],
)
async def test_an_outcome_that_is_not_right_is_refused(
    api: Api, town: Town, body: dict[str, Any], pointer: str
) -> None:
    school = at(api.as_(town.school), EARLY)
    review = await posted(school, PATH, review_body())
    answer = await school.post(f"{PATH}/{review['id']}/outcome", body)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert "exclusion_outcome" in await owed(school, review["id"])


async def test_a_review_is_the_schools_own_and_the_officers_to_read(api: Api, town: Town) -> None:
    school, officer = at(api.as_(town.school), EARLY), at(api.as_(town.officer), EARLY)
    own = await send(school)
    review = await posted(school, PATH, review_body(referral_id=own["id"]))
    assert [one["id"] for one in await listed(officer, PATH)] == [review["id"]]
    assert (await officer.get(f"{PATH}/{review['id']}")).status_code == 200
    assert await refused(officer, PATH, review_body()) == (403, "forbidden")
    other = at(api.as_(town.schools[1]), EARLY)
    assert await listed(other, PATH) == []
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"cause_words": "x"}),
        ("POST", "/outcome", {"outcome": "not_excluded", "outcome_on": "2026-11-02"}),
        ("POST", "/to-panel", {"words": "x"}),
    ):
        answer = await other.request(method, f"{PATH}/{review['id']}{path}", json=body, headers={"If-Match": "*"})
        assert answer.status_code == 404, path
    # Another school's referral cannot be linked.
    assert (await other.post(PATH, review_body(referral_id=own["id"]))).status_code == 422
    for path in (PATH, f"{PATH}/{review['id']}"):
        assert (await at(api.as_(town.provider), EARLY).get(path)).status_code == 403


async def test_a_school_puts_its_review_before_a_panel(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    school = at(api.as_(town.school), EARLY)
    review = await posted(school, PATH, review_body())
    await posted(school, f"{PATH}/{review['id']}/to-panel", {"words": "What else could be tried?"})
    again = {"panel_id": hall.panel_id, "words": "Again."}
    assert await refused(school, f"{PATH}/{review['id']}/to-panel", again) == (409, "already_exists")
    path = await hall.sitting()
    moment = await held(hall, path)
    nurse = hall.member(hall.nurse, moment)
    (item,) = await items(nurse, path)
    content = item["content"]["pre_exclusion_review"]
    assert (content["pupil"]["family_name"], content["words"]) == ("Sampleton", "What else could be tried?")
    assert "P-review" not in (await nurse.get(f"{path}/agenda")).text
    assert (await nurse.get(f"{PATH}/{review['id']}")).status_code == 403
    url = f"{path}/agenda/{item['id']}/decisions"
    assert (await nurse.post(url, decision("allocate", lot_id=str(town.lots[0])))).status_code == 422
    made = await posted(nurse, url, decision("no_further_action"))
    assert made["effect"] == "recorded"
    # The school's record stays as it was: the panel advises, the head decides.
    assert (await done(await school.get(f"{PATH}/{review['id']}")))["decision"] is None


async def test_reviews_are_listed_from_the_latest_and_by_page(api: Api, town: Town) -> None:
    school = at(api.as_(town.school), EARLY)
    made = [await posted(school, PATH, review_body(held_on=f"2026-10-{day}")) for day in (20, 22, 21)]
    latest = [made[1]["id"], made[2]["id"], made[0]["id"]]
    first = await done(await school.get(f"{PATH}?limit=2"))
    second = await done(await school.get(f"{PATH}?limit=2&cursor={first['next_cursor']}"))
    assert [one["id"] for one in first["data"] + second["data"]] == latest
    await posted(school, f"{PATH}/{made[0]['id']}/outcome", {"outcome": "not_excluded", "outcome_on": "2026-11-02"})
    assert [one["id"] for one in await listed(school, f"{PATH}?without_outcome=true")] == latest[:2]


async def test_on_the_last_night_of_august_a_review_of_the_first_of_september_counts(api: Api, town: Town) -> None:
    """It is 1 September in London already."""
    night = datetime(2027, 8, 31, 23, 30, tzinfo=UTC)
    review = await posted(at(api.as_(town.school), night), PATH, review_body(held_on="2027-09-01"))
    assert review["held_on"] == "2027-09-01"
    early = at(api.as_(town.school), night - timedelta(hours=1))
    assert (await early.post(PATH, review_body(held_on="2027-09-01"))).status_code == 422

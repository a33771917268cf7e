"""Minutes: drafted, frozen, approved, and the same as a page and as a PDF; by reference and initials."""

from datetime import timedelta

from tests.factories.authority import Town
from tests.factories.http import Api
from tests.factories.officers import read
from tests.factories.panels import (
    before_panel,
    decision,
    done,
    held,
    items,
    open_hall,
    posted,
    refused,
)

APPROVED_BY = {"name": "Jo Sampleton", "role": "chair"}


async def test_minutes_say_who_met_and_what_was_decided_and_name_no_child(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall, pupil__given_name="Zephyrine", pupil__family_name="Quillfeather")
    await posted(hall.officer(), f"{await hall.sitting()}/agenda", {"title": "No interpreter", "words": "Three wait."})
    path = await hall.sitting()
    moment = await held(hall, path)
    officer = hall.officer(moment)
    item, blockage = await items(officer, path)
    task = {"owner_id": str(hall.nurse.organisation_id), "what": "Call the school.", "due_on": "2026-11-12"}
    await posted(officer, f"{path}/agenda/{item['id']}/decisions", decision("hold", actions=[task]))
    assert await refused(officer, f"{path}/minutes/approve", {"number": 1, "approved_by": APPROVED_BY}) == (
        409, "action_not_available",
    )  # fmt: skip
    minutes = await posted(officer, f"{path}/minutes", {"remarks": "The next sitting begins at ten."})
    pupil = item["content"]["referral"]["pupil"]
    content = minutes["content"]
    assert (content["panel_name"], content["sits_on"]) == ("Hot clinic (made up)", "2026-11-04")
    assert content["chair_name"] == "School nurses (made up)"
    assert content["outcome_counts"] == {"hold": 1, "not_reached": 1}
    assert [(one["organisation_name"], one["state"]) for one in content["attendance"]] == [
        ("School nurses (made up)", "present"), ("Education welfare (made up)", "apologies"),
    ]  # fmt: skip
    first, second = minutes["items"]
    initials = f"{pupil['given_name'][0]}. {pupil['family_name'][0]}."
    assert (first["title"], first["initials"], first["outcome"]) == (referral["reference"], initials, "hold")
    assert first["actions"] == [
        {"owner_name": "School nurses (made up)", "what": "Call the school.", "due_on": "2026-11-12"}
    ]
    assert (second["title"], second["initials"], second["outcome"]) == ("No interpreter", None, "not_reached")
    # A draft is the officers'; approved it is the members' too.
    nurse = hall.member(hall.nurse, moment)
    assert (await nurse.get(f"{path}/minutes")).status_code == 404
    approved = await posted(officer, f"{path}/minutes/approve", {"number": 1, "approved_by": APPROVED_BY})
    assert (approved["state"], approved["approved_by_name"]) == ("approved", "Jo Sampleton")
    seen = await nurse.get(f"{path}/minutes")
    page = await nurse.get(f"{path}/minutes/document")
    assert page.headers["content-type"].startswith("text/html")
    for text in (seen.text, page.text):
        assert referral["reference"] in text
        assert initials in text
        for name in ("given_name", "family_name"):
            assert pupil[name] not in text
    assert "Confidential" in page.text
    pdf = await nurse.get(f"{path}/minutes/document?format=pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert pdf.content == (await nurse.get(f"{path}/minutes/document?format=pdf")).content
    assert (await officer.get(path)).json()["state"] == "minuted"
    # What was not reached goes on by itself.
    on_next = await items(officer, await hall.sitting(1))
    assert {one["carried_from_id"] for one in on_next} == {item["id"], blockage["id"]}


async def test_a_draft_is_frozen_and_another_decision_asks_for_another(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    (item,) = await items(hall.officer(moment), path)
    draft = await posted(hall.officer(moment), f"{path}/minutes", {})
    later = hall.officer(moment + timedelta(minutes=5))
    await posted(later, f"{path}/agenda/{item['id']}/decisions", decision("no_further_action"))
    approve = {"number": 1, "approved_by": APPROVED_BY}
    assert await refused(later, f"{path}/minutes/approve", approve) == (409, "conflict")
    assert (await done(await later.get(f"{path}/minutes")))["items"] == draft["items"]
    again = await posted(hall.officer(moment + timedelta(minutes=6)), f"{path}/minutes", {})
    assert (again["number"], again["items"][0]["outcome"]) == (2, "no_further_action")
    assert await refused(later, f"{path}/minutes/approve", approve) == (409, "conflict")
    await posted(hall.officer(moment + timedelta(minutes=7)), f"{path}/minutes/approve", {**approve, "number": 2})
    assert (await done(await later.get(f"{path}/minutes?number=1")))["state"] == "draft"
    assert await refused(later, f"{path}/minutes", {}) == (409, "action_not_available")
    assert (await read(later, referral))["outcome"] == "not_suitable"


async def test_members_keep_the_open_part_when_their_access_has_ended(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    await posted(hall.officer(moment), f"{path}/minutes", {})
    await posted(hall.officer(moment), f"{path}/minutes/approve", {"number": 1, "approved_by": APPROVED_BY})
    for days, count in ((10, 1), (11, 0)):
        nurse = hall.member(hall.nurse, moment + timedelta(days=days))
        minutes = await done(await nurse.get(f"{path}/minutes"))
        assert (minutes["content"]["panel_name"], len(minutes["items"])) == ("Hot clinic (made up)", count)

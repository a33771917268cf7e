"""What a panel decides takes effect on the referral in the same moment; once, by who may, while it can."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories import authority
from tests.factories.authority import Town, add_block
from tests.factories.casework import at
from tests.factories.http import Api
from tests.factories.officers import OFFICER, act, owed, read, rows, send, told
from tests.factories.panels import (
    EARLY,
    Hall,
    before_panel,
    decision,
    done,
    held,
    items,
    listed,
    open_hall,
    posted,
    refused,
)


async def item_of(hall: Hall, path: str, number: int = 0) -> dict[str, Any]:
    return (await items(hall.officer(), path))[number]


async def decided(hall: Hall, path: str, moment: Any, outcome: str, **changes: Any) -> dict[str, Any]:
    item = await item_of(hall, path)
    officer = hall.officer(moment)
    return await posted(officer, f"{path}/agenda/{item['id']}/decisions", decision(outcome, **changes))


async def fitting_lot(api: Api, town: Town) -> str:
    """A lot that takes what the panel's referrals need, with one place; the town's own does not."""
    before = list(authority.NEEDS)
    authority.NEEDS.append("housing")
    try:
        return str(await add_block(api.runtime.database, town, town.providers[1], places=1))
    finally:
        authority.NEEDS[:] = before


async def test_a_referral_before_a_panel_keeps_its_date_and_is_offered_nothing(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    assert referral["state"] == "in_panel"
    assert ("referral.sent_to_panel", {"by": "officer", "panel_id": hall.panel_id}) in await told(
        api, town.school, referral
    )
    lot = await fitting_lot(api, town)
    path = await hall.sitting()
    moment = await held(hall, path)
    assert (await read(hall.officer(moment), referral))["state"] == "in_panel"
    made = await decided(hall, path, moment, "allocate", lot_id=lot)
    assert made["effect"] == "offered"
    after = await read(hall.officer(moment), referral)
    assert (after["state"], after["received_at"], after["banded_on"]) == (
        "offered", referral["received_at"], referral["banded_on"],
    )  # fmt: skip
    assert after["allocation"]["id"] == made["detail"]["offer_id"]
    # It is an offer by people's choice, with what the rule would have done kept beside it.
    (kept,) = await rows(hall.officer(moment), referral, "overrides")
    assert (kept["reason"], kept["officer_name"]) == ("court_or_panel", "Jo Sampleton")
    assert "Hot clinic (made up): All agreed." in kept["note"]
    accepted = await at(api.as_(town.providers[1]), moment).post(f"/v1/allocations/{after['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text


async def test_a_lot_without_a_free_place_lets_it_wait_with_what_was_decided_kept(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    lot = await fitting_lot(api, town)
    await send(at(api.as_(town.school), EARLY), needs=[{"code": "housing"}])
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    made = await decided(hall, path, moment, "allocate", lot_id=lot)
    assert (made["effect"], made["detail"]["lot_id"], made["detail"]["offer_id"]) == ("waiting", lot, None)
    assert (await read(hall.officer(moment), referral))["state"] == "waiting"
    assert (await item_of(hall, path))["state"] == "decided"


async def test_a_rule_that_nobody_may_set_aside_stands_and_nothing_is_done(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    lot = await fitting_lot(api, town)
    referral = await before_panel(hall, refused_provider_ids=[str(town.providers[1].organisation_id)])
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    body = decision("allocate", lot_id=lot)
    answer = await hall.officer(moment).post(f"{path}/agenda/{item['id']}/decisions", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "override_refused")
    assert (await read(hall.officer(moment), referral))["state"] == "in_panel"
    assert (await item_of(hall, path))["state"] == "listed"
    assert await listed(hall.officer(), f"{path}/decisions") == []
    unknown = decision("allocate", lot_id="019a0000-0000-7000-8000-00000000dead")
    answer = await hall.officer(moment).post(f"{path}/agenda/{item['id']}/decisions", unknown)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/lot_id")


@pytest.mark.parametrize(
    ("outcome", "detail", "closed_as"),
    [
        ("redirect", {"redirected_to": "Early help hub (made up)"}, ("redirected", "supported_elsewhere")),
        ("no_further_action", {}, ("not_suitable", "outside_criteria")),
    ],
)
async def test_a_closing_decision_closes_it_and_can_be_undone(
    api: Api, town: Town, outcome: str, detail: dict[str, Any], closed_as: tuple[str, str]
) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    made = await decided(hall, path, moment, outcome, **detail)
    assert made["effect"] == "closed"
    officer = hall.officer(moment + timedelta(hours=1))
    after = await read(officer, referral)
    assert (after["state"], after["outcome"], after["close_reason"]) == ("closed", *closed_as)
    assert after["redirected_to"] == detail.get("redirected_to")
    # The sender reads what was decided; the panel's words are the panel's.
    seen = await at(api.as_(town.school), moment).get(f"/v1/referrals/{referral['id']}")
    assert seen.json()["redirected_to"] == detail.get("redirected_to")
    assert "All agreed." not in seen.text
    # A person can change it: reopened, it comes before the panel again, on the next agenda.
    reopened = await act(officer, referral, "reopen", reason="The family asked.", officer=OFFICER)
    assert (reopened["state"], reopened["redirected_to"]) == ("in_panel", None)
    (again,) = await items(hall.officer(), await hall.sitting(1))
    assert (again["referral_id"], again["source"]) == (referral["id"], "reopened")


async def test_a_question_is_put_to_the_sender_and_its_answer_comes_to_the_panel(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    made = await decided(hall, path, moment, "request_information", question="Who is the school nurse?")
    assert made["effect"] == "information_requested"
    school = at(api.as_(town.school), moment + timedelta(days=1))
    asked = await read(school, referral)
    assert (asked["state"], asked["information_request"]["question"]) == (
        "information_requested", "Who is the school nurse?",
    )  # fmt: skip
    back = await act(school, referral, "information", answer="Nobody just now.")
    assert back["state"] == "in_panel"
    (item,) = await items(hall.officer(), await hall.sitting(1))
    assert (item["referral_id"], item["source"]) == (referral["id"], "answered")


async def test_what_is_held_goes_to_the_next_agenda_by_itself(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    first, second = await hall.sitting(0), await hall.sitting(1)
    moment = await held(hall, first)
    item = await item_of(hall, first)
    made = await decided(hall, first, moment, "hold")
    assert made["effect"] == "held"
    assert (await read(hall.officer(moment), referral))["state"] == "in_panel"
    (carried,) = await items(hall.officer(), second)
    assert (carried["carried_from_id"], carried["source"], carried["state"]) == (item["id"], "carried_over", "listed")
    assert carried["words"] == item["words"]


async def test_nothing_is_decided_before_the_sitting_nor_twice(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    await before_panel(hall)
    path = await hall.sitting()
    item = await item_of(hall, path)
    url = f"{path}/agenda/{item['id']}/decisions"
    await done(await hall.officer().post(f"{path}/circulate"))
    assert await refused(hall.officer(), url, decision("hold")) == (409, "action_not_available")
    sitting = (await hall.officer().get(path)).json()
    moment = EARLY + timedelta(days=2, minutes=30)
    assert moment.isoformat().replace("+00:00", "Z") == sitting["sits_at"]
    await posted(hall.officer(moment), f"{path}/held", {"attendance": [], "quorate": True})
    await posted(hall.officer(moment), url, decision("hold"))
    status, code = await refused(hall.officer(moment), url, decision("no_further_action"))
    assert (status, code) == (409, "action_not_available")
    assert len(await listed(hall.officer(), f"{path}/decisions")) == 1


async def test_nothing_is_decided_of_a_referral_that_was_withdrawn(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    school = at(api.as_(town.school), moment)
    assert (await act(school, referral, "withdraw", reason="moved_away"))["state"] == "closed"
    # The members read of it no more, from that moment.
    assert (await hall.member(hall.nurse, moment).get(f"{path}/agenda/{item['id']}")).status_code == 404
    for outcome in ("hold", "no_further_action"):
        status, code = await refused(hall.officer(moment), f"{path}/agenda/{item['id']}/decisions", decision(outcome))
        assert (status, code) == (409, "action_not_available")
    assert (await read(hall.officer(moment), referral))["outcome"] == "withdrawn"
    assert await items(hall.officer(), path) == []


async def test_a_decision_on_an_older_version_is_refused(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    frozen = item["content"]["referral"]["referral_version"]
    assert frozen == referral["version"]
    school = at(api.as_(town.school), moment)
    amended = await school.patch(
        f"/v1/referrals/{referral['id']}",
        {"reason": "News.", "child_view": "I like the clubs."},
        headers={"If-Match": f'"{frozen}"'},
    )
    assert amended.status_code == 200, amended.text
    url = f"{path}/agenda/{item['id']}/decisions"
    assert await refused(hall.officer(moment), url, decision("hold", referral_version=frozen)) == (409, "conflict")
    # What was frozen stays; officers see that the referral has moved on.
    now = await item_of(hall, path)
    assert (now["content"], now["referral_version"]) == (item["content"], frozen + 1)
    await posted(hall.officer(moment), url, decision("hold", referral_version=frozen + 1))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (decision("allocate"), "/lot_id"),
        (decision("redirect"), "/redirected_to"),
        (decision("request_information"), "/question"),
        (decision("hold", redirected_to="x"), "/redirected_to"),
        (decision("hold", reason=""), "/reason"),
        (decision("adjourn"), "/outcome"),
        (decision("hold", decided_by={}), "/decided_by/name"),
        (decision("hold", surprise=1), "/surprise"),
    ],
)
async def test_a_decision_that_is_not_right_is_refused_by_field(
    api: Api, town: Town, body: dict[str, Any], pointer: str
) -> None:
    hall = await open_hall(api, town)
    await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    answer = await hall.officer(moment).post(f"{path}/agenda/{item['id']}/decisions", body)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_the_chairs_organisation_decides_and_no_other_member(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    url = f"{path}/agenda/{item['id']}/decisions"
    # The nurse has the chair at the first sitting.
    for who, expected in (
        (hall.welfare, (403, "forbidden")),
        (town.schools[1], (403, "forbidden")),
        (town.schools[2], (404, "not_found")),
        (town.provider, (403, "forbidden")),
    ):
        assert await refused(hall.member(who, moment), url, decision("no_further_action")) == expected
    made = await posted(hall.member(hall.nurse, moment), url, decision("no_further_action"))
    assert made["organisation_id"] == str(hall.nurse.organisation_id)
    assert (await read(hall.officer(moment), referral))["outcome"] == "not_suitable"
    # She may not undo it alone; an officer can.
    correction = decision("hold", corrects_id=made["id"])
    assert await refused(hall.member(hall.nurse, moment), url, correction) == (403, "forbidden")


async def test_the_chairs_organisation_can_have_a_place_offered(api: Api, town: Town) -> None:
    """Though it may not see the referral, the lot, nor any of its places."""
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    lot = await fitting_lot(api, town)
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    nurse = hall.member(hall.nurse, moment)
    made = await posted(nurse, f"{path}/agenda/{item['id']}/decisions", decision("allocate", lot_id=lot))
    assert made["effect"] == "offered"
    assert (await nurse.get(f"/v1/referrals/{referral['id']}")).status_code == 404
    assert (await read(hall.officer(moment), referral))["state"] == "offered"


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ({"outcome": "no_further_action"}, {"outcome": "hold"}, "in_panel"),
        ({"outcome": "hold"}, {"outcome": "no_further_action"}, "closed"),
        ({"outcome": "hold"}, {"outcome": "request_information", "question": "Why?"}, "information_requested"),
        ({"outcome": "request_information", "question": "Why?"}, {"outcome": "no_further_action"}, "closed"),
        ({"outcome": "redirect", "redirected_to": "Hub"}, {"outcome": "no_further_action"}, "closed"),
        ({"outcome": "allocate"}, {"outcome": "hold"}, "in_panel"),
        ({"outcome": "allocate"}, {"outcome": "no_further_action"}, "closed"),
        ({"outcome": "no_further_action"}, {"outcome": "allocate"}, "offered"),
    ],
)
async def test_an_officer_corrects_a_decision_until_the_minutes_are_approved(
    api: Api, town: Town, first: dict[str, Any], second: dict[str, Any], state: str
) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    lot = await fitting_lot(api, town)
    first, second = ({**body, "lot_id": lot} if body["outcome"] == "allocate" else body for body in (first, second))
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    url = f"{path}/agenda/{item['id']}/decisions"
    task = {"owner_id": str(hall.nurse.organisation_id), "what": "Call the family.", "due_on": "2026-11-10"}
    made = await posted(hall.officer(moment), url, decision(**first, actions=[task]))
    later = hall.officer(moment + timedelta(hours=1))
    corrected = await posted(later, url, decision(**second, corrects_id=made["id"], reason="Written down wrongly."))
    assert corrected["corrects_id"] == made["id"]
    assert (await read(later, referral))["state"] == state
    both = await listed(later, f"{path}/decisions")
    assert [(one["id"], one["stands"]) for one in both] == [(made["id"], False), (corrected["id"], True)]
    # What the first asked of others is asked no more, and one agenda at most has the referral.
    assert [one["state"] for one in both[0]["actions"]] == ["dropped"]
    assert await owed(hall.member(hall.nurse, moment), both[0]["actions"][0]["id"]) == {}
    on_next = await items(later, await hall.sitting(1))
    assert len(on_next) == (1 if state == "in_panel" else 0)
    # A correction of what stands no longer is refused.
    stale = decision("hold", corrects_id=made["id"])
    assert await refused(later, url, stale) == (409, "conflict")
    await posted(later, f"{path}/minutes", {})
    await posted(later, f"{path}/minutes/approve", {"number": 1, "approved_by": {"name": "Jo Sampleton"}})
    after = decision("no_further_action", corrects_id=corrected["id"])
    assert await refused(later, url, after) == (409, "action_not_available")


async def test_what_others_have_acted_upon_is_not_corrected(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    await before_panel(hall)
    lot = await fitting_lot(api, town)
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    made = await decided(hall, path, moment, "allocate", lot_id=lot)
    offer = made["detail"]["offer_id"]
    accepted = await at(api.as_(town.providers[1]), moment).post(f"/v1/allocations/{offer}/accept")
    assert accepted.status_code == 200, accepted.text
    body = decision("no_further_action", corrects_id=made["id"])
    status, code = await refused(hall.officer(moment), f"{path}/agenda/{item['id']}/decisions", body)
    assert (status, code) == (409, "action_not_available")


async def test_actions_are_owed_by_those_who_took_them_and_met_by_their_act(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    item = await item_of(hall, path)
    url = f"{path}/agenda/{item['id']}/decisions"
    task = {"owner_id": str(hall.welfare.organisation_id), "what": "Visit the school.", "due_on": "2026-11-12"}
    for changes, pointer in (
        ({"owner_id": str(town.provider.organisation_id)}, "/actions/0/owner_id"),
        ({"due_on": "2026-11-01"}, "/actions/0/due_on"),
        ({"due_on": "2028-11-01"}, "/actions/0/due_on"),
    ):
        answer = await hall.officer(moment).post(url, decision("hold", actions=[{**task, **changes}]))
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    school = {**task, "owner_id": str(town.school.organisation_id)}
    made = await posted(hall.officer(moment), url, decision("hold", actions=[task, school]))
    by_owner = {one["owner_id"]: one for one in made["actions"]}
    action = by_owner[task["owner_id"]]
    welfare = hall.member(hall.welfare, moment + timedelta(days=3))
    debt = (await owed(welfare, action["id"]))["panel_action"]
    assert (debt["due_at"], debt["subject_kind"]) == ("2026-11-12T17:00:00Z", "panel_action")
    assert [one["id"] for one in await listed(welfare, "/v1/panel-actions?state=open")] == [action["id"]]
    nurse = hall.member(hall.nurse, moment)
    assert await listed(nurse, "/v1/panel-actions") == []
    assert await refused(nurse, f"/v1/panel-actions/{action['id']}/done", {}) == (403, "forbidden")
    finished = await posted(welfare, f"/v1/panel-actions/{action['id']}/done", {"note": "On Monday."})
    assert (finished["state"], finished["done_note"]) == ("done", "On Monday.")
    assert "panel_action" in await owed(welfare, action["id"], state="met")
    assert await refused(welfare, f"/v1/panel-actions/{action['id']}/done", {}) == (409, "action_not_available")
    # The child's school has its own, though it has no seat.
    own = by_owner[school["owner_id"]]
    assert [one["id"] for one in await listed(at(api.as_(town.school), moment), "/v1/panel-actions")] == [own["id"]]


async def test_a_blockage_is_held_or_recorded_and_never_allocated(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    path = await hall.sitting()
    blockage = {"title": "No interpreter", "words": "Three families wait for one.", "minutes": 5}
    item = await posted(hall.officer(), f"{path}/agenda", blockage)
    assert (item["kind"], item["minutes"]) == ("blockage", 5)
    moment = await held(hall, path)
    assert await refused(hall.officer(moment), f"{path}/agenda", blockage) == (409, "action_not_available")
    url = f"{path}/agenda/{item['id']}/decisions"
    answer = await hall.officer(moment).post(url, decision("request_information", question="Why?"))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/outcome")
    made = await posted(hall.officer(moment), url, decision("redirect", redirected_to="Commissioning"))
    assert made["effect"] == "recorded"
    corrected = await posted(hall.officer(moment), url, decision("hold", corrects_id=made["id"]))
    assert corrected["effect"] == "held"
    (carried,) = await items(hall.officer(), await hall.sitting(1))
    assert (carried["title"], carried["kind"]) == ("No interpreter", "blockage")


async def test_the_agenda_is_ordered_and_timed_until_it_is_circulated(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    path = await hall.sitting()
    for _ in range(2):
        await before_panel(hall)
    await posted(hall.officer(), f"{path}/agenda", {"title": "No interpreter", "words": "Three wait."})
    found = await items(hall.officer(), path)
    assert [one["position"] for one in found] == [1, 2, 3]
    order = [{"item_id": one["id"], "minutes": 15} for one in reversed(found)]
    etag = {"If-Match": (await hall.officer().get(path)).headers["etag"]}
    short = await hall.officer().put(f"{path}/agenda", {"items": order[:2]}, headers=etag)
    assert (short.status_code, short.json()["errors"][0]["pointer"]) == (422, "/items")
    assert (await hall.officer().put(f"{path}/agenda", {"items": order})).status_code == 428
    ordered = await hall.officer().put(f"{path}/agenda", {"items": order}, headers=etag)
    assert ordered.status_code == 200, ordered.text
    assert [(one["id"], one["minutes"]) for one in ordered.json()["data"]] == [(one["item_id"], 15) for one in order]
    stale = await hall.officer().put(f"{path}/agenda", {"items": order}, headers=etag)
    assert stale.status_code == 412
    await done(await hall.officer().post(f"{path}/circulate"))
    late = await hall.officer().put(f"{path}/agenda", {"items": order}, headers={"If-Match": "*"})
    assert late.status_code == 409


async def test_an_item_stands_on_one_agenda_and_is_taken_off_it(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    body = {"panel_id": hall.panel_id, "reason": "Again.", "officer": OFFICER}
    assert await refused(hall.officer(), f"/v1/referrals/{referral['id']}/to-panel", body) == (
        409, "action_not_available",
    )  # fmt: skip
    assert "to-panel" not in (await read(hall.officer(), referral))["available_actions"]
    item = await item_of(hall, path)
    off = await posted(hall.officer(), f"{path}/agenda/{item['id']}/take-off", {"reason": "Sent by mistake."})
    assert off["state"] == "taken_off"
    after = await read(hall.officer(), referral)
    assert (after["state"], after["received_at"]) == ("waiting", referral["received_at"])
    assert "to-panel" in after["available_actions"]
    again = f"{path}/agenda/{item['id']}/take-off"
    assert await refused(hall.officer(), again, {"reason": "x"}) == (409, "action_not_available")


async def test_agreement_taken_back_closes_the_item_to_the_members_at_once(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    assert len(await items(hall.member(hall.nurse, moment), path)) == 1
    school = at(api.as_(town.school), moment)
    await act(school, referral, "agreement", status="withdrawn")
    assert await items(hall.member(hall.nurse, moment), path) == []
    # An officer still sees to it: it stays on the agenda.
    assert (await item_of(hall, path))["state"] == "listed"
    await decided(hall, path, moment, "no_further_action")


async def test_facts_that_ask_for_a_panel_are_its_candidates_until_an_officer_sends_them(api: Api, town: Town) -> None:
    """A rule asks: that a referral is not offered while a panel has it is a person's to decide."""
    circumstances = {"governing_board_on": "2026-11-12"}
    referral = await send(at(api.as_(town.school), EARLY), needs=[{"code": "housing"}], circumstances=circumstances)
    hall = await open_hall(api, town)
    asking = await listed(hall.officer(), f"{hall.path}/candidates")
    assert [(one["referral_id"], one["rule"]) for one in asking] == [(referral["id"], "exclusion_hearing")]
    assert (await read(hall.officer(), referral))["state"] == "waiting"
    sent = {"panel_id": hall.panel_id, "reason": "A hearing is near.", "officer": {"name": "Jo Exemplar"}}
    await act(hall.officer(), referral, "to-panel", **sent)
    assert await listed(hall.officer(), f"{hall.path}/candidates") == []
    assert (await hall.member(hall.nurse, EARLY).get(f"{hall.path}/candidates")).status_code == 403

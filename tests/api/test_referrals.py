from datetime import datetime
from typing import Any

import pytest

from app.db import Database
from tests.factories.authority import Town, build_town
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

AGREED = {
    "status": "given", "given_by": "The mother (made up)", "how": "in_person", "agreed_on": "2026-09-01"
}  # fmt: skip


async def send(school: Caller, **changes: Any) -> dict[str, Any]:
    answer = await school.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_free_place_is_offered_in_the_same_moment(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    answer = await school.post("/v1/referrals", referral_body(), headers=key())
    assert answer.status_code == 201, answer.text
    referral = answer.json()
    assert referral["state"] == "offered"
    assert referral["allocation"]["provider_id"] == str(town.provider.organisation_id)
    assert answer.headers["location"] == f"/v1/referrals/{referral['id']}"
    assert answer.headers["etag"] == f'"{referral["version"]}"'
    assert "withdraw" in referral["available_actions"]
    assert "holds" not in referral
    again = await school.get(answer.headers["location"])
    assert again.json() == referral
    tag = {"If-None-Match": again.headers["etag"]}
    assert (await school.get(answer.headers["location"], headers=tag)).status_code == 304
    figures = {"sessions_possible": 100, "sessions_attended": 80}
    pushed = await school.put(f"/v1/referrals/{referral['id']}/attendance/2025/26-summer", figures)
    assert pushed.status_code in (200, 201), pushed.text
    assert (await school.get(answer.headers["location"], headers=tag)).status_code == 200


async def test_the_third_of_two_places_waits(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    states = [(await send(school))["state"] for _ in range(3)]
    assert states == ["offered", "offered", "waiting"]


async def test_a_retry_has_one_effect_and_one_answer(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    body = referral_body()
    first = await school.post("/v1/referrals", body, headers=key("same"))
    second = await school.post("/v1/referrals", body, headers=key("same"))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len((await school.get("/v1/referrals")).json()["data"]) == 1
    other = await school.post("/v1/referrals", referral_body(), headers=key("same"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_the_key_is_required(api: Api, town: Town) -> None:
    answer = await api.as_(town.school).post("/v1/referrals", referral_body())
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


async def test_a_second_open_referral_names_the_first(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    body = referral_body()
    first = (await school.post("/v1/referrals", body, headers=key())).json()
    second = await school.post("/v1/referrals", body, headers=key())
    assert (second.status_code, second.json()["code"]) == (409, "duplicate_referral")
    assert second.json()["reference"] == first["reference"]


async def test_another_schools_referral_of_the_pupil_is_held_and_told_to_nobody(api: Api, town: Town) -> None:
    body = referral_body()
    first = (await api.as_(town.schools[0]).post("/v1/referrals", body, headers=key())).json()
    answer = await api.as_(town.schools[1]).post("/v1/referrals", body, headers=key())
    assert answer.status_code == 201
    second = answer.json()
    assert second["state"] == "waiting"
    assert first["reference"] not in answer.text
    assert "DUPLICATE" not in answer.text
    assert second["pupil"]["id"] != first["pupil"]["id"], "the first school's record must stay closed"
    officer = api.as_(town.officer)
    assert (await officer.get(f"/v1/referrals/{second['id']}")).json()["holds"] == ["POSSIBLE_DUPLICATE"]
    released = await officer.post(f"/v1/referrals/{second['id']}/release", {"reason": "Twins share a birthday."})
    assert released.status_code == 200, released.text
    assert released.json()["state"] == "offered"


async def test_immediate_danger_is_held_and_answered_with_the_hub(api: Api, town: Town) -> None:
    referral = await send(api.as_(town.school), immediate_danger=True)
    assert referral["state"] == "waiting"
    assert referral["safeguarding_notice"]["contact"]["name"] == "Testshire MASH"
    officer = api.as_(town.officer)
    owed = (await officer.get("/v1/obligations")).json()["data"]
    assert [line["kind"] for line in owed] == ["safeguarding_action"]
    assert (await api.as_(town.provider).get("/v1/allocations")).json()["data"] == []
    released = await officer.post(f"/v1/referrals/{referral['id']}/release", {"reason": "The hub has acted."})
    assert released.json()["state"] == "offered"


async def test_a_referral_that_no_lot_serves_is_flagged_not_dropped(api: Api, town: Town) -> None:
    referral = await send(api.as_(town.school), needs=[{"code": "housing"}])
    assert (referral["state"], referral["unplaceable"]) == ("waiting", True)
    owed = (await api.as_(town.officer).get("/v1/obligations")).json()["data"]
    assert [line["kind"] for line in owed] == ["place_referral"]


@pytest.mark.parametrize(
    ("changes", "pointer", "words"),
    [
        ({"pupil__upn": "K926999924001"}, "/pupil/upn", "letter"),
        ({"pupil__upn": None}, "/pupil/upn", "upn_missing_reason"),
        ({"pupil__date_of_birth": "2031-01-01"}, "/pupil/date_of_birth", "future"),
        ({"pupil__date_of_birth": 0}, "/pupil/date_of_birth", "YYYY-MM-DD"),
        ({"pupil__year_group": "17"}, "/pupil/year_group", "year group"),
        ({"needs": [{"code": "spaceflight"}]}, "/needs/0/code", "list"),
        ({"needs": []}, "/needs", ""),
        ({"attendance__sessions_attended": 73}, "/attendance", "more"),
        ({"agreement": {"status": "not_yet"}}, "/agreement/status", "agreement"),
        ({"agreement": {"status": "exception"}}, "/agreement/exception", "reason"),
        ({"band": "P9"}, "/band", ""),
        ({"favourite_colour": "blue"}, "/favourite_colour", ""),
        ({"pupil__shoe_size": 4}, "/pupil/shoe_size", ""),
        ({"school_urn": "900003"}, "/school_urn", "own pupils"),
        ({"language": "KLINGON"}, "/language", ""),
        ({"preferred_mode": "remote"}, "/preferred_mode", "among"),
    ],
)
async def test_bad_input_is_named_in_plain_words_and_keeps_nothing(
    api: Api, town: Town, changes: dict[str, Any], pointer: str, words: str
) -> None:
    school = api.as_(town.school)
    answer = await school.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 422, answer.text
    faults = {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}
    assert pointer in faults
    assert words in faults[pointer]
    assert (await school.get("/v1/referrals")).json()["data"] == []


async def test_warnings_do_not_stop_a_referral(api: Api, town: Town) -> None:
    referral = await send(
        api.as_(town.school),
        pupil__year_group="9",
        suspensions={"this_half_term_count": 2, "this_half_term_sessions": 99},
    )
    assert {warning["code"] for warning in referral["warnings"]} == {"out_of_year", "suspensions_unusual"}


async def test_a_check_stores_nothing_and_tells_what_would_be(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    body = referral_body()
    answer = await school.post("/v1/referrals/check", body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["would_be"] == "offered"
    assert [service["eligible"] for service in found["services"]] == [True]
    assert (await school.get("/v1/referrals")).json()["data"] == []
    await school.post("/v1/referrals", body, headers=key())
    assert (await school.post("/v1/referrals/check", body)).json()["own_open_referral"].startswith("R-")


async def test_amendments_keep_what_was(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    path = f"/v1/referrals/{referral['id']}"
    change = {"reason": "The family asked.", "language": "POL", "child_view": "I like football."}
    assert (await school.patch(path, change)).status_code == 428
    stale = await school.patch(path, change, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    answer = await school.patch(path, change, headers={"If-Match": f'"{referral["version"]}"'})
    assert answer.status_code == 200, answer.text
    assert answer.json()["language"] == "POL"
    assert answer.json()["version"] == referral["version"] + 1
    kept = (await school.get(f"{path}/amendments")).json()["data"]
    assert kept[0]["changes"]["language"] == {"from": "ENG", "to": "POL"}
    offer = (await api.as_(town.provider).get("/v1/allocations")).json()["data"][0]
    assert offer["summary"]["language"] == "POL"
    nothing = await school.patch(path, {"reason": "x", "contacts": None}, headers={"If-Match": answer.headers["etag"]})
    assert nothing.status_code == 422


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("household", {"home_language": "ENG"}, {"home_language": "ENG", "address_confidential": False, "address": {}}),
        ("visit_risks", {"animals": True}, {"level": "none", "animals": True, "lone_working": True}),
        ("safe_contact", {"safe_times": "mornings"}, {"safe_times": "mornings", "voicemail_allowed": False}),
        ("contacts", [{"name": "Jo Sampleton", "relationship": "father"}], [{"name": "Jo Sampleton", "phones": []}]),
        ("circumstances", {"support_tried": ["club"]}, {"risk_of_permanent_exclusion": False}),
    ],
)
async def test_an_amended_structure_that_leaves_parts_out_is_kept_whole(
    api: Api, town: Town, field: str, sent: Any, kept: Any
) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    etag = {"If-Match": f'"{referral["version"]}"'}
    answer = await school.patch(f"/v1/referrals/{referral['id']}", {"reason": "Learnt.", field: sent}, headers=etag)
    assert answer.status_code == 200, answer.text
    shown = answer.json()[field]
    for one, expected in zip(shown, kept, strict=True) if isinstance(kept, list) else [(shown, kept)]:
        assert one | expected == one


async def test_withdrawing_frees_the_place_for_the_next(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    first, _, third = [await send(school) for _ in range(3)]
    assert third["state"] == "waiting"
    answer = await school.post(f"/v1/referrals/{first['id']}/withdraw", {"reason": "moved_away"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["outcome"]) == ("closed", "withdrawn")
    assert (await school.get(f"/v1/referrals/{third['id']}")).json()["state"] == "offered"
    again = await school.post(f"/v1/referrals/{first['id']}/withdraw", {"reason": "moved_away"})
    assert (again.status_code, again.json()["code"]) == (409, "action_not_available")


async def test_information_asked_and_answered(api: Api, town: Town) -> None:
    school, officer = api.as_(town.school), api.as_(town.officer)
    referral = await send(school)
    path = f"/v1/referrals/{referral['id']}"
    asked = await officer.post(f"{path}/request-information", {"question": "Which days suit the family?"})
    assert asked.status_code == 200, asked.text
    assert asked.json()["state"] == "information_requested"
    read = (await school.get(path)).json()
    assert read["information_request"]["question"] == "Which days suit the family?"
    assert "information" in read["available_actions"]
    answered = await school.post(f"{path}/information", {"answer": "Mondays."})
    assert answered.status_code == 200, answered.text
    assert answered.json()["state"] == "offered"
    steps = (await school.get(f"{path}/history")).json()["data"]
    assert [step["to_state"] for step in steps] == [
        "submitted", "offered", "information_requested", "submitted", "waiting", "offered",
    ]  # fmt: skip


async def test_agreement_taken_back_stops_and_asks_an_officer(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    answer = await school.post(f"/v1/referrals/{referral['id']}/agreement", {"status": "withdrawn"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "waiting"
    owed = (await api.as_(town.officer).get("/v1/obligations")).json()["data"]
    assert "agreement_check" in [line["kind"] for line in owed]
    assert (await api.as_(town.provider).get("/v1/allocations?state=pending")).json()["data"] == []


async def test_lists_filter_sort_and_page(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    sent = [await send(school) for _ in range(5)]
    first = (await school.get("/v1/referrals?limit=2&sort=received_at")).json()
    second = (await school.get(f"/v1/referrals?limit=2&sort=received_at&cursor={first['next_cursor']}")).json()
    third = (await school.get(f"/v1/referrals?limit=2&sort=received_at&cursor={second['next_cursor']}")).json()
    ids = [row["id"] for answer in (first, second, third) for row in answer["data"]]
    assert ids == [referral["id"] for referral in sent]
    assert third["next_cursor"] is None
    waiting = (await school.get("/v1/referrals?state=waiting")).json()["data"]
    assert {row["id"] for row in waiting} == {referral["id"] for referral in sent[2:]}
    found = (await school.post("/v1/referrals/search", {"upn": sent[0]["statutory"]["upn"]})).json()["data"]
    assert [row["id"] for row in found] == [sent[0]["id"]]
    wrong_list = await school.get(f"/v1/referrals?sort=-received_at&cursor={first['next_cursor']}")
    assert (wrong_list.status_code, wrong_list.json()["code"]) == (400, "cursor_rejected")


async def test_another_school_sees_nothing_of_it(api: Api, town: Town, lane: Database) -> None:
    referral = await send(api.as_(town.school))
    path = f"/v1/referrals/{referral['id']}"
    elsewhere = await build_town(lane, name="Otherton (made up)")
    for stranger in (town.schools[1], town.providers[1], elsewhere.officer, elsewhere.school):
        caller = api.as_(stranger)
        assert (await caller.get(path)).status_code == 404
        assert (await caller.get("/v1/referrals")).json()["data"] == []
    for stranger in (town.schools[1], elsewhere.school):
        caller = api.as_(stranger)
        assert (await caller.post("/v1/referrals/search", {"upn": referral["statutory"]["upn"]})).json()["data"] == []
        for act, body in (
            ("withdraw", {"reason": "other"}), ("information", {"answer": "x"}), ("agreement", {"status": "withdrawn"}),
        ):  # fmt: skip
            assert (await caller.post(f"{path}/{act}", body)).status_code == 404
        patch = await caller.patch(path, {"reason": "x", "child_view": "y"}, headers={"If-Match": "*"})
        assert patch.status_code == 404
    assert (await api.as_(town.school).get(path)).json()["version"] == referral["version"]


async def test_the_decision_can_be_replayed_from_its_record(api: Api, town: Town) -> None:
    from app.domain.decision_record import replay

    school = api.as_(town.school)
    for referral in [await send(school) for _ in range(3)]:
        records = (await api.as_(town.officer).get(f"/v1/referrals/{referral['id']}/decisions")).json()["data"]
        decision = replay(records[0]["record"])
        assert decision.outcome == records[0]["outcome"]
        assert (str(decision.place.id) if decision.place else None) == records[0]["record"]["place_id"]


async def test_a_case_without_agreement_stops_until_an_officer_has_checked(api: Api, town: Town) -> None:
    from tests.factories.casework import accepted_case, closing, contact, started, worker

    case = await accepted_case(api, town)
    await started(api, town, case)
    provider = worker(api, town)
    path = f"/v1/referrals/{case.referral_id}"
    assert (await api.as_(town.school).post(f"{path}/agreement", {"status": "withdrawn"})).status_code == 200
    stopped = await provider.post(f"{case.path}/contacts", contact(kind="session", held_at="2026-11-10T10:00:00Z"))
    assert (stopped.status_code, stopped.json()["code"]) == (409, "action_not_available")
    ending = closing(outcome="ended_early", reason="agreement_withdrawn")
    assert (await provider.post(f"{case.path}/close", ending)).status_code == 409
    officer = api.as_(town.officer)
    checked = await officer.post(f"{path}/release", {"reason": "The school's lead has seen the child."})
    assert checked.status_code == 200, checked.text
    closed = await provider.post(f"{case.path}/close", ending)
    assert closed.status_code == 200, closed.text
    assert (await officer.get(path)).json()["state"] == "closed"


async def test_an_offered_provider_is_told_of_its_allocation_and_never_of_the_referral(
    real_api: Api, real_town: Town
) -> None:
    school, provider = real_api.as_(real_town.school), real_api.as_(real_town.provider)
    referral = await send(school)
    path = f"/v1/referrals/{referral['id']}"
    await school.patch(path, {"reason": "x", "child_view": "y"}, headers={"If-Match": '"2"'})
    await school.post(f"{path}/withdraw", {"reason": "moved_away"})
    told = await provider.get("/v1/events")
    assert [event["type"] for event in told.json()["data"]] == [
        "allocation.offered", "allocation.amended", "allocation.withdrawn",
    ]  # fmt: skip
    assert referral["id"] not in told.text
    assert referral["id"] in (await school.get("/v1/events")).text


async def test_an_offer_is_taken_back_from_a_provider_that_the_family_comes_to_refuse(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    path = f"/v1/referrals/{referral['id']}"
    version = {"If-Match": f'"{referral["version"]}"'}
    unknown = {"reason": "The family asked.", "refused_provider_ids": [str(town.school.organisation_id)]}
    refused = await school.patch(path, unknown, headers=version)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/refused_provider_ids/0")
    change = {"reason": "The family asked.", "refused_provider_ids": [str(town.provider.organisation_id)]}
    amended = await school.patch(path, change, headers=version)
    assert (amended.status_code, amended.json()["state"]) == (200, "waiting"), amended.text
    offer = (await api.as_(town.provider).get(f"/v1/allocations/{referral['allocation']['id']}")).json()
    assert (offer["state"], offer["summary"]) == ("withdrawn", None)
    free = (await api.as_(town.provider).get(f"/v1/lots/{town.lots[0]}")).json()["figures"]["free_count"]
    assert free == 2


async def test_a_check_refuses_what_a_submission_refuses(api: Api, town: Town) -> None:
    body = referral_body(refused_provider_ids=[str(town.school.organisation_id)])
    answer = await api.as_(town.school).post("/v1/referrals/check", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/refused_provider_ids/0")


@pytest.mark.parametrize(
    "agreement",
    [
        {"status": "not_yet"},
        {"status": "given", "given_by": "The mother (made up)"},
        {"status": "exception", "exception": "court_order"},
    ],
)
async def test_work_goes_on_only_with_an_agreement_that_would_have_been_enough_to_send(
    api: Api, town: Town, agreement: dict[str, Any]
) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    path = f"/v1/referrals/{referral['id']}"
    assert (await school.post(f"{path}/agreement", {"status": "withdrawn"})).status_code == 200
    before = (await school.get(path)).json()
    refused = await school.post(f"{path}/agreement", agreement)
    assert refused.status_code == 422, refused.text
    assert {fault["pointer"].split("/")[1] for fault in refused.json()["errors"]} <= set(AGREED) | {"exception_person"}
    assert (await school.get(path)).json() == before
    again = await school.post(f"{path}/agreement", AGREED)
    assert (again.status_code, again.json()["state"]) == (200, "offered"), again.text
    owed = (await api.as_(town.officer).get("/v1/obligations?state=open")).json()["data"]
    assert "agreement_check" not in [line["kind"] for line in owed]


async def test_an_act_on_a_version_that_has_gone_is_refused(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    path = f"/v1/referrals/{referral['id']}"
    stale = await school.post(f"{path}/withdraw", {"reason": "moved_away"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert (await school.get(path)).json() == referral
    present = {"If-Match": (await school.get(path)).headers["etag"]}
    done = await school.post(f"{path}/withdraw", {"reason": "moved_away"}, headers=present)
    assert (done.status_code, done.json()["state"]) == (200, "closed")


async def test_a_new_lot_is_offered_at_once_to_who_waits(api: Api, town: Town) -> None:
    school, officer = api.as_(town.school), api.as_(town.officer)
    waiting = [await send(school) for _ in range(3)][-1]
    assert waiting["state"] == "waiting"
    lot = {"name": "Lot 2", "service_id": str(town.services[0]), "places": 1, "volume": 10}
    made = await officer.post(f"/v1/contracts/{town.contracts[0]}/lots", lot)
    assert made.status_code == 201, made.text
    assert (await school.get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "offered"
    fixed = await officer.get(f"/v1/services/{town.services[0]}")
    change = await officer.patch(
        f"/v1/services/{town.services[0]}", {"standard_weeks": 8}, headers={"If-Match": fixed.headers["etag"]}
    )
    assert (change.status_code, change.json()["code"]) == (409, "conflict")


async def test_a_known_upn_is_not_forgotten(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    body = referral_body()
    first = (await school.post("/v1/referrals", body, headers=key())).json()
    await school.post(f"/v1/referrals/{first['id']}/withdraw", {"reason": "other"})
    upn = body["pupil"].pop("upn")
    body["pupil"]["upn_missing_reason"] = "UN3"
    again = (await school.post("/v1/referrals", body, headers=key())).json()
    assert (again["pupil"]["id"], again["statutory"]["upn"]) == (first["pupil"]["id"], upn)


CHILDREN = [
    {"name": "Kit Sampleton", "date_of_birth": None, "relationship": "sibling"},
    {"name": "Lee Sampleton", "date_of_birth": "2019-05-01", "relationship": "sibling"},
    {"name": "Max Sampleton", "date_of_birth": "2012-01-31", "relationship": "sibling"},
]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"attendance": None, "suspensions": None, "sender_reference": None, "preferred_mode": "home"},
        {"immediate_danger": True, "child_view": "Talks at home. Ünïcode too."},
        {"band": "P4", "language": "POL", "pupil__upn": None, "pupil__upn_missing_reason": "UN1"},
        {
            "household": {
                "home_language": "POL",
                "interpreter_needed": True,
                "address": {"lines": ["1 Made Up Row"], "postcode": "ZZ9 9ZZ"},
                "address_confidential": True,
                "linked_children": CHILDREN,
            },
            "circumstances": {"governing_board_on": "2026-12-01", "early_help": {"assessment_on": "2026-10-01"}},
            "pupil__social_care": {"status": "child_in_need", "social_worker": "Made Up"},
            "pupil__sen_types": ["ASD", "SEMH"],
            "pupil__sen_provision": "E",
        },
    ],
)
async def test_a_taken_referral_is_answered_as_it_will_be_read(api: Api, town: Town, changes: dict[str, Any]) -> None:
    school = api.as_(town.school)
    await _send_and_read(school, referral_body(**changes))
    # The same pupil again, of whom much is known; and then others, until no place is left.
    first = await _send_and_read(school, referral_body(**changes))
    await school.post(f"/v1/referrals/{first['id']}/withdraw", {"reason": "other"})
    known = referral_body(**changes)
    known["contacts"] *= 2
    known["pupil"] |= {"mis_id": first["mis_id"], "upn": first["statutory"]["upn"]}
    again = await _send_and_read(school, known)
    assert again["pupil"]["id"] == first["pupil"]["id"]
    last = [await _send_and_read(school, referral_body(**changes)) for _ in range(2)][-1]
    assert last["state"] == "waiting"


async def _send_and_read(school: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """A referral's answer, compared with what is read of it afterwards."""
    answer = await school.post("/v1/referrals", body, headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    read = (await school.get(f"/v1/referrals/{taken['id']}")).json()
    told = {name: value for name, value in taken.items() if name != "safeguarding_notice"}
    assert _times_alike(told) == _times_alike(read)
    return taken


def _times_alike(referral: dict[str, Any]) -> dict[str, Any]:
    """The referral with the times of its allocation as times: PostgreSQL writes fewer zeros into JSON."""
    allocation = referral["allocation"]
    if allocation is None:
        return referral
    times = {name: datetime.fromisoformat(allocation[name]) for name in ("offered_at", "answer_due_at")}
    return {**referral, "allocation": {**allocation, **times}}

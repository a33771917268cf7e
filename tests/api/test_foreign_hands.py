"""Acts tried by another's hands: with ids of others, after access ended, and with what no body should hold."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.access import Kind, Principal
from app.db import Database
from app.ids import new_id
from app.models.parties import organisation
from app.queries.writes import Writes
from tests.api.test_deemed_acceptance import left_to_silence
from tests.factories.authority import Town, build_town
from tests.factories.casework import LATER, accepted_case, at, book_place, closing, contact
from tests.factories.http import Api, Caller
from tests.factories.next_contract import next_contract
from tests.factories.officers import OFFICER, act, read, refused, send, told
from tests.factories.referrals import key

GIVEN = {"status": "given", "given_by": "A parent", "how": "telephone", "agreed_on": "2026-11-02",
         "parental_responsibility": True}  # fmt: skip


async def agency_of(lane: Database, town: Town) -> Principal:
    agency = replace(town.school, client_id=new_id(), organisation_id=new_id(), kind=Kind.AGENCY)
    async with lane.write(town.officer) as session:
        writes = Writes()
        writes.add(organisation, id=agency.organisation_id, kind="agency", name="Early help team (made up)")
        await writes.flush(session)
    return agency


# A referral that an agency sent about a school's pupil


async def test_the_childs_school_reads_an_agencys_referral_and_leaves_it_to_its_sender(
    api: Api, town: Town, lane: Database
) -> None:
    agency, school = api.as_(await agency_of(lane, town)), api.as_(town.school)
    referral = await send(agency, school_urn="900001")
    path = f"/v1/referrals/{referral['id']}"
    seen = await school.get(path)
    # What the family tells the school of its agreement, the school passes on.
    assert seen.json()["available_actions"] == ["agreement", "change-school"]
    assert (await read(agency, referral))["available_actions"] == ["amend", "agreement", "withdraw", "siblings"]
    amendment = {"reason": "Ours to say.", "child_view": "Another's words."}
    answers = [
        await school.patch(path, amendment, headers={"If-Match": seen.headers["ETag"]}),
        await school.post(f"{path}/withdraw", {"reason": "other"}),
        await school.post(f"{path}/siblings", {"sibling_of": None}),
    ]
    officer = api.as_(town.officer)
    await act(officer, referral, "request-information", question="When may we call?")
    assert (await read(school, referral))["available_actions"] == ["agreement"]
    answers.append(await school.post(f"{path}/information", {"answer": "Never."}))
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "forbidden")] * 4
    after = await read(officer, referral)
    assert (after["state"], after["child_view"]) == ("information_requested", referral["child_view"])
    assert (await agency.post(f"{path}/information", {"answer": "On Monday."})).status_code == 200
    assert (await school.post(f"{path}/agreement", {"status": "withdrawn"})).status_code == 200
    assert (await agency.post(f"{path}/withdraw", {"reason": "other"})).status_code == 200
    status, _ = await refused(school, referral, "reopen", reason="Not ours to undo.")
    assert status == 409


# Siblings that an officer linked across senders


@pytest.mark.parametrize("act_", ["unlink", "link", "send a third"])
async def test_no_act_of_a_sender_tells_that_an_officer_linked_its_referral_with_anothers(
    api: Api, town: Town, act_: str
) -> None:
    """The same act on two referrals, of which one stands in an officer's group, shows its sender the same."""
    school, officer = api.as_(town.school), api.as_(town.officer)
    theirs = await send(api.as_(town.schools[1]), needs=[{"code": "housing"}])
    shown = []
    for linked in (False, True):
        first, second = [await send(school, needs=[{"code": "housing"}]) for _ in range(2)]
        if linked:
            for one in (first, second):
                await act(officer, one, "siblings", sibling_of=theirs["reference"])
        before = [await read(school, one) for one in (first, second)]
        if act_ == "unlink":
            await act(school, second, "siblings", sibling_of=None)
        elif act_ == "link":
            await act(school, second, "siblings", sibling_of=first["reference"])
        else:
            await send(school, sibling_wish="same_practitioner", sibling_of=first["reference"])
        after = [await read(school, one) for one in (first, second)]
        events = [await told(api, town.school, one) for one in (first, second)]
        shown.append(
            [
                (now["version"] - then["version"], now["sibling_wish"], now["available_actions"], events_)
                for then, now, events_ in zip(before, after, events, strict=True)
            ]
        )
    assert shown[0] == shown[1]
    assert [line[0] for line in shown[0]] == {"unlink": [0, 0], "link": [1, 1], "send a third": [1, 0]}[act_]


# Providers whose access ended


async def test_a_provider_that_handed_a_case_over_reads_it_a_while_and_does_nothing(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=1)
    case = await accepted_case(api, town)
    referral = {"id": str(case.referral_id)}
    rival = town.providers[1]
    officer, old, new = (at(api.as_(who), LATER) for who in (town.officer, town.provider, rival))
    assert (await read(old, referral))["available_actions"] == ["agreement"]
    after = await next_contract(lane, town, rival, on=LATER.date(), places=1)
    await after.commit(officer)
    assert (await read(old, referral))["available_actions"] == []
    for body in (GIVEN, {"status": "withdrawn"}):
        status, problem = await refused(old, referral, "agreement", **body)
        assert (status, problem["code"]) == (404, "not_found"), problem
    assert (await read(officer, referral))["agreement"]["status"] == "given"
    assert (await read(new, referral))["available_actions"] == ["agreement"]


async def test_a_retry_after_access_ended_shows_the_family_no_more(api: Api, town: Town) -> None:
    case = await accepted_case(api, town)
    path = f"/v1/referrals/{case.referral_id}/agreement"
    provider, school = at(api.as_(town.provider), LATER), at(api.as_(town.school), LATER)
    once = key()
    first = await provider.post(path, {"status": "withdrawn"}, headers=once)
    again = await provider.post(path, {"status": "withdrawn"}, headers=once)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await school.post(path.replace("agreement", "withdraw"), {"reason": "other"})).status_code == 200
    late = await provider.post(path, {"status": "withdrawn"}, headers=once)
    assert (late.status_code, late.content) == (204, b"")
    assert first.json()["pupil"]["family_name"]


# Ids of another authority


async def test_an_officer_names_nothing_of_another_authority(api: Api, town: Town, lane: Database) -> None:
    """Another authority's id is answered as one that is nobody's, in every body and query of an officer's acts."""
    other = await build_town(lane, name="Elsewhere (made up)")
    officer = at(api.as_(town.officer), LATER)
    school = at(api.as_(town.school), LATER)
    waiting = await send(school, needs=[{"code": "housing"}])
    theirs = await send(at(api.as_(other.school), LATER))
    path = f"/v1/referrals/{waiting['id']}"
    next_ = await next_contract(lane, town, town.provider, on=LATER.date(), places=1)
    others_policy = (await api.as_(other.school).get("/v1/policies/current")).json()["id"]
    note = {"officer": OFFICER, "reason": "other", "note": "x"}
    lots = [{"from_lot_id": str(town.lots[0]), "to_lot_id": "{}"}]
    pairs: list[tuple[str, str, Any, object]] = [
        ("POST", f"{path}/override", {"lot_id": "{}", **note}, other.lots[0]),
        ("POST", f"{path}/override", {"place_id": "{}", **note}, other.places[0]),
        ("POST", f"{path}/allow-provider", {"provider_id": "{}", "officer": OFFICER, "reason": "x"},
         other.provider.organisation_id),
        ("POST", f"{path}/siblings", {"sibling_of": "{}"}, theirs["reference"]),
        ("POST", next_.path, {**next_.body, "successor_id": "{}"}, other.contracts[0]),
        ("POST", next_.path, {**next_.body, "lots": lots}, other.lots[0]),
        ("GET", "/v1/contracts/{}/ending", None, other.contracts[0]),
        ("GET", "/v1/contracts/{}/hand-overs", None, other.contracts[0]),
        ("GET", "/v1/providers/{}/offer-answers", None, other.provider.organisation_id),
        ("GET", f"/v1/lots/{other.lots[0]}/out-of-service", None, other.lots[0]),
        ("POST", f"/v1/lots/{town.lots[0]}/places/{{}}/out-of-service",
         {"starts_on": "2027-01-08", "ends_on": "2027-01-15", "reason": "x"}, other.places[0]),
        ("GET", "/v1/calendar/days?school_id={}", None, other.school.organisation_id),
        ("GET", "/v1/schools/{}/calendar/2026-27", None, other.school.organisation_id),
        ("POST", "/v1/policies/{}/withdraw", {"reason": "x"}, others_policy),
        ("GET", "/v1/policies/{}/page", None, others_policy),
        *(
            ("POST", "/v1/allocation-runs", {"over": over, "what_if": what_if}, id_)
            for over in ("waiting_list", "last_year")
            for what_if, id_ in (
                ({"places": [{"lot_id": "{}", "more": 1}]}, other.lots[0]),
                ({"languages": [{"practitioner_id": "{}", "language": "POL"}]}, other.practitioners[0]),
                ({"practitioners": [{"lot_id": "{}", "language": "POL", "places": 1}]}, other.lots[0]),
                ({"policy_id": "{}"}, others_policy),
            )
        ),
    ]  # fmt: skip
    for method, url, body, id_ in pairs:
        nobodys = "R-XXXX-XXXX" if str(id_).startswith("R-") else str(new_id())
        told_ = []
        for one in (str(id_), nobodys):
            answer = await officer.request(method, url.replace("{}", one), json=_filled(body, one), headers=key())
            assert 400 <= answer.status_code < 500, f"{method} {url} {body}: {answer.status_code} {answer.text}"
            told_.append((answer.status_code, answer.text.replace(one, "")))
        assert told_[0] == told_[1], f"{method} {url} {body}"


def _filled(body: Any, id_: str) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, id_) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, id_) for value in body]
    return id_ if body == "{}" else body


# What is kept in memory of a waiting list


async def test_a_kept_waiting_list_goes_to_nobody_else_and_to_no_other_day(
    api: Api, town: Town, lane: Database
) -> None:
    elsewhere = await build_town(lane, name="Elsewhere (made up)")
    mine, theirs = [], []
    for owner, referrals in ((town, mine), (elsewhere, theirs)):
        for school in owner.schools[:2]:
            referrals.append(await send(at(api.as_(school), LATER), needs=[{"code": "housing"}]))
    fields = "{ referrals(first: 50) { nodes { reference explanation { aheadCount certificate { capacity } } } } }"
    for moment, waited in ((LATER, 0), (LATER + timedelta(days=3), 1), (LATER, 0)):
        for owner, referrals, others in ((town, mine, theirs), (elsewhere, theirs, mine)):
            page = (await at(api.as_(owner.officer), moment).get("/v1/waiting-list")).json()["data"]
            assert {line["reference"] for line in page} == {one["reference"] for one in referrals}
            assert {line["waited_school_days"] for line in page} == {waited}
            school = at(api.as_(owner.school), moment)
            explained = await school.get(f"/v1/referrals/{referrals[0]['id']}/explanation")
            assert explained.json()["waited_school_days"] == waited
            assert "certificate" not in explained.json()
            for stranger in (referrals[1], *others):
                assert (await school.get(f"/v1/referrals/{stranger['id']}/explanation")).status_code == 404
            (node,) = (await school.graphql(fields))["data"]["referrals"]["nodes"]
            assert (node["reference"], node["explanation"]["certificate"]) == (referrals[0]["reference"], None)
            assert not [one for one in (referrals[1], *others) if one["reference"] in explained.text]


# A provider undoes its own closure


async def test_a_provider_that_reopens_a_case_whose_place_has_gone_loses_it(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=1)
    case = await accepted_case(api, town)
    provider, officer = at(api.as_(town.provider), LATER), at(api.as_(town.officer), LATER)
    ending = closing(outcome="ended_early", reason="did_not_engage")
    assert (await provider.post(f"{case.path}/close", ending)).status_code == 200
    await book_place(lane, town, case.place_id, LATER.date())
    once = key()
    for replayed in (False, True):
        opened = await provider.post(f"/v1/referrals/{case.referral_id}/reopen", {"reason": "Too soon."}, headers=once)
        assert (opened.status_code, opened.content) == (204, b""), opened.text
        assert ("Idempotency-Replayed" in opened.headers) is replayed
    assert (await read(officer, {"id": str(case.referral_id)}))["state"] == "waiting"
    assert (await provider.get(f"/v1/referrals/{case.referral_id}")).status_code == 404


# What no body should hold

_ODD: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    "a\x00b",
    "\ud800",
    "x" * 6000,
    [],
    {},
    [None] * 1000,
    [[[]]] * 300,
]


async def test_odd_bodies_are_refused_in_plain_english(api: Api, town: Town, lane: Database) -> None:
    """Each field of each new body in turn, and the whole body, holds what it should not: never a fault of ours."""
    officer, school = at(api.as_(town.officer), LATER), at(api.as_(town.school), LATER)
    waiting = await send(school, needs=[{"code": "housing"}])
    path, lot = f"/v1/referrals/{waiting['id']}", str(town.lots[0])
    next_ = await next_contract(lane, town, town.provider, on=LATER.date(), places=1)
    bodies: dict[str, dict[str, Any]] = {
        f"{path}/override": {"lot_id": lot, "place_id": None, "officer": OFFICER, "reason": "other", "note": "x"},
        f"{path}/band": {"band": "P1", "officer": OFFICER, "reason": "x"},
        f"{path}/reopen": {"officer": OFFICER, "reason": "x"},
        f"{path}/withdraw-offer": {"reason": "other", "note": "x", "officer": OFFICER},
        f"{path}/allow-provider": {"provider_id": str(town.provider.organisation_id), "officer": OFFICER,
                                   "reason": "x"},
        f"{path}/siblings": {"sibling_of": "R-XXXX-XXXX"},
        next_.path: next_.body,
        f"/v1/lots/{lot}/places/{town.places[0]}/out-of-service": {
            "starts_on": "2027-01-08", "ends_on": "2027-01-07", "reason": "x"},
        "/v1/allocation-runs": {"over": "waiting_list", "what_if": {
            "places": [{"lot_id": lot, "more": 501}], "languages": [], "practitioners": [], "fair_share": None,
            "policy_id": None, "policy": {"long_stop": 0}}},
        "/v1/policies/preview": {"summary_of_changes": "x"},
    }  # fmt: skip
    for url, body in bodies.items():
        odd: list[Any] = [*_ODD]
        for name in body:
            odd += [{**body, name: value} for value in _ODD if name not in ("officer", "what_if") or value is not None]
        for name, value in body.items():
            if isinstance(value, dict):
                odd += [{**body, name: {**value, inner: one}} for inner in value for one in _ODD]
        for content in odd:
            answer = await _post(officer, url, content)
            assert answer.status_code < 500, f"{url} {str(content)[:300]}: {answer.text}"


async def _post(caller: Caller, url: str, content: Any) -> Any:
    # Written with escapes, so that half a surrogate pair and a NUL arrive as a careless system sends them.
    return await caller.request(
        "POST", url, content=json.dumps(content), headers={"Content-Type": "application/json", **key()}
    )


@pytest.mark.parametrize("url", ["/v1/calendars/import", "/v1/schools/{school}/calendar/import"])
async def test_odd_calendar_files_are_refused_line_by_line(api: Api, town: Town, url: str) -> None:
    officer = at(api.as_(town.officer), LATER)
    url = url.replace("{school}", str(town.school.organisation_id))
    head = "academic_year,kind,number,name,starts_on,ends_on\n"
    files = [
        head + '"' * 200_001,
        head + '2026/27,inset,,"' * 10_000,
        head + "2026/27,inset,,a\x00b,2026-09-02,\n",
        head + "2026/27,inset,,Day,2026-09-02,\n" * 5_000,
        head + "9999/00,inset,,Day,9999-12-31,9999-12-31\n0001/02,inset,,Day,0001-01-01,9999-12-31\n",
        head + f"2026/27,half_term,{'9' * 5000},,2026-09-02,2026-10-23\n",
        head + "2026/27,half_term,\u0661,,2026-09-02,2026-10-23\n",
        "," * 200_000,
        "\n" * 200_000,
        "\x00",
    ]
    calendars = [
        "BEGIN:VCALENDAR\n" * 10_000,
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nSUMMARY:a\x00b\nDTSTART;VALUE=DATE:20260902\nEND:VEVENT\nEND:VCALENDAR",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:INSET day\nDTSTART;VALUE=DATE:99991231\nEND:VEVENT\nEND:VCALENDAR",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:INSET day\nDTSTART;VALUE=DATE:20260902\nDURATION:P99999999999D"
        "\nEND:VEVENT\nEND:VCALENDAR",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:INSET day\nDTSTART:20260902T000000Z\nRRULE:FREQ=SECONDLY\nEND:VEVENT"
        "\nEND:VCALENDAR",
    ]
    for media_type, contents in (("text/csv", files), ("text/calendar", calendars)):
        for content in contents:
            for query in ("?dry_run=true", "?replace=true"):
                answer = await officer.request(
                    "POST", url + query, content=content.encode(), headers={"Content-Type": media_type}
                )
                assert answer.status_code in (200, 400, 413, 422), f"{content[:100]!r}: {answer.status_code}"
                assert len(answer.content) < 2_000_000


@pytest.mark.parametrize(
    "query",
    ["days?from=2100-12-31&to=2100-12-31", "days?from=2100-12-20", "days?from=1900-01-01",
     "add?from=2100-12-31&days=2000",
     "add?from=1900-01-01&days=-2000", "add?from=2026-01-01&days=99999999999999999999", "between?from=1900-01-01",
     "between?from=1900-01-01&to=1900-01-02", "days?from=%00", "days?school_id=%00", "add?clock=%00"],
)  # fmt: skip
async def test_odd_questions_about_days_are_no_fault_of_ours(api: Api, town: Town, query: str) -> None:
    answer = await api.as_(town.school).get(f"/v1/calendar/{query}")
    assert answer.status_code in (200, 422), answer.text


# A case accepted by silence, before its provider reads it; and what officers alone are told in a graph


async def test_before_the_first_read_no_act_names_the_family(api: Api, town: Town) -> None:
    referral, allocation = await left_to_silence(api, town)
    provider, officer = api.as_(town.provider), api.as_(town.officer)
    case = (await read(officer, referral))["intervention_id"]
    names = [referral["pupil"]["family_name"], referral["pupil"]["given_name"], referral["pupil"]["date_of_birth"]]
    path = f"/v1/interventions/{case}"
    tried: list[tuple[str, Any]] = [
        (f"{path}/safety", {"safe_contact": True, "visit_risks": True}),
        (f"{path}/contacts", contact()),
        (f"{path}/extend", {"weeks": 1, "reason": "x"}),
        (f"{path}/close", closing()),
        (f"/v1/referrals/{referral['id']}/agreement", {"status": "withdrawn"}),
        (f"/v1/referrals/{referral['id']}/reopen", {"reason": "x"}),
    ]
    for url, body in tried:
        answer = await provider.post(url, body, headers=key())
        assert answer.status_code == 404, f"{url}: {answer.status_code} {answer.text}"
    once = key()
    assigned = [
        await provider.post(
            f"/v1/allocations/{allocation}/practitioner", {"practitioner_id": str(town.practitioners[0])}, headers=once
        )
        for _ in range(2)
    ]
    for answer in assigned:
        assert not [name for name in names if name in answer.text], answer.text
    assert (await provider.get(f"/v1/referrals/{referral['id']}")).status_code == 404
    assert names[0] in (await provider.get(f"/v1/allocations/{allocation}")).text


async def test_a_graph_tells_officers_acts_and_providers_answers_to_officers_alone(api: Api, town: Town) -> None:
    await accepted_case(api, town)
    waiting = await send(at(api.as_(town.school), LATER), needs=[{"code": "housing"}])
    await act(at(api.as_(town.officer), LATER), waiting, "band", band="P1", officer=OFFICER, reason="Seen.")
    for who in (town.officer, town.school, town.schools[1], town.provider, town.providers[1]):
        caller = at(api.as_(who), LATER)
        acts = await caller.graphql(
            "{ referrals(first: 9) { nodes { reference bandDecisions { decidedByName } overrides { officerName }"
            " explanation { trigger } } } }"
        )
        answers = await caller.graphql("{ providers(first: 9) { nodes { offerAnswers { offersCount } } } }")
        text = json.dumps([acts, answers])
        nodes = ((acts.get("data") or {}).get("referrals") or {"nodes": []})["nodes"]
        if who is town.officer:
            assert OFFICER["name"] in text
            assert '"offersCount": ' in text
            assert len(nodes) == 2
        else:
            assert OFFICER["name"] not in text
            assert '"offersCount": ' not in text
            assert not [node for node in nodes if node["bandDecisions"] or node["overrides"]]

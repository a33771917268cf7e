"""Closure letters: what each reader is told, in HTML and PDF alike, as it was on the day of the close."""

from datetime import timedelta
from typing import Any

import pytest

from app.db import Database
from tests.factories.authority import Town
from tests.factories.casework import LATER, CaseIds, accepted_case, at, closing, contact, missed, plan, worker
from tests.factories.http import Api
from tests.factories.officers import OFFICER
from tests.factories.referrals import key, referral_body

MONDAY = LATER + timedelta(days=3)
# Words that stand in the record and in no letter, each found nowhere else.
NEVER = {
    "in the family's": (
        "1 Wisteria Lane", "01632 960777", "Ottoline", "Secret risk", "Words to the worker", "Needs in words",
        "Freedom helpline", "A child in trust", "For better service", "Secret reason", "Note of the close",
        "Written for the school", "jointly", "family_journey", "did not attend",
    ),
    "in the school's": (
        "1 Wisteria Lane", "01632 960777", "Ottoline", "Secret risk", "Words to the worker", "Needs in words",
        "Freedom helpline", "A child in trust", "For better service", "Secret reason", "Note of the close",
        "A parent said this", "Parents' evening group", "jointly", "family_journey",
    ),
}  # fmt: skip
TOLD = {
    "in the family's": (
        "Zofia", "Harbour Families", "20 November 2026", "twice", "In school by the bell", "You got there",
        "A calm morning", "Not this time", "A parent said this", "We are calmer", "Club by the sea",
        "Parents' evening group", "Money advice", "999", "Testshire MASH", "01632 960000",
    ),
    "in the school's": (
        "Zofia", "Fernbank Primary", "Harbour Families", "20 November 2026", "completed", "plan completed",
        "In school by the bell", "achieved", "not achieved", "3 November 2026", "did not attend",
        "Written for the school", "We are calmer", "Club by the sea", "Money advice",
    ),
}  # fmt: skip


async def worked_case(api: Api, town: Town, **changes: Any) -> CaseIds:
    """A case with something of everything, not yet closed."""
    body = referral_body(**changes)
    body["pupil"] |= {"given_name": "Zofia", "family_name": "Quillfeather"}
    body["contacts"][0] |= {"name": "Ottoline Quillfeather", "phones": ["01632 960777"]}
    body["household"]["address"] = {"lines": ["1 Wisteria Lane"], "postcode": None}
    body["needs"][0]["words"] = "Needs in words"
    body["visit_risks"] = {"level": "some", "details": "Secret risk"}
    school = at(api.as_(town.school), LATER - timedelta(days=18))
    sent = await school.post("/v1/referrals", body, headers=key())
    assert sent.status_code == 201, sent.text
    early = at(api.as_(town.provider), LATER - timedelta(days=18))
    accepted = await early.post(f"/v1/allocations/{sent.json()['allocation']['id']}/accept")
    case = CaseIds(accepted.json()["intervention_id"], sent.json()["id"], None, None, None)  # type: ignore[arg-type]
    portal = worker(api, town)
    acts: list[tuple[str, dict[str, Any]]] = [
        ("safety", {"safe_contact": True, "visit_risks": True}),
        ("contacts", contact()),
        ("contacts", contact(kind="session", held_at="2026-11-10T15:30:00Z", result="late")),
        ("contacts", missed(kind="session", held_at="2026-11-12T15:30:00Z", reason="Secret reason")),
        ("signposts", {**_SIGNPOST, "name": "Club by the sea", "for_whom": "child"}),
        ("signposts", {**_SIGNPOST, "name": "Parents' evening group", "for_whom": "parent"}),
        ("signposts", {**_SIGNPOST, "name": "Freedom helpline", "for_whom": "parent", "kind": "domestic_abuse"}),
        ("quotes", _quote("parent", "A parent said this", "report")),
        ("quotes", _quote("parent", "For better service", "service_improvement")),
        ("quotes", _quote("child", "A child in trust", "report")),
    ]
    for path, what in acts:
        answer = await portal.post(f"{case.path}/{path}", what)
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"
    put = await portal.put(f"{case.path}/plan", plan(family_words="Words to the worker"), headers={"If-Match": "*"})
    assert put.status_code == 200, put.text
    return case


_SIGNPOST = {"kind": "community", "signposted_on": "2026-11-12"}


def _quote(whose: str, words: str, use: str) -> dict[str, Any]:
    consent = {"given_by": "parent", "on": "2026-11-12", "uses": [use]}
    return {"whose": whose, "words": words, "said_on": "2026-11-12", "consent": consent}


async def close(api: Api, town: Town, case: CaseIds, *, what_changed: str = "Written for the school") -> None:
    goals = (await worker(api, town).get(f"{case.path}/plan")).json()["goals"]
    results = [
        {"goal_id": goal["id"], "result": result} for goal, result in zip(goals, ("achieved", "not"), strict=True)
    ]
    summary = {
        "what_changed": what_changed,
        "signposted": [{"name": "Money advice"}],
        "family_words": {"text": "We are calmer", "consent": True},
    }
    body = closing(goals=results, summary=summary, note="Note of the close")
    answer = await worker(api, town).post(f"{case.path}/close", body)
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def closed(api: Api, town: Town) -> CaseIds:
    case = await worked_case(api, town)
    await close(api, town, case)
    return case


@pytest.mark.parametrize(("audience", "where"), [("family", "in the family's"), ("school", "in the school's")])
async def test_a_letter_tells_its_reader_what_it_may_know(
    audience: str, where: str, api: Api, town: Town, closed: CaseIds
) -> None:
    answer = await api.as_(town.provider).get(f"{closed.path}/letters/{audience}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    text = answer.text.replace("&#39;", "'")
    assert [words for words in TOLD[where] if words not in text] == []
    assert [words for words in NEVER[where] if words in text] == []
    assert "Quillfeather" not in text


async def test_who_may_read_which_letter(api: Api, town: Town, closed: CaseIds) -> None:
    async def status(reader: Any, audience: str) -> int:
        return (await api.as_(reader).get(f"{closed.path}/letters/{audience}")).status_code

    assert [await status(town.provider, each) for each in ("family", "school")] == [200, 200]
    assert [await status(town.officer, each) for each in ("family", "school")] == [200, 200]
    assert [await status(town.school, each) for each in ("family", "school")] == [404, 200]
    for stranger in (town.providers[1], town.schools[1]):
        assert [await status(stranger, each) for each in ("family", "school")] == [404, 404]
    assert await status(town.officer, "police") == 422


async def test_the_provider_loses_the_letters_with_the_familys_identity(
    api: Api, town: Town, closed: CaseIds, lane: Database
) -> None:
    async with lane.write(town.officer) as session:
        await session.run(
            "UPDATE referral SET case_provider_id = NULL WHERE authority_id = $1 AND intervention_id = $2",
            session.authority_id,
            closed.intervention_id,
        )
    for audience in ("family", "school"):
        assert (await api.as_(town.provider).get(f"{closed.path}/letters/{audience}")).status_code == 404
        assert (await api.as_(town.officer).get(f"{closed.path}/letters/{audience}")).status_code == 200


async def test_a_letter_is_a_pdf_where_that_is_asked_for(api: Api, town: Town, closed: CaseIds) -> None:
    path = f"{closed.path}/letters/family"
    caller = api.as_(town.provider)
    by_accept = await caller.get(path, headers={"Accept": "application/pdf"})
    by_format = await caller.get(f"{path}?format=pdf", headers={"Accept": "text/html"})
    assert by_accept.headers["content-type"] == by_format.headers["content-type"] == "application/pdf"
    assert by_accept.content == by_format.content
    assert by_accept.content.startswith(b"%PDF-")
    assert by_accept.headers["content-disposition"] == 'inline; filename="closure-letter-family-1.pdf"'
    page = await caller.get(f"{path}?format=html", headers={"Accept": "application/pdf"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["etag"] != by_accept.headers["etag"]
    assert (await caller.get(path, headers={"If-None-Match": page.headers["etag"]})).status_code == 304
    assert (await caller.get(f"{path}?format=docx")).status_code == 422


async def test_there_is_no_letter_before_the_close_nor_of_a_closing_that_was_not(api: Api, town: Town) -> None:
    case = await worked_case(api, town)
    assert (await worker(api, town).get(f"{case.path}/letters/family")).status_code == 404
    await close(api, town, case)
    assert (await worker(api, town).get(f"{case.path}/letters/family?version=2")).status_code == 404


async def test_a_letter_stands_as_it_was_made_and_another_close_makes_another(
    api: Api, town: Town, closed: CaseIds
) -> None:
    path = f"{closed.path}/letters/school"
    first = (await api.as_(town.school).get(path)).text
    officer = at(api.as_(town.officer), MONDAY)
    asked = {"reason": "It was closed by mistake.", "officer": OFFICER}
    reopened = await officer.post(f"/v1/referrals/{closed.referral_id}/reopen", asked)
    assert reopened.status_code == 200, reopened.text
    body = plan(goals=[{"title": "Another goal", "owner": "child"}, {"title": "And one", "owner": "child"}])
    assert (await worker(api, town).put(f"{closed.path}/plan", body, headers={"If-Match": "*"})).status_code == 200
    assert (await api.as_(town.school).get(path)).text == first
    await close(api, town, closed, what_changed="Written again")
    assert (await api.as_(town.school).get(f"{path}?version=1")).text == first
    second = (await api.as_(town.school).get(path)).text
    assert second == (await api.as_(town.school).get(f"{path}?version=2")).text
    assert "Written again" in second
    assert "Another goal" in second
    assert "In school by the bell" not in second


async def test_words_are_never_markup_and_letters_of_any_script_are_set(api: Api, town: Town) -> None:
    case = await worked_case(api, town)
    await close(api, town, case, what_changed="<script>alert(1)</script> #eval Zażółć ہم اب پرسکون ہیں 我們")
    caller = api.as_(town.school)
    page = (await caller.get(f"{case.path}/letters/school")).text
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; #eval Zażółć" in page
    made = await caller.get(f"{case.path}/letters/school?format=pdf")
    assert made.content.startswith(b"%PDF-")


async def test_reading_a_letter_is_logged_as_reading_who_the_child_is(api: Api, town: Town, closed: CaseIds) -> None:
    await api.as_(town.school).get(f"{closed.path}/letters/school")
    lines = (await api.as_(town.officer).get("/v1/audit")).json()["data"]
    assert any(
        line["action"] == "read_identity" and "letter" in line["fields"] and line["subject_id"] == closed.referral_id
        for line in lines
    )


async def test_a_case_in_which_nobody_was_met_has_letters_too(api: Api, town: Town) -> None:
    case = await accepted_case(api, town)
    body = {"outcome": "ended_early", "reason": "did_not_engage", "summary": {}}
    assert (await worker(api, town).post(f"{case.path}/close", body)).status_code == 200
    page = (await api.as_(town.provider).get(f"{case.path}/letters/family")).text
    assert "We did not get to meet this time." in page
    assert "Your goals" not in page
    assert "none was kept" in (await api.as_(town.school).get(f"{case.path}/letters/school")).text

"""Messages: between the parties of a referral as they then are, and read by nobody to whom they were not addressed."""

from datetime import timedelta
from typing import Any

import pytest

from app.db import Database
from app.errors import InvariantBroken
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import ACCEPTED_AT, LATER, CaseIds, accepted_case, at
from tests.factories.http import Api, Caller
from tests.factories.next_contract import next_contract
from tests.factories.officers import send, told
from tests.factories.referrals import key, referral_body
from tests.factories.scene import an_agency


def path(ids: CaseIds) -> str:
    return f"/v1/referrals/{ids.referral_id}/messages"


async def post(caller: Caller, ids: CaseIds, text: str, *to: str) -> dict[str, Any]:
    answer = await caller.post(path(ids), {"text": text, "to": list(to)})
    assert answer.status_code == 201, answer.text
    posted: dict[str, Any] = answer.json()
    return posted


async def read(caller: Caller, ids: CaseIds) -> list[str]:
    answer = await caller.get(path(ids))
    assert answer.status_code == 200, answer.text
    return [row["text"] for row in answer.json()["data"]]


@pytest.fixture
async def ids(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_a_message_goes_to_the_other_side(api: Api, town: Town, ids: CaseIds) -> None:
    school, provider, officer = (api.as_(each) for each in (town.school, town.provider, town.officer))
    first = await post(school, ids, "Is Tuesday possible?")
    assert first["addressed_to"] == ["provider"]
    await post(provider, ids, "Yes, at four.")
    assert await read(school, ids) == await read(provider, ids) == ["Is Tuesday possible?", "Yes, at four."]
    # The authority has no part in it until it is addressed.
    assert await read(officer, ids) == []
    await post(officer, ids, "Both of you: a review is due.")
    await post(provider, ids, "To the authority alone.", "authority")
    assert await read(school, ids) == ["Is Tuesday possible?", "Yes, at four.", "Both of you: a review is due."]
    assert await read(officer, ids) == ["Both of you: a review is due.", "To the authority alone."]
    for stranger in (town.schools[1], town.providers[1]):
        assert (await api.as_(stranger).get(path(ids))).status_code == 404
        assert (await api.as_(stranger).post(path(ids), {"text": "x"})).status_code == 404


async def test_the_event_has_no_word_of_it(api: Api, town: Town, ids: CaseIds) -> None:
    await post(api.as_(town.school), ids, "Is Tuesday possible?")
    case = {"id": str(ids.referral_id)}
    for party in (town.school, town.provider, town.officer):
        posted = [data for kind, data in await told(api, party, case) if kind == "message.posted"]
        assert posted == [{"addressed_to": ["provider"]}]
    await post(api.as_(town.school), ids, "A word with you.", "authority")
    assert len([kind for kind, _ in await told(api, town.provider, case) if kind == "message.posted"]) == 1


async def test_before_acceptance_no_provider_is_there(api: Api, town: Town) -> None:
    school = at(api.as_(town.school), ACCEPTED_AT)
    sent = await send(school)
    assert sent["state"] == "offered"
    url = f"/v1/referrals/{sent['id']}/messages"
    offered = api.as_(town.provider)
    assert (await offered.get(url)).status_code == 404
    assert (await offered.post(url, {"text": "Which street?"})).status_code == 404
    to_nobody = await school.post(url, {"text": "x", "to": ["provider"]})
    assert (to_nobody.status_code, to_nobody.json()["errors"][0]["code"]) == (422, "nobody_there")
    before = await school.post(url, {"text": "Before anybody had it."})
    assert before.json()["addressed_to"] == ["authority"]
    for_later = await school.post(url, {"text": "For whoever works with them.", "to": ["case"]})
    assert for_later.status_code == 201, for_later.text
    accepted = await at(offered, ACCEPTED_AT).post(f"/v1/allocations/{sent['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    rows = (await offered.get(url)).json()["data"]
    assert [row["text"] for row in rows] == ["For whoever works with them."]


async def test_a_later_provider_reads_from_its_own_time_on(api: Api, town: Town, ids: CaseIds, lane: Database) -> None:
    school, first = at(api.as_(town.school), LATER), at(api.as_(town.providers[0]), LATER)
    await post(school, ids, "To you.")
    await post(first, ids, "For the file.", "referrer", "case")
    day = LATER + timedelta(days=3)
    after = await next_contract(lane, town, town.providers[1], on=day.date(), places=1)
    assert (await after.commit(at(api.as_(town.officer), day)))["moved_count"] == 1
    later_school, second = at(api.as_(town.school), day), at(api.as_(town.providers[1]), day)
    assert await read(second, ids) == ["For the file."]
    await post(later_school, ids, "To the new one.")
    assert await read(second, ids) == ["For the file.", "To the new one."]
    # The one before reads what was its own for as long as it knows who the family is, and writes no more.
    former = at(api.as_(town.providers[0]), day)
    assert await read(former, ids) == ["To you.", "For the file."]
    assert (await former.post(path(ids), {"text": "One more thing."})).status_code == 404


async def test_reading_up_to_a_message_is_marked_once(api: Api, town: Town, ids: CaseIds) -> None:
    school, provider = at(api.as_(town.school), LATER), at(api.as_(town.provider), LATER)
    for text in ("one", "two", "three"):
        last = await post(school, ids, text)
    two = (await provider.get(path(ids))).json()["data"][1]
    marked = await provider.post(f"{path(ids)}/{two['id']}/read")
    assert marked.status_code == 200, marked.text
    me = {"organisation_id": str(town.provider.organisation_id), "read_at": "2026-11-20T17:00:00+00:00"}
    again = await at(provider, LATER + timedelta(days=1)).post(f"{path(ids)}/{two['id']}/read")
    assert again.json()["read_by"] == [me]
    rows = (await school.get(path(ids))).json()["data"]
    assert [row["read_by"] for row in rows] == [[me], [me], []]
    # One's own message needs no mark.
    assert (await school.post(f"{path(ids)}/{last['id']}/read")).json()["read_by"] == []


async def test_what_was_not_addressed_to_it_cannot_be_marked(api: Api, town: Town, ids: CaseIds) -> None:
    hidden = await post(api.as_(town.school), ids, "x", "authority")
    assert (await api.as_(town.provider).post(f"{path(ids)}/{hidden['id']}/read")).status_code == 404
    assert (await api.as_(town.provider).post(f"{path(ids)}/{new_id()}/read")).status_code == 404


async def test_the_pupils_school_and_an_agency_are_two_parties(api: Api, town: Town, lane: Database) -> None:
    agency = api.as_(await an_agency(lane, town))
    body = referral_body(school_urn="900001", needs=[{"code": "housing"}])
    sent = await agency.post("/v1/referrals", body, headers=key())
    assert sent.status_code == 201, sent.text
    url, school = f"/v1/referrals/{sent.json()['id']}/messages", api.as_(town.school)
    await agency.post(url, {"text": "To the officer."})
    assert (await school.get(url)).json()["data"] == []
    assert (await school.post(url, {"text": "From the school."})).json()["addressed_to"] == ["referrer"]
    assert (await agency.post(url, {"text": "To the school.", "to": ["school"]})).status_code == 201
    assert [row["text"] for row in (await school.get(url)).json()["data"]] == ["From the school.", "To the school."]
    assert len((await agency.get(url)).json()["data"]) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": ""}, "too_short"),
        ({"text": "x" * 5001}, "too_long"),
        ({"text": "x", "to": ["referrer"]}, "yourself"),
        ({"text": "x", "to": ["provider", "provider"]}, "repeated"),
        ({"text": "x", "to": ["everybody"]}, "unknown_value"),
        ({"text": "x", "subject": "y"}, "unknown_field"),
    ],
)
async def test_bad_messages_are_refused(api: Api, town: Town, ids: CaseIds, body: dict[str, Any], code: str) -> None:
    answer = await api.as_(town.school).post(path(ids), body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] == code
    assert await read(api.as_(town.school), ids) == []


async def test_a_retry_posts_once(api: Api, town: Town, ids: CaseIds) -> None:
    headers = key()
    for _ in range(2):
        answer = await api.as_(town.school).post(path(ids), {"text": "Once."}, headers=headers)
        assert answer.status_code == 201, answer.text
    assert await read(api.as_(town.school), ids) == ["Once."]


async def test_a_closed_referral_still_takes_messages(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    sent = await send(school, needs=[{"code": "housing"}])
    gone = await school.post(f"/v1/referrals/{sent['id']}/withdraw", {"reason": "moved_away"})
    assert gone.status_code == 200, gone.text
    assert (await school.post(f"/v1/referrals/{sent['id']}/messages", {"text": "x"})).status_code == 201


async def test_pages_are_in_the_order_of_posting(api: Api, town: Town, ids: CaseIds) -> None:
    school = api.as_(town.school)
    for minute in range(4):
        await post(at(school, LATER + timedelta(minutes=minute)), ids, f"message {minute}")
    found, cursor = [], ""
    while True:
        page = (await school.get(f"{path(ids)}?limit=3{cursor}")).json()
        found += [row["text"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [f"message {minute}" for minute in range(4)]
    other = await accepted_case(api, town)
    assert (await school.get(f"{path(other)}?cursor={cursor.removeprefix('&cursor=')}")).status_code == 400


async def test_no_message_is_changed_or_sent_in_anothers_name(
    api: Api, town: Town, ids: CaseIds, lane: Database
) -> None:
    await post(api.as_(town.school), ids, "As it was.")
    for sql in ("UPDATE message SET text = 'x'", "UPDATE message SET reader_ids = '{}'", "DELETE FROM message"):
        with pytest.raises(InvariantBroken):
            async with lane.write(town.school) as session:
                await session.run(sql)
    with pytest.raises(InvariantBroken):
        async with lane.write(town.provider) as session:
            await session.run(
                "INSERT INTO message (authority_id, id, referral_id, organisation_id, addressed_to, reader_ids, text,"
                " posted_at) VALUES ($1, $2, $3, $4, '{provider}', ARRAY[$4, $5]::uuid[], 'x', $6)",
                town.school.authority_id,
                new_id(),
                ids.referral_id,
                town.school.organisation_id,
                town.provider.organisation_id,
                session.now,
            )

"""What a 304 of the worklist stands on: the newest change as a number, whatever the number of its digits."""

import pytest

from app.db import Database
from app.queries import offers
from tests.factories.authority import Town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body


@pytest.mark.parametrize("newer", [1000, 10_000_000])
async def test_a_change_with_more_digits_is_the_newer_one(api: Api, town: Town, lane: Database, newer: int) -> None:
    for _ in range(2):
        sent = await api.as_(town.school).post("/v1/referrals", referral_body(), headers=key())
        assert sent.status_code == 201, sent.text
    async with lane.write(town.officer) as session:
        for xid, order in (("999", "ASC"), (str(newer), "DESC")):
            await session.run(
                f"UPDATE offer SET changed_xid = $2::text::xid8 WHERE authority_id = $1"
                f" AND id = (SELECT id FROM offer WHERE authority_id = $1 ORDER BY id {order} LIMIT 1)",
                session.authority_id,
                xid,
            )
    assert (await offers.marks(lane, [town.provider]))[0].split(".")[0] == str(newer)


async def test_a_poll_counts_once_whether_it_finds_news_or_not(real_api: Api, real_town: Town) -> None:
    school, provider = real_api.as_(real_town.school), real_api.as_(real_town.provider)
    left = []
    tag = ""
    for _ in range(2):
        await school.post("/v1/referrals", referral_body(), headers=key())
        for expected in (200, 304):
            answer = await provider.get("/v1/allocations", headers={"If-None-Match": tag})
            assert answer.status_code == expected, answer.text
            tag = answer.headers["etag"]
            left.append(int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0]))
    assert left == list(range(left[0], left[0] - 4, -1))


async def test_only_a_provider_s_poll_is_answered_unread(real_api: Api, real_town: Town) -> None:
    any_tag = {"If-None-Match": "*"}
    assert (await real_api.as_(real_town.officer).get("/v1/allocations", headers=any_tag)).status_code == 304
    assert (await real_api.as_(real_town.school).get("/v1/allocations", headers=any_tag)).status_code == 403
    assert (await real_api.client.get("/v1/allocations", headers=any_tag)).status_code == 401


async def test_a_tag_belongs_to_one_question(real_api: Api, real_town: Town) -> None:
    """With the tag of an earlier page a 304 would hide the pages that were never read."""
    school, provider = real_api.as_(real_town.school), real_api.as_(real_town.provider)
    for _ in range(2):
        await school.post("/v1/referrals", referral_body(), headers=key())
    first = await provider.get("/v1/allocations?changed_after=&limit=1")
    tag = {"If-None-Match": first.headers["etag"]}
    second = await provider.get(f"/v1/allocations?changed_after={first.json()['next_cursor']}&limit=1", headers=tag)
    assert second.status_code == 200
    assert second.json()["data"][0]["id"] != first.json()["data"][0]["id"]
    assert (await provider.get("/v1/allocations?changed_after=&limit=1", headers=tag)).status_code == 304

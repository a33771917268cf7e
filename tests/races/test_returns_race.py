"""A return that several people fill in and send at once, on sessions of their own."""

import asyncio

from app.db import Database
from tests.api.test_return_sheets import HEADINGS, first, send
from tests.api.test_returns import only, school, school_return
from tests.factories.authority import Town
from tests.factories.http import Api


async def test_two_sheets_at_once_lose_nothing_of_each_other(real_api: Api, real_town: Town, clone: Database) -> None:
    row = await school_return(real_api, clone, real_town)
    mis, reference = school(real_api, real_town), first(row)["referral_reference"]
    answers = await asyncio.gather(
        send(mis, row, f"{HEADINGS}\n{reference},140,120,12,8\n"),
        send(mis, row, f"Reference,Comment\n{reference},Part-time until May\n"),
        send(mis, row, f"Reference,Suspensions,Sessions lost to suspension\n{reference},2,6\n"),
    )
    assert [answer.json()["taken_count"] for answer in answers] == [1, 1, 1]
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4]
    pupil = first(await only(mis))
    assert [pupil[name] for name in ("sessions_attended", "comment", "suspension_count")] == [
        120,
        "Part-time until May",
        2,
    ]


async def test_of_submissions_at_once_one_is_kept(real_api: Api, real_town: Town, clone: Database) -> None:
    row = await school_return(real_api, clone, real_town)
    mis, path = school(real_api, real_town), f"/v1/returns/{row['id']}"
    line = f"{first(row)['referral_reference']},140,120,12,8,0,0,0"
    headings = f"{HEADINGS},Suspensions,Sessions lost to suspension,Permanent exclusions"
    await send(mis, row, f"{headings}\n{line}\n")
    answers = await asyncio.gather(*(mis.post(f"{path}/submit") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    kept = (await mis.get(f"{path}/submissions")).json()["data"]
    assert [one["number"] for one in kept] == [1]

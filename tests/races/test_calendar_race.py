"""Calendars put at once: one wins by its version, nobody waits for ever, and the next count is in the new days."""

import asyncio
from datetime import date, timedelta
from typing import Any

from tests.api.test_calendar_imports import ROWS, csv_file
from tests.api.test_calendars import NEW, PATH, calendar
from tests.factories.authority import Town
from tests.factories.http import Api

AT_ONCE = 6


def days(*dates: date) -> dict[str, Any]:
    return {"training_days": [{"on": on.isoformat(), "name": "Training day"} for on in dates]}


async def test_of_calendars_put_at_once_one_stands(real_api: Api, real_town: Town) -> None:
    officer = real_api.as_(real_town.officer)
    first = date(2026, 11, 2)
    bodies = [
        calendar(closures=[{"on": (first + timedelta(days=n)).isoformat(), "kind": "inset", "name": "Training"}])
        for n in range(AT_ONCE)
    ]
    file = {"content": csv_file(*ROWS), "headers": {"Content-Type": "text/csv"}}
    answers = await asyncio.gather(
        *(officer.put(PATH, body, headers=NEW) for body in bodies),
        *(officer.request("POST", "/v1/calendars/import", **file) for _ in range(2)),
    )
    put, imported = answers[:AT_ONCE], answers[AT_ONCE:]
    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert {answer.status_code for answer in put} <= {200, 412}
    assert {answer.status_code for answer in imported} <= {200, 422}
    stands = (await officer.get(PATH)).json()
    assert (await officer.get(PATH)).headers["etag"] == '"1"'
    if "half_terms" in won[0].json():
        assert stands == won[0].json()
    else:
        assert stands["closures"] == []


async def test_schools_put_theirs_beside_their_authority_and_days_follow(real_api: Api, real_town: Town) -> None:
    own = [
        (real_api.as_(school), f"/v1/schools/{school.organisation_id}/calendar/2026-27") for school in real_town.schools
    ]
    on = date(2026, 11, 24)
    answers = await asyncio.gather(
        *(school.put(path, days(on), headers=NEW) for school, path in own for _ in range(AT_ONCE)),
        real_api.as_(real_town.officer).put(PATH, calendar(), headers={"If-Match": "*"}),
    )
    assert answers[-1].status_code == 200
    for index in range(len(own)):
        of_school = answers[index * AT_ONCE : (index + 1) * AT_ONCE]
        assert sorted(answer.status_code for answer in of_school) == [200, *([412] * (AT_ONCE - 1))]
    asked = f"/v1/calendar/days?from={on}&to={on}"
    for school in real_town.schools:
        (day,) = (await real_api.as_(school).get(f"{asked}&school_id={school.organisation_id}")).json()["data"]
        assert day["shut"] == "inset"
    (day,) = (await real_api.as_(real_town.officer).get(asked)).json()["data"]
    assert day["shut"] is None

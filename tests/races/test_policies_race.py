"""Officers who publish at once: numbers without a gap or a repeat, and one policy for a day."""

import asyncio
from datetime import timedelta

from app import clock
from app.domain.policy import Policy
from tests.factories.authority import Town
from tests.factories.http import Api

AT_ONCE = 8


async def test_officers_who_publish_at_once_are_numbered_and_one_wins_a_day(real_api: Api, real_town: Town) -> None:
    officer = real_api.as_(real_town.officer)
    today = clock.london_date(clock.real_now())

    def body(days: int) -> dict[str, object]:
        first_day = (today + timedelta(days=days)).isoformat()
        return {
            "effective_from": first_day,
            "summary_of_changes": "Made up.",
            "contact": "Family support team",
            "content": Policy().content(),
        }

    # Half for days of their own, half for one and the same.
    days = [*range(1, AT_ONCE + 1), *([100] * AT_ONCE)]
    answers = await asyncio.gather(*(officer.post("/v1/policies", body(day)) for day in days))
    apart, together = answers[:AT_ONCE], answers[AT_ONCE:]
    assert [answer.status_code for answer in apart] == [201] * AT_ONCE
    assert sorted(answer.status_code for answer in together) == [201, *([409] * (AT_ONCE - 1))]
    rows = (await officer.get("/v1/policies")).json()["data"]
    assert [row["number"] for row in rows] == list(range(AT_ONCE + 2, 0, -1))

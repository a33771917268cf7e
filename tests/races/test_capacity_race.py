import asyncio

from app.db import Database
from tests.factories.authority import Town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

REFERRALS = 8


async def test_a_cut_and_arriving_referrals_agree_on_every_place(
    real_api: Api, real_town: Town, clone: Database
) -> None:
    """Whoever comes first: no place that was given up is offered, and none that is held loses its family."""
    officer, school = real_api.as_(real_town.officer), real_api.as_(real_town.school)
    async with clone.read(real_town.officer) as session:
        today = session.today.isoformat()
    path = f"/v1/lots/{real_town.lots[0]}"
    raised = await officer.post(
        f"{path}/capacity-changes", {"places": REFERRALS, "effective_on": today, "reason": "Recruitment."}
    )
    assert raised.status_code == 201, raised.text
    cut = {"places": 3, "effective_on": today, "reason": "Staff leave."}
    *sent, answered = await asyncio.gather(
        *(school.post("/v1/referrals", referral_body(), headers=key()) for _ in range(REFERRALS)),
        officer.post(f"{path}/capacity-changes", cut),
    )
    assert answered.status_code == 201, answered.text
    assert [answer.status_code for answer in sent] == [201] * REFERRALS
    offered = [answer for answer in sent if answer.json()["state"] == "offered"]
    figures = (await officer.get(path)).json()["figures"]
    assert figures["places_count"] == 3
    assert figures["held_count"] == len(offered)
    assert figures["held_after_cut_count"] == len(answered.json()["still_held_numbers"])
    # Free places went first: while one is left over, nothing held was ended.
    assert figures["held_after_cut_count"] == max(0, figures["held_count"] - 3)
    assert figures["free_count"] == 3 - min(3, figures["held_count"])

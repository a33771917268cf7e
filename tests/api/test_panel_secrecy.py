"""A member reads the items of its own sitting, from circulation until its access ends, and nothing else of a family."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.access import VISIBLE, Group, Party
from app.db import Database, broker
from app.queries.panel_items import end_members_access
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.graphql_walk import everything
from tests.factories.http import Api, Caller
from tests.factories.officers import act, send
from tests.factories.panels import (
    EARLY,
    OFFICER,
    Hall,
    agency,
    decision,
    done,
    held,
    items,
    listed,
    open_hall,
    panel_body,
    posted,
)
from tests.factories.scene import SECRETS, secret_body


async def secret_referral(hall: Hall, **changes: Any) -> dict[str, Any]:
    """A referral of guarded words, before the panel."""
    school = at(hall.api.as_(hall.town.school), EARLY)
    answer = await school.post("/v1/referrals", secret_body(**changes), headers={"Idempotency-Key": "secret"})
    assert answer.status_code == 201, answer.text
    body = {"panel_id": hall.panel_id, "reason": "Two services know the family.", "officer": OFFICER}
    return await posted(hall.officer(), f"/v1/referrals/{answer.json()['id']}/to-panel", body)


async def secret_hall(api: Api, town: Town) -> tuple[Hall, dict[str, Any], str]:
    """A panel, a referral of guarded words before it, and the path of its sitting. Every place is taken."""
    for _ in range(2):
        await send(at(api.as_(town.school), EARLY))
    hall = await open_hall(api, town)
    return hall, await secret_referral(hall), await hall.sitting()


async def all_read(api: Api, caller: Caller, hall: Hall, referral: dict[str, Any]) -> str:
    """All that a caller gets back from whatever it can read."""
    sitting = await hall.sitting()
    item = (await items(hall.officer(), sitting))[0]["id"]
    paths = [
        hall.path, f"{hall.path}/sittings", sitting, f"{sitting}/agenda", f"{sitting}/agenda/{item}",
        f"{sitting}/decisions", f"{sitting}/minutes", f"{sitting}/minutes/document", "/v1/panels", "/v1/panel-actions",
        "/v1/referrals", f"/v1/referrals/{referral['id']}", "/v1/obligations", "/v1/interventions",
        "/v1/pre-exclusion-reviews",
    ]  # fmt: skip
    texts = [(await caller.get(path)).text for path in paths]
    texts += [str((await caller.post("/graphql", {"query": query})).json()) for query in everything(api.app)]
    return "\n".join(texts)


def found(text: str, group: Group) -> list[str]:
    return [word for word in SECRETS[group] if word in text]


async def test_a_member_sees_its_groups_from_circulation_and_no_other(api: Api, town: Town) -> None:
    hall, referral, path = await secret_hall(api, town)
    nurse = hall.member(hall.nurse)
    before = await all_read(api, nurse, hall, referral)
    assert not any(found(before, group) for group in SECRETS)
    moment = await held(hall, path)
    url = f"{path}/agenda/{(await items(hall.officer(), path))[0]['id']}/decisions"
    await posted(hall.officer(moment), url, decision("hold"))
    await posted(hall.officer(moment), f"{path}/minutes", {})
    body = {"number": 1, "approved_by": {"name": "Jo Sampleton"}}
    await posted(hall.officer(moment), f"{path}/minutes/approve", body)
    after = await all_read(api, hall.member(hall.nurse, moment), hall, referral)
    granted = VISIBLE[Party.PANEL_MEMBER]
    for group in SECRETS:
        if group not in granted:
            assert found(after, group) == [], group
    assert set(found(after, Group.IDENTITY)) == set(SECRETS[Group.IDENTITY])
    assert found(after, Group.ATTENDANCE) == ['"sessions_attended":53']
    # It reads the item, never the referral.
    assert referral["id"] not in after


async def test_strangers_and_other_members_see_nothing_of_it(api: Api, town: Town, lane: Database) -> None:
    hall, referral, path = await secret_hall(api, town)
    elsewhere = await agency(lane, town, "Police (made up)")
    await posted(api.as_(town.officer), "/v1/panels", panel_body(elsewhere, name="South clinic (made up)"))
    moment = await held(hall, path)
    for who in (elsewhere, town.schools[2], town.provider):
        caller = hall.member(who, moment)
        text = await all_read(api, caller, hall, referral)
        assert not any(found(text, group) for group in SECRETS)
        for one in (path, f"{path}/agenda", f"{path}/decisions", f"{path}/minutes"):
            assert (await caller.get(one)).status_code == (403 if who is town.provider else 404)
    assert [one["name"] for one in await listed(hall.member(elsewhere, moment), "/v1/panels")] == [
        "South clinic (made up)"
    ]


async def test_access_ends_by_the_day_and_the_clock_closes_the_rows(api: Api, town: Town, lane: Database) -> None:
    hall, _, path = await secret_hall(api, town)
    moment = await held(hall, path)
    until = date.fromisoformat((await hall.officer().get(path)).json()["access_until"])
    assert until == moment.date() + timedelta(days=10)
    last, after = (moment + timedelta(days=days) for days in (10, 11))
    assert len(await items(hall.member(hall.nurse, last), path)) == 1
    # Even while the clock has not run.
    assert await items(hall.member(hall.nurse, after), path) == []
    officer = hall.town.officer
    for day, closed in ((last, 0), (after, 1), (after, 0)):
        async with lane.write(replace(officer, at=day)) as session, broker(session) as wide:
            assert await end_members_access(wide) == closed
    async with lane.read(hall.nurse) as session:
        assert await session.value("SELECT count(*) FROM panel_item") == 0
    assert len(await items(hall.officer(after), path)) == 1


async def test_a_member_with_a_conflict_is_left_out_of_the_item_and_its_minutes(api: Api, town: Town) -> None:
    hall, referral, path = await secret_hall(api, town)
    await posted(hall.officer(), f"{path}/agenda", {"title": "No interpreter", "words": "Three families wait."})
    (item, _) = await items(hall.officer(), path)
    url = f"{path}/agenda/{item['id']}"
    conflict = {"organisation_id": str(hall.welfare.organisation_id), "note": "A relative."}
    await posted(hall.officer(), f"{url}/conflict", conflict)
    again = await hall.officer().post(f"{url}/conflict", conflict)
    assert again.status_code == 409
    provider = {**conflict, "organisation_id": str(town.provider.organisation_id)}
    assert (await hall.officer().post(f"{url}/conflict", provider)).status_code == 422
    moment = await held(hall, path)
    welfare, nurse = hall.member(hall.welfare, moment), hall.member(hall.nurse, moment)
    school = hall.member(town.schools[1], moment)
    assert [one["kind"] for one in await items(welfare, path)] == ["blockage"]
    assert (await welfare.get(url)).status_code == 404
    # The school declares its own at the sitting, and reads no more of it from then on.
    assert (await school.get(url)).status_code == 200
    others = {"organisation_id": str(hall.nurse.organisation_id), "note": "x"}
    assert (await school.post(f"{url}/conflict", others)).status_code == 403
    assert (await school.post(f"{url}/conflict", {"note": "The head is a relative."})).status_code == 204
    assert (await school.get(url)).status_code == 404
    made = await posted(nurse, f"{url}/decisions", decision("hold"))
    for one in (welfare, school):
        assert await listed(one, f"{path}/decisions") == []
    assert [one["id"] for one in await listed(nurse, f"{path}/decisions")] == [made["id"]]
    await posted(hall.officer(moment), f"{path}/minutes", {})
    await posted(
        hall.officer(moment), f"{path}/minutes/approve", {"number": 1, "approved_by": {"name": "Jo Sampleton"}}
    )
    for one, count in ((welfare, 1), (school, 1), (nurse, 2)):
        minutes = await done(await one.get(f"{path}/minutes"))
        assert len(minutes["items"]) == count
        page = (await one.get(f"{path}/minutes/document")).text
        assert (referral["reference"] in page) is (count == 2)
    # It goes with the item to the next agenda.
    second = await hall.sitting(1)
    await done(await hall.officer(moment).post(f"{second}/circulate"))
    assert len(await items(nurse, second)) == 2
    assert len(await items(welfare, second)) == 1


async def test_what_was_frozen_stays_and_what_came_later_is_said_to_be_later(api: Api, town: Town) -> None:
    hall, referral, path = await secret_hall(api, town)
    await done(await hall.officer().post(f"{path}/circulate"))
    nurse = hall.member(hall.nurse)
    (before,) = await items(nurse, path)
    school = at(api.as_(town.school), EARLY)
    amended = await school.patch(
        f"/v1/referrals/{referral['id']}",
        {"reason": "News.", "child_view": "Words that came later."},
        headers={"If-Match": "*"},
    )
    assert amended.status_code == 200, amended.text
    url = f"{path}/agenda/{before['id']}"
    await posted(hall.officer(), f"{url}/later-facts", {"words": "The hearing was put off."})
    (after,) = await items(nurse, path)
    assert after["content"] == before["content"]
    assert [one["words"] for one in after["later_facts"]] == ["The hearing was put off."]
    assert (await nurse.get(url)).headers["etag"]


async def test_a_confidential_address_is_not_on_the_agenda(api: Api, town: Town) -> None:
    for _ in range(2):
        await send(at(api.as_(town.school), EARLY))
    hall = await open_hall(api, town)
    body = secret_body()["household"] | {"address_confidential": True}
    await secret_referral(hall, household=body)
    path = await hall.sitting()
    await done(await hall.officer().post(f"{path}/circulate"))
    (item,) = await items(hall.member(hall.nurse), path)
    assert item["content"]["referral"]["address"] == {}
    assert item["content"]["referral"]["pupil"]["given_name"] == "Zephyrine"


async def test_reading_of_families_is_logged(api: Api, town: Town) -> None:
    hall, _, path = await secret_hall(api, town)
    nurse = hall.member(hall.nurse)
    await items(nurse, path)
    await done(await hall.officer().post(f"{path}/circulate"))
    (item,) = await items(nurse, path)
    await nurse.get(f"{path}/agenda/{item['id']}")
    log = await listed(hall.officer(), "/v1/audit?limit=200")
    lines = [
        line["subject_id"]
        for line in log
        if line["subject_kind"] == "panel_item" and line["organisation_id"] == str(hall.nurse.organisation_id)
    ]
    # The empty agenda before circulation told of nobody.
    assert sorted(lines) == sorted([path.rpartition("/")[2], item["id"]])


async def test_who_is_told_of_a_panel(api: Api, town: Town, lane: Database) -> None:
    hall, referral, path = await secret_hall(api, town)
    moment = await held(hall, path)
    (item,) = await items(hall.officer(), path)
    await posted(hall.officer(moment), f"{path}/agenda/{item['id']}/decisions", decision("hold"))

    async def told(who: Any) -> list[str]:
        async with lane.read(who) as session:
            rows = await session.rows("SELECT type, data::text FROM event WHERE type LIKE 'panel.%' ORDER BY id")
        for row in rows:
            for words in SECRETS.values():
                assert not [word for word in words if word in row["data"]]
            assert referral["id"] not in row["data"]
        return [row["type"] for row in rows]

    expected = ["panel.created", "panel.sittings_planned", "panel.circulated", "panel.held", "panel.decided"]
    assert await told(hall.nurse) == expected
    assert await told(town.officer) == expected
    assert await told(town.school) == []
    assert await told(town.provider) == []


async def test_the_children_of_a_panel_are_not_found_by_guessing_its_neighbours(api: Api, town: Town) -> None:
    """An item is read under its own sitting alone, whichever sittings the caller has a seat at."""
    hall, _, path = await secret_hall(api, town)
    await done(await hall.officer().post(f"{path}/circulate"))
    (item,) = await items(hall.officer(), path)
    other = await hall.sitting(1)
    nurse = hall.member(hall.nurse)
    assert (await nurse.get(f"{other}/agenda/{item['id']}")).status_code == 404
    assert (await nurse.get(f"{path}/agenda/{UUID(int=7)}")).status_code == 404
    wrong_panel = path.replace(hall.panel_id, str(UUID(int=7)))
    assert (await nurse.get(f"{wrong_panel}/agenda")).status_code == 404


async def test_a_withdrawn_referral_leaves_the_planned_agenda(api: Api, town: Town) -> None:
    hall, referral, path = await secret_hall(api, town)
    await act(at(api.as_(town.school), EARLY), referral, "withdraw", reason="moved_away")
    assert await items(hall.officer(), path) == []
    assert (await hall.officer().post(f"{path}/circulate")).status_code == 409

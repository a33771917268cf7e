"""A calendar replaced in the middle of a year: promises and debts keep their dates, what comes is counted anew."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.domain.academic_year import HalfTerm
from app.domain.calendar import Calendar, Closure
from tests.api.test_calendars import NEW, PATH, calendar
from tests.factories.authority import Town
from tests.factories.casework import ACCEPTED_AT, LATER, CaseIds, accepted_case, at, started, worker
from tests.factories.http import Api


async def test_planned_ends_and_due_dates_stay_and_what_comes_is_counted_anew(api: Api, town: Town) -> None:
    officer = at(api.as_(town.officer), ACCEPTED_AT)
    assert (await officer.put(PATH, calendar(), headers=NEW)).status_code == 200
    before = await accepted_case(api, town)
    owed = await _owed(api, town)
    # Two training days in the first week, and Christmas a week earlier.
    changed = calendar(
        closures=[{"on": on, "kind": "inset", "name": "Training"} for on in ("2026-11-05", "2026-11-06")]
    )
    changed["half_terms"][1] |= {"starts_on": "2026-11-02", "ends_on": "2026-12-11"}
    assert (await officer.put(PATH, changed, headers={"If-Match": '"1"'})).status_code == 200

    assert await _planned_end(api, town, before) == before.planned_end_on
    assert await _owed(api, town) == owed
    after = await accepted_case(api, town)
    new = _calendar_of(changed)
    assert after.planned_end_on == new.planned_end(date(2026, 11, 2)) > before.planned_end_on
    (due,) = [row["due_at"] for row in await _owed(api, town) if row["subject_id"] == str(after.intervention_id)]
    assert due == "2026-11-11T17:00:00Z"
    assert {"2026-11-09T17:00:00Z"} == {row["due_at"] for row in owed if row["kind"] == "initial_contact"}


async def test_an_extension_counts_on_from_the_promised_end_in_the_new_calendar(api: Api, town: Town) -> None:
    officer = at(api.as_(town.officer), ACCEPTED_AT)
    assert (await officer.put(PATH, calendar(), headers=NEW)).status_code == 200
    case = await accepted_case(api, town)
    await started(api, town, case)
    changed = calendar()
    changed["half_terms"][2]["starts_on"] = "2027-01-11"
    assert (await officer.put(PATH, changed, headers={"If-Match": '"1"'})).status_code == 200
    answer = await worker(api, town).post(f"{case.path}/extend", {"weeks": 1, "reason": "Two more sessions."})
    assert answer.status_code == 200, answer.text
    assert await _planned_end(api, town, case) == _calendar_of(changed).planned_end(case.planned_end_on, 1)


async def test_a_period_that_a_new_calendar_ends_in_the_past_is_returned_on_at_once(api: Api, town: Town) -> None:
    """No night lies between its end and the change: the clock would not look before the next half-term ends."""
    provider, officer = at(api.as_(town.provider), LATER), at(api.as_(town.officer), LATER)
    await accepted_case(api, town)
    assert (await provider.get("/v1/returns")).json()["data"] == []
    changed = calendar()
    changed["half_terms"][1]["ends_on"] = "2026-11-13"
    changed["half_terms"][2]["starts_on"] = "2026-11-23"
    assert (await officer.put(PATH, changed, headers=NEW)).status_code == 200
    (opened,) = (await provider.get("/v1/returns")).json()["data"]
    assert (opened["period_ends_on"], opened["state"]) == ("2026-11-13", "due")

    # And moved back again, the return that is owed stays as it is, and is not owed twice.
    assert (await officer.put(PATH, calendar(), headers={"If-Match": '"1"'})).status_code == 200
    assert (await provider.get("/v1/returns")).json()["data"] == [opened]


async def test_business_time_in_another_year_reads_the_year_that_is_loaded(api: Api, town: Town) -> None:
    """Midnight in London on 31 August turns the default year; what is loaded decides where it is loaded."""
    august = datetime(2026, 8, 31, 22, 30, tzinfo=UTC)
    for moment, on in ((august, "2026-08-31"), (august + timedelta(hours=1), "2026-09-01")):
        read = await at(api.as_(town.school), moment).get("/v1/calendar/days")
        assert read.json()["data"][0]["on"] == on
    assert (await at(api.as_(town.school), august).get("/v1/calendar/days")).json()["data"][0][
        "academic_year"
    ] == "2025/26"
    early = calendar()
    early["half_terms"][0]["starts_on"] = "2026-08-26"
    assert (await api.as_(town.officer).put(PATH, early, headers=NEW)).status_code == 200
    (first, *_) = (await at(api.as_(town.school), august).get("/v1/calendar/days")).json()["data"]
    assert (first["academic_year"], first["half_term"], first["shut"]) == ("2026/27", 1, "bank_holiday")


async def _owed(api: Api, town: Town) -> list[dict[str, Any]]:
    return (await at(api.as_(town.provider), LATER).get("/v1/obligations?limit=200")).json()["data"]


async def _planned_end(api: Api, town: Town, case: CaseIds) -> date:
    answer = await worker(api, town).get(case.path)
    assert answer.status_code == 200, answer.text
    async with api.runtime.database.read(town.officer) as session:
        booked: date = await session.value("SELECT ends_on FROM booking WHERE id = $1", case.booking_id)
    assert answer.json()["planned_end_on"] == booked.isoformat()
    return booked


def _calendar_of(body: dict[str, Any]) -> Calendar:
    return Calendar(
        tuple(
            HalfTerm(
                "2026/27",
                half["half_term"],
                date.fromisoformat(half["starts_on"]),
                date.fromisoformat(half["ends_on"]),
            )
            for half in body["half_terms"]
        ),
        tuple(Closure(date.fromisoformat(closed["on"]), closed["kind"]) for closed in body["closures"]),
    )

"""Calendars sent as CSV and as iCalendar: whole or not at all, and every line answered for."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from app.queries.school_calendars import calendar_of_school
from tests.api.test_calendars import HALF_TERMS
from tests.factories.authority import Town
from tests.factories.http import Api, Caller
from tests.factories.referrals import key

PATH = "/v1/calendars/import"
ROWS = [f"2026/27,half_term,{n},,{s},{e}" for n, (s, e) in enumerate(HALF_TERMS, start=1)]
TRAINING = "2026/27,inset,,Training day,2026-09-02,"
HEADER = "academic_year,kind,number,name,starts_on,ends_on"


def csv_file(*rows: str) -> str:
    return "\n".join([HEADER, *rows, ""])


def event(summary: str, start: str, end: str | None = None, *more: str) -> str:
    """A whole-day event; the end is the day after the last, as the standard has it."""
    lines = ["BEGIN:VEVENT", f"UID:{summary}-{start}@test", "DTSTAMP:20260101T000000Z", f"SUMMARY:{summary}"]
    lines += [start if start.startswith("DTSTART") else f"DTSTART;VALUE=DATE:{start}"]
    if end:
        lines += [end if end.startswith("DTEND") else f"DTEND;VALUE=DATE:{end}"]
    return "\r\n".join([*lines, *more, "END:VEVENT"])


def ics(*events: str) -> str:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Council (made up)//EN", *events, "END:VCALENDAR", ""]
    )


TERMS = [
    event("Autumn term", "20260902", "20261219"),
    event("October half term", "20261026", "20261031"),
    event("Spring Term 2027", "20270104", "20270326"),
    event("Half-term break", "20270215", "20270220"),
    event("Summer term", "20270412", "20270722"),
    event("May half term holiday", "20270531", "20270605"),
    event("Christmas holidays", "20261219", "20270104"),
]


async def send(
    caller: Caller, content: str | bytes, *, query: str = "", path: str = PATH, **headers: str
) -> httpx.Response:
    kind = "text/calendar" if content[:5] in ("BEGIN", b"BEGIN") else "text/csv"
    return await caller.request("POST", path + query, content=content, headers={"Content-Type": kind, **headers})


async def test_a_dry_run_answers_each_line_and_changes_nothing(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    content = csv_file(*ROWS, TRAINING, "2026/27,,,School play,2026-12-01,", "2026/27,bank_holiday,,,2026-12-25,")
    answer = await send(officer, content, query="?dry_run=true")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["sound"], body["loaded"]) == (True, False)
    assert [(line["line"], line["outcome"]) for line in body["lines"]] == [
        *[(line, "half_term") for line in range(2, 8)],
        (8, "inset"),
        (9, "left_out"),
        (10, "left_out"),
    ]
    (year,) = body["years"]
    assert (year["academic_year"], year["replaces"], len(year["half_terms"])) == ("2026/27", False, 6)
    assert year["closures"] == [{"on": "2026-09-02", "kind": "inset", "name": "Training day"}]
    assert (await officer.get("/v1/calendars/2026-27")).json()["source"] == "default"


@pytest.mark.parametrize(
    "content",
    [
        csv_file(*ROWS, TRAINING),
        "\N{BYTE ORDER MARK}" + csv_file(*ROWS, TRAINING).replace(",", ";"),
        "Half term;Start date;End date;Name\r\n"
        + "".join(
            f"{n};{date.fromisoformat(s):%d/%m/%Y};{date.fromisoformat(e):%d/%m/%Y};\r\n"
            for n, (s, e) in enumerate(HALF_TERMS, start=1)
        )
        + ";02/09/2026;;Training day\r\n",
        ics(*TERMS, event("INSET day: Training day", "20260902")),
        ics(*TERMS, event("INSET", "DTSTART:20260901T230000Z", "DTEND:20260902T230000Z")),
        ics(
            *TERMS,
            event("INSET", "DTSTART;TZID=Europe/London:20260902T000000", "DTEND;TZID=Europe/London:20260903T000000"),
        ),
    ],
    ids=["csv", "semicolons", "british", "icalendar", "utc midnights", "london midnights"],
)  # fmt: skip
async def test_one_calendar_in_its_many_shapes(api: Api, town: Town, content: str) -> None:
    officer = api.as_(town.officer)
    answer = await send(officer, content)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["sound"], answer.json()["loaded"]) == (True, True)
    read = (await officer.get("/v1/calendars/2026-27")).json()
    assert read["source"] == "authority"
    assert [(half["starts_on"], half["ends_on"]) for half in read["half_terms"]] == HALF_TERMS
    assert [closed["on"] for closed in read["closures"]] == ["2026-09-02"]


async def test_a_loaded_year_is_replaced_only_by_who_says_so(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    assert (await send(officer, csv_file(*ROWS))).status_code == 200
    again = await send(officer, csv_file(*ROWS, TRAINING))
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, "")
    assert "replace=true" in again.json()["errors"][0]["detail"]
    dry = (await send(officer, csv_file(*ROWS, TRAINING), query="?dry_run=true&replace=true")).json()
    assert (dry["sound"], dry["years"][0]["replaces"]) == (True, True)
    assert (await send(officer, csv_file(*ROWS, TRAINING), query="?replace=true")).status_code == 200
    read = await officer.get("/v1/calendars/2026-27")
    assert (len(read.json()["closures"]), read.headers["etag"]) == (1, '"2"')


async def test_a_retried_import_has_one_effect(api: Api, town: Town) -> None:
    officer, headers = api.as_(town.officer), key()
    first = await send(officer, csv_file(*ROWS), **headers)
    second = await send(officer, csv_file(*ROWS), **headers)
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json() == first.json()
    assert (await send(officer, csv_file(*ROWS, TRAINING), **headers)).status_code == 422
    assert (await officer.get("/v1/calendars/2026-27")).headers["etag"] == '"1"'


SECOND_YEAR_ON = [row.replace("2026/27", "2028/29").replace("2026-", "2028-").replace("2027-", "2029-") for row in ROWS]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (csv_file(*ROWS[:3], ROWS[3].replace("2027-02-22", "2027-02-10"), *ROWS[4:]), 5, "overlap"),
        (csv_file(*ROWS[:5]), 0, "Missing: 6"),
        (csv_file(*ROWS, ROWS[2]), 8, "each once"),
        (csv_file(*ROWS, *SECOND_YEAR_ON), 0, "2027/28 is missing"),
        (csv_file(*ROWS, "2026/27,holiday,,Half term,2026-10-22,2026-10-30"), 8, "lies in half-term 1"),
        (csv_file(*ROWS, TRAINING, TRAINING), 9, "line 8 already"),
        (csv_file(*ROWS, "2027/28,inset,,Early,2026-09-03,"), 8, "does not lie in 2027/28"),
        (csv_file(*ROWS, "2026/27,inset,,Long,2026-11-02,2026-11-30"), 8, "lasts 21 days"),
        (csv_file(*ROWS, "2026/27,inset,,Backwards,2026-11-03,2026-11-02"), 8, "ends before it starts"),
        (csv_file(*ROWS, "2026/27,inset,,American,11/27/2026,"), 8, "day first"),
        (csv_file(*ROWS, *(f"2026/27,inset,,Day off,{week.isoformat()},{(week + timedelta(days=4)).isoformat()}"
                           for week in (date(2026, 9, 7) + timedelta(weeks=n) for n in range(21)))), 0, "at most 100"),
        (csv_file(*ROWS, "2026/27,inset,,Short"), 8, "4 cells"),
        (csv_file(*ROWS, "2026/27,strike,,No kind,2026-11-27,"), 8, "A kind is one of"),
        (csv_file(*ROWS, "2026-2028,inset,,No year,2026-11-27,"), 8, "like 2026/27"),
        (csv_file("2026/27,half_term,7,,2026-09-02,2026-10-23"), 2, "from 1 to 6"),
        (csv_file(), 0, "no dates"),
        (csv_file("2026/27,inset,,Alone,2026-11-27,"), 0, "no half-terms"),
        (csv_file(*ROWS[:5], "2026/27,half_term,6,,2027-06-07,2027-08-20"), 7, "past 31 July"),
        (ics(TERMS[0], *TERMS[2:]), 4, "no half-term holiday"),
        (ics(*TERMS[:4]), 0, "summer term of 2026/27 is missing"),
        (ics(*TERMS, event("INSET", "20260902", None, "RRULE:FREQ=YEARLY")), 53, "repeats"),
        (ics(*TERMS, event("INSET", "DTSTART;TZID=Europe/Paris:20260902T000000",
                           "DTEND;TZID=Europe/Paris:20260903T000000")), 53, "another time zone"),
        (ics(*TERMS, event("INSET", "DTSTART:20260902T090000Z", "DTEND:20260902T150000Z")), 53, "times of the day"),
        (ics(*TERMS, event("INSET", "DTSTART:soon")), 53, "DTSTART cannot be read"),
        (ics(*TERMS, event("INSET", "20260903", "20260901")), 53, "ends before"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_by_its_line_and_nothing_is_loaded(
    api: Api, town: Town, content: str, line: int, words: str
) -> None:
    officer = api.as_(town.officer)
    dry = (await send(officer, content, query="?dry_run=true")).json()
    assert (dry["sound"], dry["loaded"]) == (False, False)
    told = [(one["line"], one["detail"]) for one in dry["lines"] if one["outcome"] == "refused"]
    assert [where for where, detail in told if words in detail] == [line], told
    real = await send(officer, content)
    assert real.status_code == 422
    pointer = f"/lines/{line}" if line else ""
    assert any(one["pointer"] == pointer and words in one["detail"] for one in real.json()["errors"])
    for year in ("2026-27", "2028-29"):
        assert (await officer.get(f"/v1/calendars/{year}")).headers["etag"] == '"0"'


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"hello", "text/calendar", 422),
        (b"", "text/calendar", 422),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", "text/calendar", 422),
        (b"\xff\xfea\x00", "text/csv", 422),
        (b"PK\x03\x04", "text/csv", 422),
        (b"a,b\n1,2\n", "text/csv", 422),
        (b"start,from,kind\n1,2,3\n", "text/csv", 422),
        (b"", "text/csv", 422),
        (b"on,name\n" + b"2026-09-02,Inset\n" * 5001, "text/csv", 422),
        (b"{}", "application/json", 415),
        (b"x" * 262_145, "text/csv", 413),
    ],
)
async def test_what_is_no_calendar_is_refused_whole(
    api: Api, town: Town, content: bytes, kind: str, status: int
) -> None:
    answer = await api.as_(town.officer).request("POST", PATH, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_school_sends_its_training_days_alone_or_its_own_terms(api: Api, town: Town) -> None:
    school, school_id = api.as_(town.school), town.school.organisation_id
    path = f"/v1/schools/{school_id}/calendar"
    content = csv_file("2026/27,inset,,Phonics training,2026-11-27,", "2026/27,bank_holiday,,Ours,2027-06-18,")
    answer = await send(school, content, path=f"{path}/import")
    assert answer.status_code == 200, answer.text
    assert [line["outcome"] for line in answer.json()["lines"]] == ["inset", "left_out"]
    read = (await school.get(f"{path}/2026-27")).json()
    assert (read["source"], read["training_days_source"]) == ("default", "school")
    assert [closed["name"] for closed in read["closures"]] == ["Phonics training"]
    assert (await send(school, ics(*TERMS), path=f"{path}/import")).status_code == 422
    replaced = await send(school, ics(*TERMS), path=f"{path}/import", query="?replace=true")
    assert replaced.json()["years"][0]["replaces"] is True
    read = (await school.get(f"{path}/2026-27")).json()
    assert (read["source"], read["training_days_source"]) == ("school", "default")
    async with api.runtime.database.read(town.officer) as session:
        assert not (await calendar_of_school(session, school_id)).is_school_day(date(2026, 10, 26))
    assert (await api.as_(town.officer).get("/v1/calendars/2026-27")).json()["source"] == "default"


async def test_only_officers_load_the_authoritys_and_only_the_school_its_own(api: Api, town: Town) -> None:
    for caller in (town.school, town.provider):
        assert (await send(api.as_(caller), csv_file(*ROWS))).status_code == 403
    own = f"/v1/schools/{town.school.organisation_id}/calendar/import"
    refused: list[Any] = [
        await send(api.as_(caller), csv_file(*ROWS), path=own) for caller in (town.schools[1], town.provider)
    ]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert (await send(api.as_(town.officer), csv_file(*ROWS), path=own)).status_code == 200

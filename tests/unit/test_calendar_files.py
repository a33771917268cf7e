"""What a calendar file's words mean, and files of any content."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.academic_year import academic_year_label
from app.domain.calendar import calendar_faults
from app.domain.calendar_files.assembly import assemble
from app.domain.calendar_files.csv_file import read_csv
from app.domain.calendar_files.entries import Entry, EntryKind, Reading, faults_of
from app.domain.calendar_files.icalendar_file import read_icalendar
from app.domain.calendar_files.words import meaning
from app.domain.default_terms import default_half_terms
from app.domain.working_days import bank_holidays
from app.errors import Invalid


@pytest.mark.parametrize(
    ("words", "kind", "number"),
    [
        ("INSET Day", EntryKind.INSET, None),
        ("Staff training day (no pupils)", EntryKind.INSET, None),
        ("Non-pupil day", EntryKind.INSET, None),
        ("Spring Bank Holiday", EntryKind.BANK_HOLIDAY, None),
        ("New Year\N{RIGHT SINGLE QUOTATION MARK}s Day", EntryKind.BANK_HOLIDAY, None),
        ("Half term", EntryKind.HOLIDAY, None),
        ("October half-term", EntryKind.HOLIDAY, None),
        ("Autumn half term", EntryKind.HOLIDAY, None),
        ("Half term 1 holiday", EntryKind.HOLIDAY, None),
        ("Christmas Holidays", EntryKind.HOLIDAY, None),
        ("Easter break", EntryKind.HOLIDAY, None),
        ("Half term 4", EntryKind.HALF_TERM, 4),
        ("TERM 6", EntryKind.HALF_TERM, 6),
        ("Spring term 1", EntryKind.HALF_TERM, 3),
        ("Spring Term 2 (2027)", EntryKind.HALF_TERM, 4),
        ("Summer 2", EntryKind.HALF_TERM, 6),
        ("Autumn term, first half", EntryKind.HALF_TERM, 1),
        ("Second half of autumn term", EntryKind.HALF_TERM, 2),
        ("Autumn  Term 2026", EntryKind.TERM, 1),
        ("Summer term", EntryKind.TERM, 3),
    ],
)
def test_words_of_councils_are_understood(words: str, kind: EntryKind, number: int | None) -> None:
    assert meaning(words) == (kind, number)


@pytest.mark.parametrize(
    "words", ["", "School play", "Autumn term starts", "End of spring term", "Pupils return", "Parents' evening"]
)
def test_other_words_are_not(words: str) -> None:
    assert meaning(words) is None


# Half-terms of any year with the training days that fall in them: what a council could publish.
years = st.integers(2015, 2040)


@given(years, st.sets(st.integers(0, 330), max_size=8), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_what_is_written_as_csv_is_read_back(start_year: int, offsets: set[int], delimiter: str, british: bool) -> None:
    halves = default_half_terms(start_year)
    days = sorted(date(start_year, 9, 1) + timedelta(days=offset) for offset in offsets)

    def written(on: date) -> str:
        return f"{on:%d/%m/%Y}" if british else on.isoformat()

    rows = [["kind", "number", "starts_on", "ends_on"]]
    rows += [["half_term", str(h.half_term), written(h.starts_on), written(h.ends_on)] for h in halves]
    rows += [["inset", "", written(on), ""] for on in days]
    reading = read_csv("\n".join(delimiter.join(row) for row in rows).encode())
    (year,) = assemble(reading, half_terms_needed=True)

    assert faults_of(reading.remarks) == []
    assert year.half_terms == halves
    assert [named.closure.on for named in year.closures] == [on for on in days if on.weekday() < 5]


@given(years)
def test_three_terms_with_their_holidays_are_six_half_terms(start_year: int) -> None:
    """Splitting at a holiday gives back the half-terms around it, but for bank holidays at its edges."""
    halves = default_half_terms(start_year)
    reading = Reading()
    for number in (1, 2, 3):
        first, second = halves[2 * number - 2 : 2 * number]
        reading.take(Entry(number, EntryKind.TERM, first.starts_on, second.ends_on, "Term", number))
        away = (first.ends_on + timedelta(days=1), second.starts_on - timedelta(days=1))
        reading.take(Entry(number + 3, EntryKind.HOLIDAY, *away, "Half term"))
    (year,) = assemble(reading, half_terms_needed=True)

    assert reading.remarks == []
    assert calendar_faults(year.half_terms) == ()
    assert year.half_terms == halves


dates = st.dates(date(2024, 8, 1), date(2029, 7, 31))
entries = st.builds(
    lambda line, kind, first, days, number: Entry(line, kind, first, first + timedelta(days=days), "x", number),
    st.integers(2, 60),
    st.sampled_from(EntryKind),
    dates,
    st.integers(0, 120),
    st.integers(1, 6),
)


@given(st.lists(entries, max_size=12), st.booleans())
def test_whatever_is_stated_is_sound_or_refused(stated: list[Entry], needed: bool) -> None:
    numbered = {EntryKind.HALF_TERM: 6, EntryKind.TERM: 3}
    reading = Reading()
    for entry in stated:
        number = min(entry.number or 1, numbered[entry.kind]) if entry.kind in numbered else None
        reading.take(Entry(entry.line, entry.kind, entry.first, entry.last, entry.name, number))
    assembled = assemble(reading, half_terms_needed=needed)

    if faults_of(reading.remarks):
        return
    assert assembled
    for earlier, later in pairwise(assembled):
        assert int(later.academic_year[:4]) == int(earlier.academic_year[:4]) + 1
    for year in assembled:
        assert calendar_faults(year.half_terms) == ()
        assert year.half_terms or not needed
        days = [named.closure.on for named in year.closures]
        assert days == sorted(set(days))
        assert all(academic_year_label(on.year if on.month >= 8 else on.year - 1) == year.academic_year for on in days)
        for named in year.closures:
            assert named.closure.kind != "bank_holiday" or named.closure.on not in bank_holidays(named.closure.on.year)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_as_csv(content: bytes) -> None:
    _read_or_refused(read_csv, content)


_PIECES = st.sampled_from(
    [
        "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VALARM", "END:VALARM",
        "SUMMARY:INSET", "SUMMARY:Autumn term", "DTSTART;VALUE=DATE:20260902", "DTSTART:20260902T000000",
        "DTSTART;TZID=Nowhere/Land:20260902T000000", "DTEND;VALUE=DATE:20260901", "DTEND:20260903T000000Z",
        "DURATION:P1D", "DURATION:-P9999999D", "RRULE:FREQ=DAILY", "RRULE:?", "STATUS:CANCELLED", "no colon", ":", " x",
        "DTSTART;VALUE=PERIOD:20260902T000000Z/P1D", "DTSTART:00010101T000000Z", "DTEND:99991231T235959Z",
    ]
)  # fmt: skip


# The library is read at the first example.
@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=20)), max_size=14), st.booleans())
def test_any_lines_are_read_or_refused_as_icalendar(lines: list[str], framed: bool) -> None:
    if framed:
        lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "SUMMARY:INSET", *lines, "END:VEVENT", "END:VCALENDAR"]
    _read_or_refused(read_icalendar, "\r\n".join(lines).encode())


@pytest.mark.parametrize("name", [b"VCALENDAR", b"VEVENT", b"X"])
def test_deep_nesting_does_no_harm(name: bytes) -> None:
    _read_or_refused(read_icalendar, b"BEGIN:%s\r\n" % name * 9000 + b"END:%s\r\n" % name * 9000)


def _read_or_refused(read: object, content: bytes) -> None:
    try:
        reading = read(content)  # type: ignore[operator]
    except Invalid:
        return
    assemble(reading, half_terms_needed=True)

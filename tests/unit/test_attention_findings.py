"""What the rules of attention find, against windows walked day by day; and what findings change of what is kept."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.academic_year import HalfTerm
from app.domain.attention import (
    Attendance,
    Facts,
    Finding,
    Kept,
    Suspensions,
    changes_of,
    explained,
    findings,
    half_term_at,
    term_key_at,
)
from app.domain.attention_rules import Rule, check_rules, default_rules, rules_from
from app.domain.calendar import Calendar
from app.domain.policy import Policy, policy_from
from app.domain.school_calendar import SchoolYear, school_calendar

TODAY = date(2026, 11, 20)
FIRST, SECOND = UUID(int=1), UUID(int=2)
PLAIN = Calendar()
# Its autumn begins in August, and its half-term holiday is a week later.
OTHER = school_calendar(
    PLAIN,
    [
        SchoolYear(
            "2026/27",
            tuple(
                HalfTerm("2026/27", number, date.fromisoformat(first), date.fromisoformat(last))
                for number, (first, last) in enumerate(
                    [
                        ("2026-08-26", "2026-10-30"), ("2026-11-09", "2026-12-18"), ("2027-01-04", "2027-02-12"),
                        ("2027-02-22", "2027-03-25"), ("2027-04-12", "2027-05-28"), ("2027-06-07", "2027-07-21"),
                    ],
                    start=1,
                )
            ),
        )
    ],
)  # fmt: skip
CALENDARS = {FIRST: PLAIN, SECOND: OTHER, None: PLAIN}
RULES = {rule.key: rule for rule in rules_from(default_rules())}


def attendance(possible: int, missed: int, **changes: Any) -> Attendance:
    values = {
        "school_id": FIRST, "source": "push", "term": "2026/27-autumn", "starts_on": date(2026, 9, 1),
        "ends_on": date(2026, 12, 18), "possible": possible, "attended": possible - missed,
    }  # fmt: skip
    return Attendance(**{**values, **changes})


def suspensions(count: int, **changes: Any) -> Suspensions:
    values = {
        "school_id": FIRST, "source": "push", "term": "2026/27-autumn", "starts_on": date(2026, 9, 1),
        "ends_on": date(2026, 12, 18), "count": count, "permanent_count": 0, "recorded_on": TODAY,
    }  # fmt: skip
    return Suspensions(**{**values, **changes})


def dated(*days: str, **changes: Any) -> Suspensions:
    return suspensions(len(days), dated=tuple(date.fromisoformat(day) for day in days), **changes)


def stated(count: int, **changes: Any) -> Suspensions:
    """What came with the referral of the half-term in which it was sent."""
    return suspensions(count, source="referral", term=None, **changes)


def found(rule: str, facts: Facts, today: date = TODAY) -> list[tuple[str, dict[str, int]]]:
    return [(one.window_key, dict(one.figures)) for one in findings([RULES[rule]], facts, CALENDARS, today)]


@pytest.mark.parametrize(
    ("possible", "missed", "persistent", "severe"),
    [
        (90, 9, True, False),
        (91, 9, False, False),
        (1000, 99, False, False),
        (1, 1, True, True),
        (3, 1, True, False),
        (100, 50, True, True),
        (101, 50, True, False),
        # No session was possible: there is no rate.
        (0, 0, False, False),
    ],
)
def test_absence_is_of_own_possible_sessions_and_never_rounded(
    possible: int, missed: int, persistent: bool, severe: bool
) -> None:
    facts = Facts([attendance(possible, missed)])
    assert bool(found("persistent_absence", facts)) is persistent
    assert bool(found("severe_absence", facts)) is severe


def test_a_pupil_who_moved_has_the_sessions_of_both_schools() -> None:
    first, second = attendance(50, 9), attendance(50, 1, school_id=SECOND)
    assert found("persistent_absence", Facts([first, second])) == [
        ("2026/27-autumn", {"sessions_possible": 100, "sessions_missed": 10})
    ]
    assert found("persistent_absence", Facts([first, replace(second, possible=60, attended=59)])) == []


def test_a_return_counts_before_a_push_and_a_push_before_the_referral() -> None:
    sent = attendance(70, 20, source="referral")
    pushed, returned = attendance(120, 5), attendance(130, 50, source="return")
    assert found("persistent_absence", Facts([sent]))
    assert found("persistent_absence", Facts([sent, pushed])) == []
    assert found("persistent_absence", Facts([returned, pushed, sent])) == [
        ("2026/27-autumn", {"sessions_possible": 130, "sessions_missed": 50})
    ]


def test_dates_that_span_no_term_are_a_window_of_their_own() -> None:
    own = attendance(40, 20, source="referral", term=None)
    assert found("severe_absence", Facts([own])) == [
        ("2026-09-01/2026-12-18", {"sessions_possible": 40, "sessions_missed": 20})
    ]
    of_year = replace(RULES["severe_absence"], window="academic_year")
    assert findings([of_year], Facts([own]), CALENDARS, TODAY) == []
    both = [attendance(40, 20), attendance(60, 29, term="2026/27-spring")]
    assert findings([of_year], Facts(both), CALENDARS, TODAY) == []
    (year,) = findings([of_year], Facts([both[0], replace(both[1], attended=30)]), CALENDARS, TODAY)
    assert (year.window_key, dict(year.figures)) == ("2026/27", {"sessions_possible": 100, "sessions_missed": 50})


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (("2026-09-10", "2026-10-23"), ["2026/27-1"]),
        # The holiday's days belong to the half-term before it.
        (("2026-10-23", "2026-10-30"), ["2026/27-1"]),
        (("2026-10-23", "2026-11-02"), []),
        (("2026-11-02", "2026-12-18", "2026-10-01"), ["2026/27-2"]),
        (("2026-09-10", "2026-09-11", "2026-11-05", "2026-11-06"), ["2026/27-1", "2026/27-2"]),
    ],
)
def test_two_suspensions_of_one_half_term(days: tuple[str, ...], expected: list[str]) -> None:
    assert [key for key, _ in found("two_suspensions", Facts(suspensions=[dated(*days)]))] == expected


def test_the_thirty_first_of_august_belongs_to_the_year_in_which_school_was_open() -> None:
    assert half_term_at(PLAIN, date(2026, 8, 31)).academic_year == "2025/26"
    assert term_key_at(PLAIN, date(2026, 8, 31)) == "2025/26-summer"
    # Of a school that returned in August it is a day of the autumn.
    assert term_key_at(OTHER, date(2026, 8, 31)) == "2026/27-autumn"
    both = dated("2026-08-31", "2026-09-02", school_id=SECOND)
    assert [key for key, _ in found("two_suspensions", Facts(suspensions=[both]))] == ["2026/27-1"]
    summer = dated("2026-07-14", "2026-08-31", term="2025/26-summer")
    assert [key for key, _ in found("two_suspensions", Facts(suspensions=[summer]))] == ["2025/26-6"]


def test_each_schools_own_half_terms_count() -> None:
    # 2 November: the first school is back, the other is still in its holiday.
    assert found("two_suspensions", Facts(suspensions=[dated("2026-10-20", "2026-11-02")])) == []
    elsewhere = dated("2026-10-20", "2026-11-02", school_id=SECOND)
    assert found("two_suspensions", Facts(suspensions=[elsewhere])) == [("2026/27-1", {"suspension_count": 2})]
    moved = [dated("2026-10-20"), dated("2026-11-02", school_id=SECOND)]
    assert found("two_suspensions", Facts(suspensions=moved)) == [("2026/27-1", {"suspension_count": 2})]


def test_a_terms_total_is_not_divided_by_guess_and_bounds_its_half_terms() -> None:
    assert found("two_suspensions", Facts(suspensions=[suspensions(9)])) == []
    assert found("two_suspensions", Facts(suspensions=[stated(2)])) == [("2026/27-2", {"suspension_count": 2})]
    # Corrected: the term had one, so its half-term had no two.
    assert found("two_suspensions", Facts(suspensions=[stated(2), suspensions(1)])) == []
    assert found("two_suspensions", Facts(suspensions=[stated(2), suspensions(3)]))
    # Dates say more than what came with the referral.
    assert found("two_suspensions", Facts(suspensions=[stated(2), dated("2026-09-10", "2026-11-10")])) == []
    assert found("two_suspensions", Facts(suspensions=[stated(0), dated("2026-11-09", "2026-11-10")]))
    # The return is the school's last word.
    returned = suspensions(1, source="return")
    assert found("two_suspensions", Facts(suspensions=[dated("2026-11-09", "2026-11-10"), returned])) == []


def test_what_came_with_the_referral_belongs_to_the_half_term_of_its_day() -> None:
    assert found("two_suspensions", Facts(suspensions=[stated(2, recorded_on=date(2026, 10, 28))])) == [
        ("2026/27-1", {"suspension_count": 2})
    ]


def test_terms_and_years_add_up_what_is_known() -> None:
    term = replace(RULES["two_suspensions"], window="term", threshold=3)
    year = replace(term, window="academic_year")
    facts = Facts(suspensions=[suspensions(2), stated(3), suspensions(1, term="2026/27-spring")])
    assert findings([term], facts, CALENDARS, TODAY) == []
    (one,) = findings([year], facts, CALENDARS, TODAY)
    assert (one.window_key, dict(one.figures)) == ("2026/27", {"suspension_count": 3})
    # No figure of the whole term: it had those of its half-term at least.
    (half,) = findings([term], Facts(suspensions=[stated(3)]), CALENDARS, TODAY)
    assert half.window_key == "2026/27-autumn"
    permanent = Rule("p", "permanent_exclusion_count", "at_least", 1, "term", ("flag",), "x")
    (excluded,) = findings([permanent], Facts(suspensions=[suspensions(0, permanent_count=1)]), CALENDARS, TODAY)
    assert dict(excluded.figures) == {"permanent_exclusion_count": 1}


@pytest.mark.parametrize(("school_days", "near"), [(0, True), (1, True), (10, True), (11, False)])
def test_a_hearing_comes_near_on_the_schools_own_days(school_days: int, near: bool) -> None:
    for school_id in (FIRST, SECOND):
        on = CALENDARS[school_id].add_school_days(TODAY, school_days)
        facts = Facts(hearing_on=on, school_id=school_id)
        assert found("exclusion_hearing", facts) == (
            [(on.isoformat(), {"school_days_to_hearing": school_days})] if near else []
        )


def test_a_hearing_that_is_over_asks_no_more() -> None:
    facts = Facts(hearing_on=TODAY, school_id=FIRST)
    assert found("exclusion_hearing", facts)
    assert found("exclusion_hearing", facts, TODAY + timedelta(days=1)) == []


# Against a day walk


def window_by_walk(calendar: Calendar, on: date) -> tuple[str, int]:
    """The half-term of a date, going back day by day until one holds it."""
    while True:
        for half in calendar.half_terms_of(calendar.academic_year_of(on)):
            if half.starts_on <= on <= half.ends_on:
                return half.academic_year, half.half_term
        on -= timedelta(days=1)


DAYS = st.dates(date(2026, 8, 20), date(2027, 8, 31))


@given(
    days=st.lists(st.tuples(st.sampled_from([FIRST, SECOND]), DAYS), unique=True, max_size=12),
    threshold=st.integers(1, 4),
)
def test_half_terms_are_what_a_walk_over_the_days_finds(days: list[tuple[UUID, date]], threshold: int) -> None:
    by_term: dict[tuple[UUID, str], list[date]] = {}
    expected: dict[str, int] = {}
    for school_id, on in days:
        year, number = window_by_walk(CALENDARS[school_id], on)
        expected[f"{year}-{number}"] = expected.get(f"{year}-{number}", 0) + 1
        term = f"{year}-{('autumn', 'spring', 'summer')[(number - 1) // 2]}"
        by_term.setdefault((school_id, term), []).append(on)
    records = [
        suspensions(len(each), school_id=school_id, term=term, dated=tuple(each))
        for (school_id, term), each in by_term.items()
    ]
    rule = replace(RULES["two_suspensions"], threshold=threshold)
    result = findings([rule], Facts(suspensions=records), CALENDARS, TODAY)
    assert {one.window_key: one.figures["suspension_count"] for one in result} == {
        key: count for key, count in expected.items() if count >= threshold
    }


SESSIONS = st.integers(0, 400).flatmap(lambda possible: st.tuples(st.just(possible), st.integers(0, possible)))


@given(figures=st.lists(SESSIONS, min_size=1, max_size=2), percent=st.integers(1, 100))
def test_absence_is_compared_as_whole_sessions_are(figures: list[tuple[int, int]], percent: int) -> None:
    schools = (FIRST, SECOND)
    facts = Facts([attendance(*each, school_id=schools[place]) for place, each in enumerate(figures)])
    possible, missed = sum(each[0] for each in figures), sum(each[1] for each in figures)
    # As many sessions as make the percentage, counted one by one.
    needed = next(count for count in range(401 * 2) if count * 100 >= percent * possible)
    rule = replace(RULES["persistent_absence"], threshold=percent)
    assert bool(findings([rule], facts, CALENDARS, TODAY)) is (possible > 0 and missed >= needed)


# What is kept


def kept(number: int, **changes: Any) -> Kept:
    values: dict[str, Any] = {
        "id": UUID(int=number), "rule": "two_suspensions", "window_key": "2026/27-2",
        "figures": {"suspension_count": 2}, "is_cleared": False, "is_looked_at": False,
    }  # fmt: skip
    return Kept(**{**values, **changes})


def test_findings_raise_refresh_clear_and_leave_alone() -> None:
    (finding,) = findings([RULES["two_suspensions"]], Facts(suspensions=[stated(2)]), CALENDARS, TODAY)
    more = replace(finding, figures={"suspension_count": 3})
    assert changes_of([finding], []).new == (finding,)
    assert not changes_of([finding], [kept(1)])
    assert changes_of([more], [kept(1)]).refreshed == ((kept(1), more),)
    assert changes_of([finding], [kept(1, is_cleared=True)]).again == ((kept(1, is_cleared=True), finding),)
    assert changes_of([], [kept(1)]).cleared == (kept(1),)
    assert not changes_of([], [kept(1, is_cleared=True)])
    # Settled by whoever looked, whatever the facts become.
    for result in ([], [finding], [more]):
        assert not changes_of(result, [kept(1, is_looked_at=True)])


KEYS = st.sampled_from(["a", "b", "c"])


@given(
    held=st.sets(KEYS),
    before=st.dictionaries(KEYS, st.tuples(st.booleans(), st.booleans())),
)
def test_applying_the_changes_twice_changes_nothing_more(held: set[str], before: dict[str, tuple[bool, bool]]) -> None:
    rule = RULES["two_suspensions"]
    result = [Finding(rule, key, TODAY, TODAY, {"suspension_count": 2}) for key in sorted(held)]
    known = {
        key: kept(place, window_key=key, is_cleared=cleared, is_looked_at=looked)
        for place, (key, (cleared, looked)) in enumerate(before.items())
    }
    changes = changes_of(result, known.values())
    after = dict(known)
    for one in changes.cleared:
        after[one.window_key] = replace(one, is_cleared=True)
    for one, _ in changes.again:
        after[one.window_key] = replace(one, is_cleared=False)
    for place, finding in enumerate(changes.new, start=10):
        after[finding.window_key] = kept(place, window_key=finding.window_key)
    assert not changes_of(result, after.values())
    asks = {key for key, one in after.items() if one.is_open}
    assert asks == {key for key in held if not (key in known and known[key].is_looked_at)}


# The rules as data


def test_the_default_rules_are_sound_and_in_the_policy() -> None:
    assert policy_from(Policy().content()).attention == default_rules()
    # One stored before the field existed has the default.
    assert policy_from({}).attention == default_rules()


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ""}, {"measure": "risk_score"}, {"comparator": "at_most"}, {"window": "ahead"}, {"threshold": 0},
        {"threshold": 1.5}, {"threshold": True}, {"then": []}, {"then": ["review_band"]},
        {"then": ["flag", "set_band"]}, {"plain_english": " "}, {"weight": 3},
    ],
)  # fmt: skip
def test_a_rule_that_is_not_sound_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Rule 1"):
        check_rules("attention", [default_rules()[0] | changes])


def test_keys_are_distinct_and_rules_few() -> None:
    for rules in (default_rules() * 2, default_rules() * 6, {}):
        with pytest.raises(ValueError, match="attention"):
            check_rules("attention", rules)


def test_what_was_found_is_told_in_plain_english() -> None:
    rule = default_rules()[1]
    text = explained(rule, "2026/27-autumn", TODAY, {"sessions_possible": 90, "sessions_missed": 9})
    assert "9 of 90 sessions in 2026/27-autumn" in text
    assert "changes neither the band nor the order" in text
    hearing = explained(default_rules()[3], "2026-11-20", TODAY, {"school_days_to_hearing": 1})
    assert "on 20 November 2026, 1 school day ahead when seen" in hearing
    assert "2 in 2026/27-2" in explained(default_rules()[0], "2026/27-2", TODAY, {"suspension_count": 2})

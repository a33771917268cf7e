"""When a panel meets, whose turn the chair is, and which decisions are open: by rules alone."""

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import html
from app.domain.calendar import Calendar, Closure, ClosureKind, Shut, default_calendar
from app.domain.panel_dates import Recurrence, meeting_days, why_no_sitting
from app.domain.panel_minutes import initials, minutes_document
from app.domain.panels import (
    Deciding,
    Effect,
    ItemKind,
    PanelOutcome,
    SittingState,
    Task,
    check_correctable,
    check_sitting_move,
    decision_faults,
    turns,
)
from app.domain.pre_exclusion import HeadsDecision, ReviewDates, ReviewOutcome, outcome_faults, review_faults
from app.domain.referral import State
from app.errors import ActionNotAvailable

DAYS = st.dates(date(2025, 8, 1), date(2028, 7, 31))
IDS = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))
TODAY = date(2026, 11, 4)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """The default year, with some days of it closed."""
    year = default_calendar("2026/27")
    first, last = year.half_terms[0].starts_on, year.half_terms[-1].ends_on
    days = draw(st.lists(st.dates(first, last), max_size=12, unique=True))
    kinds = draw(st.lists(st.sampled_from(ClosureKind), min_size=len(days), max_size=len(days)))
    return Calendar(year.half_terms, tuple(Closure(on, kind) for on, kind in zip(days, kinds, strict=True)))


RULES = st.builds(Recurrence, first_on=DAYS, weekday=st.integers(1, 5), every_weeks=st.integers(1, 12))


@given(calendars(), RULES, DAYS, st.integers(0, 500))
def test_a_panel_meets_on_the_days_that_a_walk_over_every_day_finds(
    calendar: Calendar, rule: Recurrence, first: date, length: int
) -> None:
    """Against the plainest way to say it: look at each day and count the weeks since the panel's first week."""
    last = first + timedelta(days=length)
    monday = rule.first_on - timedelta(days=rule.first_on.weekday())
    expected = []
    for number in range(length + 1):
        on = first + timedelta(days=number)
        weeks = (on - timedelta(days=on.weekday()) - monday).days // 7
        in_turn = on.isoweekday() == rule.weekday and weeks % rule.every_weeks == 0 and on >= rule.first_on
        shut = calendar.why_shut(on)
        if in_turn and shut in (None, Shut.INSET):
            expected.append(on)
    assert meeting_days(calendar, rule, first, last) == expected


@given(calendars(), RULES, DAYS, st.integers(1, 300), st.integers(0, 300))
def test_making_them_in_two_goes_makes_the_same(
    calendar: Calendar, rule: Recurrence, first: date, one: int, more: int
) -> None:
    between, last = first + timedelta(days=one), first + timedelta(days=one + more)
    whole = meeting_days(calendar, rule, first, last)
    parts = meeting_days(calendar, rule, first, between)
    parts += meeting_days(calendar, rule, between + timedelta(days=1), last)
    assert parts == whole


@given(calendars(), DAYS)
def test_no_sitting_on_a_weekend_a_bank_holiday_or_in_the_holidays(calendar: Calendar, on: date) -> None:
    shut = why_no_sitting(calendar, on)
    assert (shut is None) == (calendar.is_working_day(on) and calendar.half_term_of(on) is not None)
    if shut is not None:
        assert shut[0] in ("weekend", "bank_holiday", "holiday")


@given(st.lists(IDS, min_size=1, max_size=12, unique=True), st.integers(0, 4), st.data())
def test_everybody_takes_the_chair_as_often_as_everybody_else(
    order: list[UUID], rounds: int, data: st.DataObject
) -> None:
    last = data.draw(st.sampled_from([*order, None]))
    made = turns(order, last, rounds * len(order))
    assert set(Counter(made).values()) <= {rounds}
    # One after the other, and never twice in a row where there are others.
    for earlier, later in zip([last, *made], made, strict=False):
        expected = order[0] if earlier is None else order[(order.index(earlier) + 1) % len(order)]
        assert later == expected


@given(st.lists(IDS, min_size=1, max_size=8, unique=True), st.integers(1, 9), st.integers(1, 9))
def test_turns_made_in_two_goes_are_the_same(order: list[UUID], one: int, more: int) -> None:
    first = turns(order, None, one)
    assert first + turns(order, first[-1], more) == turns(order, None, one + more)


def test_a_member_that_left_hands_the_turn_to_the_first() -> None:
    one, two, gone = (UUID(int=number) for number in (1, 2, 3))
    assert turns([one, two], gone, 3) == [one, two, one]
    with pytest.raises(ValueError, match="no chair"):
        turns([], None, 1)


MOVES = {
    ("planned", "circulated"), ("planned", "cancelled"), ("circulated", "held"), ("circulated", "cancelled"),
    ("held", "minuted"),
}  # fmt: skip


@pytest.mark.parametrize("source", SittingState)
@pytest.mark.parametrize("target", SittingState)
def test_a_sitting_goes_one_way(source: SittingState, target: SittingState) -> None:
    if (source.value, target.value) in MOVES:
        check_sitting_move(source, target)
    else:
        with pytest.raises(ActionNotAvailable):
            check_sitting_move(source, target)


DETAIL = {
    PanelOutcome.ALLOCATE: {"lot_id": UUID(int=1)},
    PanelOutcome.REDIRECT: {"redirected_to": "Hub"},
    PanelOutcome.REQUEST_INFORMATION: {"question": "Why?"},
    PanelOutcome.HOLD: {},
    PanelOutcome.NO_FURTHER_ACTION: {},
}


@pytest.mark.parametrize("outcome", PanelOutcome)
@pytest.mark.parametrize("detail_of", PanelOutcome)
@pytest.mark.parametrize("kind", ItemKind)
def test_an_outcome_has_its_own_details_and_no_others(
    outcome: PanelOutcome, detail_of: PanelOutcome, kind: ItemKind
) -> None:
    faults = decision_faults(kind, Deciding(outcome, **DETAIL[detail_of]), TODAY)  # type: ignore[arg-type]
    of_a_referral = kind is ItemKind.REFERRAL or outcome not in (
        PanelOutcome.ALLOCATE, PanelOutcome.REQUEST_INFORMATION,
    )  # fmt: skip
    assert (faults == []) is (of_a_referral and DETAIL[outcome].keys() == DETAIL[detail_of].keys())


@pytest.mark.parametrize(("days", "sound"), [(-1, False), (0, True), (366, True), (367, False)])
def test_an_action_is_due_within_a_year(days: int, sound: bool) -> None:
    task = Task(UUID(int=1), "Call.", TODAY + timedelta(days=days))
    faults = decision_faults(ItemKind.BLOCKAGE, Deciding(PanelOutcome.HOLD, actions=(task,)), TODAY)
    assert [fault.pointer for fault in faults] == ([] if sound else ["/actions/0/due_on"])


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("state", [state for state in State if state is not State.NEW])
@pytest.mark.parametrize("instead", PanelOutcome)
def test_a_correction_is_open_where_its_effect_can_be_changed(
    effect: Effect, state: State, instead: PanelOutcome
) -> None:
    possible = {
        (Effect.HELD, State.IN_PANEL), (Effect.CLOSED, State.CLOSED),
        (Effect.WAITING, State.WAITING), (Effect.WAITING, State.OFFERED),
        (Effect.OFFERED, State.WAITING), (Effect.OFFERED, State.OFFERED),
    }  # fmt: skip
    closes = instead in (PanelOutcome.REDIRECT, PanelOutcome.NO_FURTHER_ACTION)
    asked = (effect, state) == (Effect.INFORMATION_REQUESTED, State.INFORMATION_REQUESTED) and closes
    if (effect, state) in possible or asked:
        check_correctable(effect, state, instead)
    else:
        with pytest.raises(ActionNotAvailable):
            check_correctable(effect, state, instead)
    check_correctable(effect, None, instead)


@given(DAYS, st.integers(-3, 3), st.integers(-3, 3), st.sampled_from(ReviewOutcome))
def test_an_outcome_lies_between_the_review_and_today(
    held_on: date, after: int, before: int, outcome: ReviewOutcome
) -> None:
    on, today = held_on + timedelta(days=after), held_on + timedelta(days=2)
    excluded_on = None if outcome is ReviewOutcome.NOT_EXCLUDED else on - timedelta(days=before)
    faults = outcome_faults(outcome, on, excluded_on, held_on, today)
    sound = 0 <= after <= 2 and (excluded_on is None or held_on <= excluded_on <= on)
    assert (faults == []) is sound


def test_a_decision_and_its_day_belong_together() -> None:
    for decision, on in ((HeadsDecision.MANAGED_MOVE, None), (None, TODAY)):
        faults = review_faults(ReviewDates(TODAY, on), decision, TODAY)
        assert [fault.pointer for fault in faults] == ["/decided_on"]
    assert review_faults(ReviewDates(TODAY, TODAY), HeadsDecision.MANAGED_MOVE, TODAY) == []


@given(st.text(max_size=12), st.text(max_size=12))
def test_initials_give_no_name_away(given_name: str, family_name: str) -> None:
    made = initials(given_name, family_name)
    assert len(made.split()) <= 2 or not made.isascii()
    for name in (given_name.strip(), family_name.strip()):
        if len(name) > 3:
            assert name not in made


def test_words_in_minutes_are_never_markup() -> None:
    content = {
        "number": 1, "panel_name": "<b>Clinic</b>", "sits_on": "2026-11-04", "chair_name": "x", "attendance": [],
        "quorate": True, "quorum_note": None, "outcome_counts": {"hold": 1}, "remarks": "<script>alert(1)</script>",
    }  # fmt: skip
    item = {
        "title": "R-1", "initials": None, "year_group": None, "outcome": "hold", "effect": "held", "reason": "<i>x</i>",
        "redirected_to": None, "question": None, "decided_by": "y", "actions": [],
    }  # fmt: skip
    page = html.page(minutes_document(content, [item], TODAY))
    for markup in ("<b>", "<script>", "<i>"):
        assert markup not in page

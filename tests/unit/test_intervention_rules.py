from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access import Kind
from app.domain.calendar import Calendar
from app.domain.contacts import ContactKind, NewContact, check_contact, check_replacement
from app.domain.interventions import (
    CLOSING_OUTCOMES,
    Case,
    InterventionState,
    available_actions,
    check_closing,
    check_state_move,
    extended_end,
    first_day_of_work,
    moved_end,
)
from app.domain.measures import check_scores, measure_from, measures
from app.domain.vocabulary import ATTENDED_RESULTS, ClosureOutcome, ClosureReason, ContactResult
from app.errors import ActionNotAvailable, Conflict, Invalid
from app.ids import new_id

CALENDAR = Calendar()
ACCEPTED = date(2026, 11, 2)
END = CALENDAR.planned_end(ACCEPTED)
PLANNED = Case(
    InterventionState.PLANNED, ACCEPTED,
    safety_acknowledged=True, started_on=None, planned_start_on=ACCEPTED, planned_end_on=END,
)  # fmt: skip
ACTIVE = replace(PLANNED, state=InterventionState.ACTIVE, started_on=date(2026, 11, 3))
CLOSED = replace(ACTIVE, state=InterventionState.CLOSED)
DAYS = st.dates(date(2026, 9, 1), date(2027, 3, 31))


def contact_on(day: date, **changes: object) -> NewContact:
    held_at = datetime.combine(day, time(15), UTC)
    return replace(NewContact(ContactKind.SESSION, ContactResult.ATTENDED, held_at, day), **changes)


def faults(error: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(fault.pointer, fault.code) for fault in error.value.errors}


@given(held=DAYS, today=DAYS)
def test_a_contact_lies_between_acceptance_and_now_past_the_planned_end_too(held: date, today: date) -> None:
    now = datetime.combine(today, time(18), UTC)
    possible = ACCEPTED <= held <= today
    if possible:
        check_contact(ACTIVE, contact_on(held), now, today)
    else:
        with pytest.raises(Invalid) as refused:
            check_contact(ACTIVE, contact_on(held), now, today)
        assert {pointer for pointer, _ in faults(refused)} == {"/held_at"}


def test_a_contact_later_today_has_not_happened_yet() -> None:
    today = date(2026, 11, 10)
    with pytest.raises(Invalid):
        check_contact(ACTIVE, contact_on(today), datetime.combine(today, time(14, 59), UTC), today)


@pytest.mark.parametrize("result", list(ContactResult))
def test_even_an_attempt_waits_for_the_safety_acknowledgement(result: ContactResult) -> None:
    case = replace(PLANNED, safety_acknowledged=False)
    day = date(2026, 11, 3)
    with pytest.raises(ActionNotAvailable):
        check_contact(case, contact_on(day, result=result), datetime.combine(day, time(18), UTC), day)


def test_a_closed_case_takes_no_contact_and_no_second_close() -> None:
    day = date(2026, 11, 3)
    with pytest.raises(ActionNotAvailable):
        check_contact(CLOSED, contact_on(day), datetime.combine(day, time(18), UTC), day)
    with pytest.raises(ActionNotAvailable):
        close(CLOSED)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"result": ContactResult.NO_REPLY, "child_seen": True}, "/child_seen"),
        ({"child_seen_alone": True}, "/child_seen_alone"),
        ({"kind": ContactKind.TEAM_AROUND_THE_CHILD}, "/agencies"),
        ({"result": ContactResult.CANCELLED_BY_PROVIDER}, "/reason"),
        ({"result": ContactResult.REFUSED}, "/reason"),
        ({"result": ContactResult.DID_NOT_ATTEND}, "/reason"),
        ({"result": ContactResult.WAS_NOT_BROUGHT}, "/reason"),
        ({"minutes_late": 10}, "/minutes_late"),
        ({"kind": ContactKind.FOLLOW_UP}, "/kind"),
    ],
)
def test_a_contact_that_contradicts_itself_is_refused(changes: dict[str, object], pointer: str) -> None:
    day = date(2026, 11, 10)
    with pytest.raises(Invalid) as refused:
        check_contact(ACTIVE, contact_on(day, **changes), datetime.combine(day, time(18), UTC), day)
    assert {at for at, _ in faults(refused)} == {pointer}


@pytest.mark.parametrize("result", list(ContactResult))
def test_only_what_did_not_take_place_is_replaced_and_only_once(result: ContactResult) -> None:
    if result in ATTENDED_RESULTS:
        with pytest.raises(Conflict):
            check_replacement(result, already_replaced=False)
    else:
        check_replacement(result, already_replaced=False)
        with pytest.raises(Conflict):
            check_replacement(result, already_replaced=True)


@given(st.lists(DAYS, min_size=1, max_size=5))
def test_work_begins_with_the_earliest_attended_contact_in_any_order_of_recording(days: list[date]) -> None:
    for order in permutations(days):
        started: date | None = None
        for day in order:
            started = first_day_of_work(started, day)
        assert started == min(days)


def extended(case: Case, today: date, weeks: int, *, notice: int = 5) -> date:
    latest = CALENDAR.planned_end(ACCEPTED, 6 + 6)
    return extended_end(case, CALENDAR, today=today, weeks=weeks, notice_school_days=notice, latest_end_on=latest)


@given(weeks=st.integers(1, 12), today=DAYS, notice=st.integers(0, 12))
def test_an_extension_adds_five_school_days_a_week_and_is_declared_in_time(
    weeks: int, today: date, notice: int
) -> None:
    if today < ACCEPTED or today >= END or CALENDAR.school_days_between(today, END) < notice:
        with pytest.raises(ActionNotAvailable):
            extended(ACTIVE, today, weeks, notice=notice)
    elif weeks > 6:
        with pytest.raises(Invalid) as refused:
            extended(ACTIVE, today, weeks, notice=notice)
        assert faults(refused) == {("/weeks", "beyond_policy")}
    else:
        new_end = extended(ACTIVE, today, weeks, notice=notice)
        assert CALENDAR.school_days_between(END, new_end) == 5 * weeks
        assert new_end == CALENDAR.planned_end(ACCEPTED, 6 + weeks)


def test_the_last_day_to_declare_an_extension_is_named() -> None:
    assert date(2026, 12, 14) == END
    assert extended(ACTIVE, date(2026, 12, 7), 1) == CALENDAR.planned_end(END, 1)
    with pytest.raises(ActionNotAvailable, match="by 2026-12-07"):
        extended(ACTIVE, date(2026, 12, 8), 1)


def test_two_extensions_reach_as_far_as_one_of_both() -> None:
    today = date(2026, 11, 20)
    first = extended(ACTIVE, today, 2)
    both = extended(replace(ACTIVE, planned_end_on=first), today, 3)
    assert both == extended(ACTIVE, today, 5)


@given(start=DAYS, new_start=DAYS, weeks=st.integers(1, 12))
def test_a_booking_that_is_moved_is_as_long_as_before(start: date, new_start: date, weeks: int) -> None:
    moved = moved_end(CALENDAR, start, CALENDAR.planned_end(start, weeks), new_start)
    assert moved == CALENDAR.planned_end(new_start, weeks)


AHEAD = replace(PLANNED, planned_start_on=date(2026, 11, 9))


@given(held=DAYS, attended=st.booleans())
def test_before_the_place_is_free_the_family_is_called_and_no_work_is_done(held: date, attended: bool) -> None:
    result = ContactResult.ATTENDED if attended else ContactResult.DID_NOT_ATTEND
    earliest = AHEAD.planned_start_on if attended else ACCEPTED
    now = datetime.combine(END, time(18), UTC)
    contact = contact_on(held, result=result, reason=None if attended else "Nobody was at home.")
    if earliest <= held <= END:
        check_contact(AHEAD, contact, now, END)
    else:
        with pytest.raises(Invalid) as refused:
            check_contact(AHEAD, contact, now, END)
        assert {pointer for pointer, _ in faults(refused)} == {"/held_at"}


def close(
    case: Case,
    outcome: ClosureOutcome = ClosureOutcome.COMPLETED,
    reason: ClosureReason = ClosureReason.GOALS_MET,
    *,
    goals: tuple[object, ...] = (),
    results: tuple[object, ...] = (),
    what_changed: str | None = "Calmer mornings.",
    today: date = date(2026, 12, 1),
) -> None:
    check_closing(
        case,
        outcome=outcome,
        reason=reason,
        goal_ids=list(goals),  # type: ignore[arg-type]
        results=list(results),  # type: ignore[arg-type]
        what_changed=what_changed,
        today=today,
    )


def test_finished_work_closes() -> None:
    close(ACTIVE)


@pytest.mark.parametrize("outcome", [ClosureOutcome.ENDED_EARLY, ClosureOutcome.WITHDRAWN])
def test_a_case_without_a_contact_closes_without_a_summary(outcome: ClosureOutcome) -> None:
    close(PLANNED, outcome, ClosureReason.DID_NOT_ENGAGE, what_changed=None)


def test_a_case_without_a_contact_is_never_completed() -> None:
    with pytest.raises(Invalid) as refused:
        close(PLANNED)
    assert faults(refused) == {("/outcome", "no_contact")}


@pytest.mark.parametrize("outcome", sorted(set(ClosureOutcome) - set(CLOSING_OUTCOMES)))
def test_what_is_the_senders_or_an_officers_act_is_not_a_providers_close(outcome: ClosureOutcome) -> None:
    with pytest.raises(Invalid) as refused:
        close(ACTIVE, outcome, ClosureReason.OTHER)
    assert ("/outcome", "not_a_providers") in faults(refused)


@given(outcome=st.sampled_from(CLOSING_OUTCOMES), reason=st.sampled_from(list(ClosureReason)))
def test_goals_met_and_plan_completed_go_with_completed_alone(outcome: ClosureOutcome, reason: ClosureReason) -> None:
    fits = (outcome is ClosureOutcome.COMPLETED) == (reason in (ClosureReason.GOALS_MET, ClosureReason.PLAN_COMPLETED))
    if fits:
        close(ACTIVE, outcome, reason)
    else:
        with pytest.raises(Invalid) as refused:
            close(ACTIVE, outcome, reason)
        assert faults(refused) == {("/reason", "does_not_fit")}


def test_each_goal_gets_one_result() -> None:
    first, second, foreign = new_id(), new_id(), new_id()
    close(ACTIVE, goals=(first, second), results=(second, first))
    with pytest.raises(Invalid) as refused:
        close(ACTIVE, goals=(first, second), results=(first,))
    assert faults(refused) == {("/goals", "missing_result")}
    with pytest.raises(Invalid) as refused:
        close(ACTIVE, goals=(first,), results=(first, first))
    assert faults(refused) == {("/goals", "repeated")}
    with pytest.raises(Invalid) as refused:
        close(ACTIVE, goals=(first,), results=(first, foreign))
    assert faults(refused) == {("/goals/1/goal_id", "unknown_goal")}


def test_work_that_was_done_is_summed_up() -> None:
    with pytest.raises(Invalid) as refused:
        close(ACTIVE, what_changed=None)
    assert faults(refused) == {("/summary/what_changed", "required")}


def test_a_case_does_not_close_before_it_began() -> None:
    with pytest.raises(ActionNotAvailable):
        close(ACTIVE, today=ACTIVE.started_on - timedelta(days=1))


def test_a_closed_case_goes_nowhere_from_here() -> None:
    for target in InterventionState:
        with pytest.raises(ActionNotAvailable):
            check_state_move(InterventionState.CLOSED, target)


def test_only_its_provider_works_a_case() -> None:
    assert [available_actions(ACTIVE, kind) for kind in Kind if kind is not Kind.PROVIDER] == [[], [], []]
    assert available_actions(CLOSED, Kind.PROVIDER) == []
    assert "contacts" in available_actions(ACTIVE, Kind.PROVIDER)
    unread = available_actions(replace(PLANNED, safety_acknowledged=False), Kind.PROVIDER)
    assert "safety" in unread
    assert "contacts" not in unread


# Measures

FAMILY_JOURNEY = measures()["family_journey"]
ALL_AREAS = {area.key: 5 for area in FAMILY_JOURNEY.areas}


def test_the_measures_that_ship() -> None:
    assert set(measures()) == {
        "family_journey", "goal_progress", "pupil_survey", "parent_survey", "school_survey", "family_engagement_audit",
    }  # fmt: skip
    assert (len(FAMILY_JOURNEY.areas), FAMILY_JOURNEY.lowest, FAMILY_JOURNEY.highest) == (8, 1, 10)
    assert (measures()["goal_progress"].lowest, measures()["goal_progress"].highest) == (0, 10)


@given(area=st.sampled_from(sorted(ALL_AREAS)), score=st.integers(-5, 15))
def test_a_score_lies_on_the_scale(area: str, score: int) -> None:
    scores = {**ALL_AREAS, area: score}
    if 1 <= score <= 10:
        check_scores(FAMILY_JOURNEY, "parent", scores, [])
    else:
        with pytest.raises(Invalid) as refused:
            check_scores(FAMILY_JOURNEY, "parent", scores, [])
        assert faults(refused) == {(f"/scores/{area}", "out_of_scale")}


@given(left_out=st.sets(st.sampled_from(sorted(ALL_AREAS)), min_size=1))
def test_every_area_of_a_measure_is_scored(left_out: set[str]) -> None:
    scores = {area: score for area, score in ALL_AREAS.items() if area not in left_out}
    missing = {(f"/scores/{area}", "required") for area in left_out} if scores else {("/scores", "required")}
    with pytest.raises(Invalid) as refused:
        check_scores(FAMILY_JOURNEY, "parent", scores, [])
    assert faults(refused) == missing


def test_progress_is_scored_on_the_goals_of_the_plan() -> None:
    goal = str(new_id())
    check_scores(measures()["goal_progress"], "child", {goal: 0}, [goal, str(new_id())])
    with pytest.raises(Invalid) as refused:
        check_scores(measures()["goal_progress"], "child", {"an/other": 0}, [goal])
    assert faults(refused) == {("/scores/an~1other", "unknown_area")}


def test_a_measure_whose_steps_leave_a_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="steps"):
        measure_from(
            {
                "key": "gap",
                "version": 1,
                "kind": "journey",
                "name": "Gap",
                "summary": "A scale with a gap.",
                "respondents": ["child"],
                "lowest": 1,
                "highest": 3,
                "steps": [{"lowest": 1, "highest": 2, "label": "Low"}],
                "areas": [{"key": "a", "label": "A", "about": "child"}],
            }
        )

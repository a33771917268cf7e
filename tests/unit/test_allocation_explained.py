"""What people are told of decisions and policies: from facts, in plain English, and of nobody else."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from orjson import loads

from app.domain.allocation import Caseload, Decision, Place, Snapshot, decide
from app.domain.allocation.expected_start import Estimate, expected_starts, load_ahead_of
from app.domain.allocation.facts_of_time import free_in, long_stop_on
from app.domain.allocation.reach import reach_counts, reach_of
from app.domain.allocation_explained import Names, decision_facts, explain, names_of, recorded_facts, told_to_sender
from app.domain.calendar import Calendar
from app.domain.decision_record import record_of, replay
from app.domain.expected_dates import ExpectedStart, expected_start_of
from app.domain.policy import BANDS, Policy, digest_of, policy_from
from app.domain.policy_published import Publication, public_page, transparency_record
from app.queries.writes import to_json
from tests.factories.snapshots import LOT, TODAY, WANT, an_id, snapshots

POLICY = Policy()
NAMES = Names("Year 9", "the North")
ABOUT = Publication("Testshire (made up)", 3, date(2026, 9, 1), "places@testshire.example", POLICY.digest())
BUSY = tuple(
    Place(an_id(n), LOT.id, n, an_id(400), free_in=10 + n, free_on=TODAY + timedelta(days=20)) for n in range(3)
)
OTHER = replace(WANT, referral_id=an_id(9), reference="R-SECRET", household_id=an_id(3), band="P1")


def told(snapshot: Snapshot, policy: Policy = POLICY, **estimating) -> str:
    decision = next(each for each in decide(snapshot, policy, TODAY).decisions if each.referral_id == WANT.referral_id)
    want = next(each for each in snapshot.wants if each.referral_id == WANT.referral_id)
    estimate = None
    if estimating:
        made = expected_starts(snapshot, policy, TODAY, **estimating)
        estimate = next(each for each in made if each.referral_id == WANT.referral_id)
    return explain(decision_facts(want, decision, snapshot, policy, TODAY, estimate), NAMES)


def test_all_places_are_held() -> None:
    assert told(Snapshot((WANT,), (LOT,), BUSY)) == (
        "Three places serve Year 9 in the North; all are held by families whose turn came earlier."
        " The next is planned to fall free in ten school days; places are offered to band P3 up to two school days"
        " ahead."
    )


def test_the_turn_goes_to_others() -> None:
    text = told(
        Snapshot((WANT, OTHER), (LOT,), (Place(an_id(1), LOT.id, 1),)), recent_waits={"P4": (20, 45)}, load_ahead=50
    )
    assert text == (
        "One place serves Year 9 in the North; those that can be offered now go to families ahead of this one in the"
        " published order. It is number 2 in the order for these places. If plans hold, it can begin in 32 to"
        " 64 school days."
    )


def test_places_out_of_service_are_not_said_to_be_held() -> None:
    away = tuple(replace(place, in_service=False) for place in BUSY)
    assert "all are out of service for now." in told(Snapshot((WANT,), (LOT,), away))
    mixed = told(Snapshot((WANT,), (LOT,), (*BUSY[:2], away[2])))
    assert "those in service are held by families whose turn came earlier." in mixed
    assert "it is held by a family whose turn came earlier." in told(Snapshot((WANT,), (LOT,), BUSY[:1]))
    assert "it is out of service for now." in told(Snapshot((WANT,), (LOT,), away[:1]))


def test_a_full_caseload_is_not_said_to_be_families_ahead() -> None:
    place = Place(an_id(1), LOT.id, 1, an_id(400))
    snapshot = Snapshot((WANT,), (LOT,), (place,), caseloads=(Caseload(an_id(400), 2, 2),))
    plan = decide(snapshot, POLICY, TODAY)
    assert plan.tight_sets[0].capacity == 0
    facts = replace(decision_facts(WANT, plan.decisions[0], snapshot, POLICY, TODAY), capped=True)
    assert "can take nobody more for now" in explain(facts, NAMES)
    assert "families ahead" not in explain(facts, NAMES)


def test_where_officers_confirm_plans_it_is_said() -> None:
    for policy, said in ((POLICY, False), (replace(POLICY, confirm_batches=True), True)):
        facts = decision_facts(
            WANT, Decision(WANT.referral_id, "waiting", waits_for="RUN"), Snapshot((WANT,), (LOT,), BUSY), policy, TODAY
        )
        assert ("An officer of the authority confirms the plan" in explain(facts, NAMES)) is said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"holds": ("SAFEGUARDING_HOLD",)}, "a safeguarding officer looks at it first"),
        ({"holds": ("FAMILY_PAUSED",)}, "it keeps its place in the order"),
        ({"key_stage": "KS1"}, "Of one service, one is for other key stages."),
        ({"refused_provider_ids": (LOT.provider_id,)}, "a provider that the family will not work with"),
        ({"preferred_mode": "remote"}, "not in the way of working that the family would like best"),
        ({}, "A free place is offered to this family."),
    ],
)
def test_other_answers(change: dict, words: str) -> None:
    assert words in told(Snapshot((replace(WANT, **change),), (LOT,), (Place(an_id(1), LOT.id, 1),)))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots())
def test_nothing_of_another_family_is_told(snapshot: Snapshot) -> None:
    plan = decide(snapshot, POLICY, TODAY)
    for want, decision in ((each, found) for each in snapshot.wants for found in plan.decisions):
        if want.referral_id == decision.referral_id:
            facts = decision_facts(want, decision, snapshot, POLICY, TODAY)
            text = explain(facts, NAMES)
            assert text
            assert text.endswith(".")
            said = f"{text} {facts}"
            for other in snapshot.wants:
                assert str(other.referral_id) not in said
                assert other.reference not in said


def test_expected_starts_promise_what_can_be_known() -> None:
    wants = tuple(
        replace(WANT, referral_id=an_id(50 + n), reference=f"R-{n}", household_id=an_id(70 + n), band=band)
        for n, band in enumerate(BANDS)
    )
    found = expected_starts(Snapshot(wants, (LOT,), BUSY), POLICY, TODAY, recent_waits={"P4": (20, 45)}, load_ahead=50)
    assert [(each.method, each.position, each.low, each.high) for each in found] == [
        ("DATE", 1, 10, 10), ("DATE", 2, 11, 11), ("RANGE", 3, 12, 24), ("POSITION", 4, 20, 45),
    ]  # fmt: skip
    some = expected_starts(
        Snapshot(wants, (LOT,), BUSY), POLICY, TODAY, recent_waits={}, load_ahead=50, only={wants[3].referral_id}
    )
    assert [(each.position, each.low) for each in some] == [(4, None)]


def test_reach_counts_who_could_have_come() -> None:
    polish = Place(an_id(1), LOT.id, 1, languages=("ENG", "POL"))
    plain = Place(an_id(2), LOT.id, 2)
    past = [WANT, WANT, replace(WANT, language="POL"), replace(WANT, key_stage="KS1")]
    counts = reach_counts([(LOT, polish), (LOT, plain)], past)
    assert counts == [3, 2]
    assert reach_of(counts) == [120, 80]
    assert reach_of([0, 0]) == [100, 100]


def test_the_calendar_gives_the_days() -> None:
    calendar = Calendar()
    assert free_in(calendar, date(2026, 11, 2), date(2026, 11, 9)) == 5
    assert free_in(calendar, date(2026, 11, 2), date(2026, 10, 1)) == 0
    stop = long_stop_on(calendar, POLICY, "P4", date(2026, 9, 7))
    assert calendar.school_days_between(date(2026, 9, 7), stop) == 50
    assert long_stop_on(calendar, POLICY, "P3", date(2026, 9, 7)) is None
    assert long_stop_on(calendar, replace(POLICY, long_stop=None), "P4", date(2026, 9, 7)) is None


# Policies


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"windows": {"P1": 5, "P2": 5, "P3": 2}}, "no window for P4"),
        ({"windows": {**POLICY.windows, "P5": 1}}, "P5"),
        ({"weights": {**POLICY.weights, "P1": 8.5}}, "weight for P1 is not"),
        ({"weights": {**POLICY.weights, "P1": True}}, "whole number"),
        ({"weights": [8, 4, 2, 1]}, "each of P1, P2, P3, P4"),
        ({"costs": {"reach": 300, "soft": 40}}, "no cost for day"),
        ({"costs": {"reach": -1, "soft": 40, "day": 10}}, "whole number"),
        ({"long_stop": {"band": "P3", "becomes": "P4", "school_days": 50}}, "more urgent"),
        ({"long_stop": {"band": "P4", "becomes": "P3"}}, "school_days"),
        ({"fair_share": {**POLICY.fair_share, "on": 1}}, "yes or no"),
        ({"fair_share": {**POLICY.fair_share, "exempt": ["P9"]}}, "list of P1, P2, P3, P4"),
        ({"at_once": {"bands": ["P1"], "free_places": "two"}}, "whole number"),
        ({"criteria": {**POLICY.criteria, "P1": " "}}, "plain English"),
        ({"approvers": []}, "one role or more"),
        ({"confirm_batches": "yes"}, "yes or no"),
    ],
)
def test_a_policy_that_is_not_whole_is_refused(change: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        policy_from({**POLICY.content(), **change})


def test_a_policy_stored_before_a_field_existed_still_loads() -> None:
    older = {name: POLICY.content()[name] for name in ("answer_days", "extension_weeks", "return_working_days")}
    assert policy_from(older).windows == {"P1": 5, "P2": 5, "P3": 2, "P4": 2}
    assert digest_of(older) != POLICY.digest()
    assert policy_from({**POLICY.content(), "long_stop": None}).long_stop is None


def test_a_policys_content_is_a_copy() -> None:
    POLICY.content()["windows"]["P1"] = 99
    assert POLICY.windows["P1"] == 5


def test_the_public_page_says_the_figures() -> None:
    text = public_page(POLICY, ABOUT)
    for words in (
        "Testshire (made up)", "Version 3, in force from 1 September 2026", POLICY.digest(), "P1 1, P2 2, P3 3, P4 3",
        "waited 50 school days counts as P3", "P1 and P2 are decided on arrival", "officer", "ethnicity",
        *POLICY.criteria.values(),
    ):  # fmt: skip
        assert words in text
    assert "1.25" not in text
    fair = replace(POLICY, fair_share={**POLICY.fair_share, "on": True}, long_stop=None, confirm_batches=False)
    changed = public_page(fair, ABOUT)
    assert "more than 125% of its share of starts, and 1.5 more" in changed
    assert "P1 is exempt" in changed
    assert "waited 50" not in changed
    assert "confirmed" not in changed


def test_the_transparency_record_is_made_from_the_policy() -> None:
    record = transparency_record(POLICY, ABOUT)
    assert record["tier_2"]["technical_specification"]["policy_digest"] == POLICY.digest()
    assert record["tier_2"]["technical_specification"]["figures"]["windows"] == POLICY.windows
    assert record["tier_2"]["decision_making"]["solely_automated"] is False
    assert record["tier_2"]["owner"]["approvers"] == ["officer"]


def test_caseloads_do_not_matter_to_who_is_told() -> None:
    full = Snapshot((WANT,), (LOT,), (Place(an_id(1), LOT.id, 1, an_id(400)),), (Caseload(an_id(400), 1, 1),))
    assert "those that can be offered now go to families ahead" in told(full)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots())
def test_a_record_tells_what_the_decision_told(snapshot: Snapshot) -> None:
    plan = decide(snapshot, POLICY, TODAY)
    wants = {want.referral_id: want for want in snapshot.wants}
    for decision in plan.decisions:
        want = wants[decision.referral_id]
        record = record_of(
            want, decision, snapshot.lots, plan.spare, POLICY, TODAY, taken=snapshot.places,
            claims=snapshot.claims, shares=snapshot.shares,
        )  # fmt: skip
        kept = loads(to_json(record))
        facts = recorded_facts(kept)
        again = replay(kept)
        assert (facts.outcome, facts.hold, facts.waits_for) == (again.outcome, again.hold, again.waits_for)
        now = decision_facts(want, again, snapshot, POLICY, TODAY)
        assert (facts.band, facts.lot_count, facts.against) == (now.band, now.lot_count, now.against)
        assert explain(facts, NAMES)


@pytest.mark.parametrize(
    ("hold", "told_hold"),
    [
        ("SAFEGUARDING_HOLD", "SAFEGUARDING_HOLD"),
        ("AGREEMENT_WITHDRAWN", "AGREEMENT_WITHDRAWN"),
        ("FAMILY_PAUSED", "FAMILY_PAUSED"),
        ("POSSIBLE_DUPLICATE", "OFFICER_CHECK"),
        ("HOUSEHOLD_HAS_PLACE", "OFFICER_CHECK"),
    ],
)
def test_a_sender_is_told_of_holds_that_are_its_own_alone(hold: str, told_hold: str) -> None:
    want = replace(WANT, holds=(hold,))
    snapshot = Snapshot((want,), (LOT,), ())
    facts = decision_facts(want, decide(snapshot, POLICY, TODAY).decisions[0], snapshot, POLICY, TODAY)
    sender = told_to_sender(facts, knows_sibling=True)
    assert (facts.hold, sender.hold) == (hold, told_hold)
    assert ("an officer looks at it first" in explain(sender, NAMES)) == (told_hold == "OFFICER_CHECK")


@pytest.mark.parametrize(
    ("year_group", "area", "words"),
    [
        ("9", "North", ("Year 9", "the North")),
        ("13", "Breckland", ("Year 13", "Breckland")),
        ("R", None, ("Reception", None)),
        ("N2", "South East", ("the early years", "the South East")),
    ],
)
def test_how_people_call_it(year_group: str, area: str | None, words: tuple[str, str | None]) -> None:
    assert names_of(year_group, area) == Names(*words)


def test_the_share_of_places_that_the_most_urgent_take() -> None:
    assert load_ahead_of(300, 10, 60) == 50
    assert load_ahead_of(9_000, 10, 60) == 100
    assert load_ahead_of(300, 0, 60) == load_ahead_of(300, 10, 0) == 0


def test_an_expected_start_in_dates() -> None:
    calendar, on = Calendar(), date(2026, 11, 2)

    def start(method: str, low: int | None, high: int | None) -> ExpectedStart:
        return expected_start_of(Estimate(WANT.referral_id, method, 1, low, high), calendar, on)

    assert start("DATE", 5, 5) == ExpectedStart("DATE", date(2026, 11, 9), date(2026, 11, 9))
    assert start("RANGE", 5, 10) == ExpectedStart("RANGE", date(2026, 11, 9), date(2026, 11, 16))
    assert start("RANGE", None, None) == ExpectedStart("RANGE")
    assert start("POSITION", 20, 45) == ExpectedStart("POSITION", None, None, 20, 45)

"""The made-up world: the same for everyone who knows the seed, shaped like Norfolk, and real in no name or number."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from app.domain.codes import codes
from app.domain.identifiers import laestab_fault, urn_fault
from app.domain.needs import NEEDS
from app.domain.school_register import shipped_register
from app.domain.upn import parse_upn, upn_fault
from app.domain.vocabulary import ATTENDED_RESULTS, ClosureOutcome
from app.domain.year_groups import key_stage, year_group_warning
from app.simulation.attendance import Register, Support, SupportOutcome
from app.simulation.draws import Draws
from app.simulation.names import every_school_name
from app.simulation.school_days import SimTerm
from app.simulation.schools import build_schools
from app.simulation.shape import norfolk_shape, rate_group
from app.simulation.world import World

ROOT = Path(__file__).parents[2]


@cache
def world() -> World:
    return World(seed=20_260_901)


@cache
def year_by_group() -> dict[str, list[tuple[float, float, int]]]:
    """(absence share, unauthorised share, suspensions) in the year of every pupil of the world, by rate group."""
    year = world().days.year_days
    found: dict[str, list[tuple[float, float, int]]] = {"primary": [], "secondary": [], "special": []}
    for school in world().schools:
        for position in range(school.roll):
            register = world().register(school.index, position)
            facts = register.attendance(year[0], year[-1])
            group = rate_group(school.phase, school.year_group_at(position))
            found[group].append(
                (
                    1 - facts.attended / facts.possible,
                    facts.unauthorised / facts.possible,
                    len(register.suspensions(year[0], year[-1])),
                )
            )
    return found


# The same for all


def test_processes_with_different_hash_seeds_live_in_the_same_world() -> None:
    code = "from app.simulation.world import World; print(World(seed=20_260_901).digest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for hash_seed in ("0", "4242")
    }
    assert digests == {world().digest()}


def test_another_seed_is_another_world() -> None:
    assert World(seed=1).digest() != World(seed=2).digest()


def test_draws_are_the_published_generator() -> None:
    # SplitMix64 from state 0 begins so (reference implementation, Vigna 2015); the top 53 bits make the unit.
    draws = Draws("any key")
    draws._state = 0
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [draws.unit() for _ in expected] == [(value >> 11) / 2**53 for value in expected]


def test_draws_of_one_key_do_not_depend_on_others() -> None:
    first = Draws(7, "a", 1)
    Draws(7, "a", 11).unit()
    again = Draws(7, "a", 1)
    assert [first.unit() for _ in range(5)] == [again.unit() for _ in range(5)]
    assert Draws(7, "a", 11).unit() != Draws(7, "a1", 1).unit()


def test_a_world_answers_the_same_in_any_order() -> None:
    fresh = World(seed=20_260_901)
    last = world().arrivals[-1]
    assert fresh.pupil(last.school_index, last.position) == world().pupil(last.school_index, last.position)
    assert fresh.referral_facts(last) == world().referral_facts(last)


# Real in no name or number


def test_no_school_name_that_can_be_made_is_a_real_one() -> None:
    def plain(name: str) -> str:
        return "".join(letter for letter in name.casefold() if letter.isalnum())

    made = {plain(name) for name in every_school_name()}
    assert len(made) > 4_000
    assert made.isdisjoint(plain(entry.name) for entry in shipped_register())


def test_urns_and_laestabs_are_well_formed_different_and_nobodys() -> None:
    schools = world().schools
    register = list(shipped_register())
    assert not {school.urn for school in schools} & {entry.urn for entry in register}
    assert not {school.laestab for school in schools} & {entry.laestab for entry in register}
    assert {len({school.urn for school in schools}), len({school.laestab for school in schools})} == {len(schools)}
    assert len({school.name for school in schools}) == len(schools)
    for school in schools:
        assert urn_fault(school.urn) is None
        assert laestab_fault(school.laestab) is None
        assert (school.urn[0], school.laestab[:3]) == ("9", "999")
        assert school.postcode.startswith("ZZ")
        assert school.contact_email.endswith(".example")


def test_every_pupil_has_a_sound_synthetic_upn_of_their_own() -> None:
    upns = [world().pupil(school.index, position).upn for school in world().schools for position in range(school.roll)]
    assert len(set(upns)) == len(upns) > 15_000
    for upn in upns:
        assert upn_fault(upn) is None
        assert parse_upn(upn).establishment == "9999"
    assert parse_upn(upns[0]).la_code == "926"


def test_an_authority_too_large_for_synthetic_upns_is_refused() -> None:
    small = world().schools[0]
    huge = replace(small, year_rolls=(("R", 20_000),))
    crowded = World(seed=1)
    crowded.__dict__["schools"] = (huge,)
    assert upn_fault(crowded.pupil(0, 15_999).upn) is None
    with pytest.raises(ValueError, match="synthetic UPNs"):
        crowded.pupil(0, 16_000)


def test_people_are_made_up_in_the_ranges_kept_for_that() -> None:
    for arrival in world().arrivals:
        pupil = world().pupil(arrival.school_index, arrival.position)
        assert len(pupil.contacts) >= 1
        for contact in pupil.contacts:
            assert contact.phone.startswith("07700900")
            assert len(contact.phone) == 11
            assert contact.email.endswith("@family.example")


def test_pupils_use_published_codes_and_are_the_right_age() -> None:
    for arrival in world().arrivals:
        pupil = world().pupil(arrival.school_index, arrival.position)
        assert year_group_warning(pupil.year_group, pupil.date_of_birth, arrival.on) is None
        assert pupil.ethnicity in codes("ethnicity")
        assert pupil.first_language in codes("language")
        assert pupil.sen_provision in codes("sen_provision")
        assert set(pupil.sen_types) <= set(codes("sen_type"))
        assert (pupil.sen_provision == "N") == (pupil.sen_types == ())


# Shaped like Norfolk


def test_phases_and_rolls_are_in_norfolks_proportion() -> None:
    shape = norfolk_shape()
    phases = Counter(school.phase for school in world().schools)
    total = sum(len(sizes) for sizes in shape.schools.values())
    for phase in ("primary", "secondary", "special"):
        assert phases[phase] == pytest.approx(60 * len(shape.schools[phase]) / total, abs=1)
    mean_roll = sum(roll for sizes in shape.schools.values() for *_, roll in sizes) / total
    assert sum(school.roll for school in world().schools) / 60 == pytest.approx(mean_roll, rel=0.1)


@pytest.mark.parametrize("count", [6, 7, 20, 421])
def test_any_number_of_schools_has_the_phases_that_matter(count: int) -> None:
    schools = build_schools(3, count, norfolk_shape())
    assert len(schools) == count
    assert {"primary", "secondary", "special"} <= {school.phase for school in schools}
    assert {school.area for school in schools} == {"North", "East", "West"}


def test_fewer_than_six_schools_are_refused() -> None:
    with pytest.raises(ValueError, match="at least six"):
        build_schools(3, 5, norfolk_shape())


@pytest.mark.parametrize(("group", "points"), [("primary", 0.004), ("secondary", 0.008), ("special", 0.035)])
def test_absence_of_the_year_is_norfolks(group: str, points: float) -> None:
    rates = norfolk_shape().absence[group]
    pupils = year_by_group()[group]
    assert sum(absence for absence, *_ in pupils) / len(pupils) == pytest.approx(rates.absence_share, abs=points)
    unauthorised = sum(share for _, share, _ in pupils) / len(pupils)
    assert unauthorised == pytest.approx(rates.absence_share - rates.authorised_share, abs=points)
    persistent = sum(absence >= 0.10 for absence, *_ in pupils) / len(pupils)
    assert persistent == pytest.approx(rates.persistent_share, abs=0.025 if group != "special" else 0.10)


@pytest.mark.parametrize(("group", "tolerance"), [("primary", 0.25), ("secondary", 0.2)])
def test_suspensions_of_the_year_are_norfolks(group: str, tolerance: float) -> None:
    rates = norfolk_shape().suspensions[group]
    pupils = year_by_group()[group]
    per_pupil = sum(count for *_, count in pupils) / len(pupils)
    suspended = sum(count > 0 for *_, count in pupils) / len(pupils)
    assert per_pupil == pytest.approx(rates.suspensions_per_pupil, rel=tolerance)
    assert suspended == pytest.approx(rates.suspended_share, rel=tolerance)


# Demand


def test_referrals_come_on_school_days_in_the_number_that_the_load_says() -> None:
    capacity = 24 * len(world().days.year_days) / 30
    assert len(world().arrivals) == pytest.approx(1.1 * capacity, rel=0.2)
    assert len(World(seed=20_260_901, load=4.0).arrivals) == pytest.approx(4 * capacity, rel=0.1)
    for arrival in world().arrivals:
        assert world().days.calendar.is_school_day(arrival.on)
    assert [arrival.on for arrival in world().arrivals] == sorted(arrival.on for arrival in world().arrivals)


def test_nobody_is_referred_twice_in_the_plan_and_references_differ() -> None:
    arrivals = World(seed=5, load=6.0).arrivals
    assert len({(arrival.school_index, arrival.position) for arrival in arrivals}) == len(arrivals)
    assert len({arrival.reference for arrival in arrivals}) == len(arrivals)


def test_what_a_school_states_adds_up_and_uses_the_need_list() -> None:
    for arrival in world().arrivals:
        facts = world().referral_facts(arrival)
        attendance = facts.attendance
        assert attendance.ends_on == arrival.on - timedelta(days=1)
        assert attendance.possible > 0
        assert attendance.possible == attendance.attended + attendance.authorised + attendance.unauthorised
        assert facts.needs
        assert set(facts.needs) <= set(NEEDS)
        assert facts.band in ("P1", "P2", "P3", "P4")
        assert facts.modes


def test_referred_pupils_are_away_far_more_than_others() -> None:
    shares = [1 - f.attended / f.possible for f in (world().referral_facts(a).attendance for a in world().arrivals)]
    assert sum(share >= 0.10 for share in shares) / len(shares) > 0.6
    assert sum(share >= 0.50 for share in shares) / len(shares) > 0.1


# Attendance before and after


def some_registers(count: int) -> list[Register]:
    arrivals = World(seed=20_260_901, load=8.0).arrivals[:count]
    return [world().register(arrival.school_index, arrival.position) for arrival in arrivals]


def test_a_span_is_the_sum_of_its_parts() -> None:
    autumn = world().days.terms_of("2026/27")[0]
    middle = autumn.days[30]
    for register in some_registers(20):
        whole = register.attendance(autumn.starts_on, autumn.ends_on)
        parts = (
            register.attendance(autumn.starts_on, middle),
            register.attendance(middle + timedelta(days=1), autumn.ends_on),
        )
        assert whole.attended == sum(part.attended for part in parts)
        assert whole.authorised == sum(part.authorised for part in parts)
        assert whole.possible == 2 * len(autumn.days)


def test_referred_pupils_regress_to_the_mean_and_support_adds_a_modest_effect() -> None:
    """Selection on a bad term makes the next one better by itself; the effect of support is smaller than 5 points."""
    days = world().days
    summer, spring = days.terms_of("2025/26")[2], days.terms_of("2026/27")[1]
    support = Support(days.year_days[10], days.year_days[50], SupportOutcome.COMPLETED)
    ended = replace(support, outcome=SupportOutcome.ENDED_EARLY)
    arrivals = [a for a in World(seed=20_260_901, load=8.0).arrivals if a.on <= days.terms_of("2026/27")[0].ends_on]
    registers = [world().register(a.school_index, a.position) for a in arrivals]
    assert len(registers) > 300

    def mean(term: SimTerm, *supports: Support) -> float:
        facts = [register.attendance(term.starts_on, term.ends_on, supports) for register in registers]
        return 100 * sum(f.attended / f.possible for f in facts) / len(facts)

    before, untouched, early, completed = (
        mean(summer),
        mean(spring),
        mean(spring, ended),
        mean(spring, support),
    )
    assert 0.2 < untouched - before < 4
    assert 0.5 < completed - untouched < 5
    assert untouched <= early < completed


def test_completed_support_prevents_some_later_suspensions_and_none_before() -> None:
    days = world().days
    year = days.year_days
    support = Support(year[10], year[40], SupportOutcome.COMPLETED)
    registers = [
        world().register(school.index, position)
        for school in world().schools
        if school.phase == "secondary"
        for position in range(school.roll)
    ]
    plain = [s for r in registers for s in r.suspensions(year[0], year[-1])]
    helped = [s for r in registers for s in r.suspensions(year[0], year[-1], [support])]
    until = year[40]
    assert [s for s in plain if s.starts_on <= until] == [s for s in helped if s.starts_on <= until]
    kept = sum(s.starts_on > until for s in helped) / sum(s.starts_on > until for s in plain)
    assert kept == pytest.approx(0.8, abs=0.06)


# Supply and providers


def test_the_block_has_four_providers_and_all_its_places() -> None:
    supply = world().supply
    assert len(supply.providers) == 4
    assert supply.place_count == 24
    assert {contract.provider_key for contract in supply.contracts} == {p.key for p in supply.providers}
    staff = {practitioner.key: practitioner for practitioner in supply.practitioners}
    load = Counter(place.practitioner_key for lot in supply.lots for place in lot.places)
    for lot in supply.lots:
        assert [place.number for place in lot.places] == list(range(1, len(lot.places) + 1))
        assert set(lot.needs) <= set(NEEDS)
    assert all(count <= staff[key].caseload_limit for key, count in load.items())
    assert {language for person in supply.practitioners for language in person.languages} <= set(codes("language"))


@pytest.mark.parametrize("places", [5, 6, 24, 137])
def test_any_number_of_places_is_shared_out_exactly(places: int) -> None:
    supply = World(seed=1, place_count=places).supply
    assert supply.place_count == places
    assert all(lot.places for lot in supply.lots)


def test_most_referrals_can_be_served_by_some_lot() -> None:
    lots = world().supply.lots
    served = 0
    for arrival in world().arrivals:
        school = world().schools[arrival.school_index]
        stage = key_stage(school.year_group_at(arrival.position)).value
        need = world().referral_facts(arrival).needs[0]
        served += any(school.area in lot.areas and stage in lot.key_stages and need in lot.needs for lot in lots)
    assert served / len(world().arrivals) > 0.95


def test_services_come_with_a_pamphlet_in_markdown() -> None:
    for service in world().supply.services:
        assert service.pamphlet.startswith("# ")
        assert set(service.needs) <= set(NEEDS)
        assert set(service.languages) <= set(codes("language"))


def test_providers_mostly_accept_and_say_why_when_they_do_not() -> None:
    answers = [
        world().answer(provider.key, f"SIM-{number:05d}")
        for provider in world().supply.providers
        for number in range(400)
    ]
    assert sum(answer.accepts for answer in answers) / len(answers) == pytest.approx(0.91, abs=0.03)
    assert all((answer.decline_reason is None) == answer.accepts for answer in answers)
    assert 0 < sum(answer.after_school_days > 10 for answer in answers) / len(answers) < 0.05


def test_cases_begin_weekly_and_end_as_they_should() -> None:
    cases = [
        world().case("harbour", f"SIM-{number:05d}", standard_weeks=6, modes=("home", "school"))
        for number in range(500)
    ]
    completed = [case for case in cases if case.outcome is ClosureOutcome.COMPLETED]
    assert len(completed) / len(cases) == pytest.approx(0.80, abs=0.05)
    for case in cases:
        offsets = [contact.after_school_days for contact in case.contacts]
        assert offsets == sorted(set(offsets))
        assert offsets[-1] <= case.closes_after_school_days
        assert case.contacts[0].kind == "initial"
        for contact in case.contacts:
            assert (contact.minutes > 0) == (contact.result in ATTENDED_RESULTS)
            assert contact.child_seen or not contact.child_seen_alone
    for case in completed:
        assert case.contacts[-1].kind == "closing"
        assert case.contacts[-1].result in ATTENDED_RESULTS
        assert 25 <= case.closes_after_school_days <= 80
    attended = [contact.minutes > 0 for case in cases for contact in case.contacts]
    assert sum(attended) / len(attended) == pytest.approx(0.84, abs=0.04)
    gains = [last - first for case in completed for first, last in zip(*case.readings, strict=True)]
    assert 0.7 < sum(gains) / len(gains) < 1.8
    assert any(gain < 0 for gain in gains)

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.domain.capacity import StandingPlace, plan_capacity


def standing(held: dict[int, bool]) -> list[StandingPlace]:
    return [StandingPlace(UUID(int=number), number, is_held) for number, is_held in held.items()]


def test_a_raise_numbers_on_after_every_number_ever_used() -> None:
    assert plan_capacity(standing({1: False, 2: True}), [1, 2, 3, 7], 4).added == (8, 9)
    assert plan_capacity([], [], 2).added == (1, 2)


def test_a_cut_takes_the_highest_free_numbers_first() -> None:
    plan = plan_capacity(standing({1: False, 2: False, 3: False, 4: True}), [1, 2, 3, 4], 2)
    assert [place.number for place in plan.ended] == [3, 2]
    assert plan.still_held == ()


def test_a_cut_below_what_is_held_ends_held_places_last_and_says_so() -> None:
    plan = plan_capacity(standing({1: True, 2: False, 3: True, 4: True}), [1, 2, 3, 4], 1)
    assert [place.number for place in plan.ended] == [2, 4, 3]
    assert [place.number for place in plan.still_held] == [4, 3]


@given(
    st.dictionaries(st.integers(1, 60), st.booleans(), max_size=30),
    st.sets(st.integers(1, 80), max_size=20),
    st.integers(0, 50),
)
def test_the_target_is_met_and_no_free_place_stays_while_a_held_one_ends(
    held: dict[int, bool], gone: set[int], target: int
) -> None:
    places = standing(held)
    plan = plan_capacity(places, set(held) | gone, target)
    assert len(places) + len(plan.added) - len(plan.ended) == target
    assert not (plan.added and plan.ended)
    assert not set(plan.added) & (set(held) | gone)
    kept = set(held) - {place.number for place in plan.ended}
    if plan.still_held:
        assert all(held[number] for number in kept)

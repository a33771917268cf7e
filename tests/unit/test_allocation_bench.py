"""The allocation benchmark: its traces to the byte, its scorer against plans that cheat, and a year played twice."""

import hashlib
import json
from copy import deepcopy

import pytest

from bench.allocation.play import Game
from bench.allocation.policies import POLICIES
from bench.allocation.reach_table import reach_table
from bench.allocation.score import score
from bench.allocation.trace import Trace, generate, load, to_csv, to_json

SAMPLES = {
    85: (
        "c0b24236e4b79def7c0da376182f1b697e38a7325950f775cbf7ca2cc3974d5d",
        "e32b8f18fdde9e6a39009e3cd448dba0fbc0e1f475d5daf247cc55aa98c1e737",
    ),
    100: (
        "4da61568b2a1283d270fca60cff11e10eb82ce68fce10dc287acff409842487b",
        "4caa271e1797d11d963140f9e3cd0038445f9031a9ee59edb1509544b30c705f",
    ),
    120: (
        "0dafbe8a8f6399968ef8235e8e6b8beff28c73fb00dc02e22adc8014acf4d72f",
        "528491c9f5e4e8162927d03e89882911ba1d717b7d77d138f9d69eee6fb0c4d5",
    ),
}
"""SHA-256 of the three sample traces with seed 1, as JSON and as CSV."""


@pytest.fixture(scope="module")
def trace() -> Trace:
    return generate(85, 31)


@pytest.fixture(scope="module")
def plan(trace: Trace) -> dict:
    return Game(trace, POLICIES["this"], reach_table()).play().plan(trace)


@pytest.mark.parametrize("percent", SAMPLES)
def test_the_traces_are_the_samples_to_the_byte(percent: int, tmp_path) -> None:
    made = generate(percent, 1)
    assert (hashlib.sha256(to_json(made).encode()).hexdigest(), hashlib.sha256(to_csv(made).encode()).hexdigest()) == (
        SAMPLES[percent]
    )
    path = tmp_path / "trace.json"
    path.write_text(to_json(made))
    assert to_json(load(path)) == to_json(made)


def test_a_year_keeps_the_rules_and_passes_nobody(trace: Trace, plan: dict) -> None:
    worth = score(trace, plan)
    assert (worth.hard, worth.jumps) == (0, 0)
    assert worth.unstarted + len(plan["starts"]) == len(trace["referrals"])
    assert set(plan) == {"trace", "offers", "starts", "jumps"}
    again = Game(trace, POLICIES["this"], reach_table()).play().plan(trace)
    assert json.dumps(again) == json.dumps(plan), "a replay is identical"


def test_the_scorer_finds_what_breaks_a_rule(trace: Trace, plan: dict) -> None:
    early = deepcopy(plan)
    early["starts"][0]["day"] = 0
    with pytest.raises(ValueError, match="without its accepted offer"):
        score(trace, early)
    lucky = deepcopy(plan)
    next(offer for offer in lucky["offers"] if offer["answer"] == "D")["answer"] = "A"
    with pytest.raises(ValueError, match="Not the answer"):
        score(trace, lucky)
    crowded = deepcopy(plan)
    start = next(each for each in crowded["starts"] if each["course"] is None)
    for each in crowded["starts"]:
        if each["course"] is None:
            each["practitioner"] = start["practitioner"]
    with pytest.raises(ValueError, match="without its accepted offer"):
        score(trace, crowded)
    for offer in crowded["offers"]:
        offer["practitioner"] = start["practitioner"]
    with pytest.raises(ValueError, match=r"Not the answer|holds"):
        score(trace, crowded)


def test_a_hard_mismatch_is_counted(trace: Trace, plan: dict) -> None:
    wrong = deepcopy(trace)
    number = next(start["referral"] for start in plan["starts"] if start["course"] is None)
    wrong["referrals"][number]["need1"] = "something nobody does"
    assert score(wrong, plan).hard >= 2

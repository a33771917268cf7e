"""The clairvoyant lower bound: what nobody could beat who knew every referral, answer and length from the first day.

The linear relaxation of a time-indexed model: each referral starts once, with a practitioner or a course that it may
have and whose provider would accept, no earlier than the answer allows, or not at all (which counts as the last day).
A practitioner's free places are an inventory that starts take from and endings return to. Solved by HiGHS, through
scipy: a tool of development, not of the product. By its interior
point method, to 8 digits: a vertex is not needed.
"""

from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from bench.allocation.contract_year import PRACTITIONERS, PROVIDERS, hard_reason
from bench.allocation.score import LAST_DAY, SOFT, WEIGHTS, course_mismatches, mismatches
from bench.allocation.trace import Referral, Trace, true_days


class _Model:
    """The columns of the programme as they are gathered."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.values: list[float] = []

    def column(self, cost: float, entries: list[tuple[int, float]]) -> None:
        for row, value in entries:
            self.rows.append(row)
            self.columns.append(len(self.costs))
            self.values.append(value)
        self.costs.append(cost)


def lower_bound(trace: Trace) -> float:
    """The least J of a trace that any policy could reach, or a little less."""
    referrals: list[Referral] = trace["referrals"]
    model = _Model()
    first_stock = len(referrals)
    first_seat = first_stock + len(PRACTITIONERS) * LAST_DAY
    places = [number for number, each in enumerate(PRACTITIONERS) for _ in range(each["places"])]
    right = np.zeros(first_seat)
    right[:first_stock] = 1
    for number, day in zip(places, trace["initial_free_day"], strict=True):
        if day < LAST_DAY:
            right[first_stock + number * LAST_DAY + day] += 1
    seats = np.array([float(course["seats"]) for course in trace["courses"]])
    for number, referral in enumerate(referrals):
        _columns_of(model, trace, number, referral, first_stock, first_seat)
    for number in range(len(PRACTITIONERS)):  # free places carried from day to day
        for day in range(LAST_DAY):
            row = first_stock + number * LAST_DAY + day
            model.column(0, [(row, 1.0)] + ([(row + 1, -1.0)] if day + 1 < LAST_DAY else []))
    return _solve(model, right, seats)


def _solve(model: _Model, right: NDArray[np.float64], seats: NDArray[np.float64]) -> float:
    rows = len(right) + len(seats)
    matrix = coo_array((model.values, (model.rows, model.columns)), shape=(rows, len(model.costs))).tocsc()
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = len(model.costs), rows
    programme.col_cost_ = np.array(model.costs)
    programme.col_lower_ = np.zeros(len(model.costs))
    programme.col_upper_ = np.full(len(model.costs), highspy.kHighsInf)
    programme.row_lower_ = np.concatenate([right, np.zeros(len(seats))])
    programme.row_upper_ = np.concatenate([right, seats])
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = matrix.indptr
    programme.a_matrix_.index_ = matrix.indices
    programme.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("solver", "ipm")
    solver.setOptionValue("run_crossover", "off")
    solver.passModel(programme)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(str(solver.getModelStatus()))
    return float(solver.getInfo().objective_function_value)


def _columns_of(
    model: _Model, trace: Trace, number: int, referral: Referral, first_stock: int, first_seat: int
) -> None:
    arrived, weight = referral["day"], WEIGHTS[referral["band"]]
    model.column(weight * (LAST_DAY - arrived), [(number, 1.0)])
    for who, practitioner in enumerate(PRACTITIONERS):
        outcome, days = referral["resp"][PROVIDERS.index(practitioner["provider"])]
        if outcome != "A" or hard_reason(referral, practitioner):
            continue
        soft = SOFT * len(mismatches(referral, practitioner))
        for start in range(arrived + days + 1, LAST_DAY):
            entries = [(number, 1.0), (first_stock + who * LAST_DAY + start, 1.0)]
            end = start + true_days(referral)
            if end < LAST_DAY:
                entries.append((first_stock + who * LAST_DAY + end, -1.0))
            model.column(weight * (start - arrived) + soft, entries)
    for which, course in enumerate(trace["courses"]):
        cost = _course_cost(referral, course)
        if cost is not None:
            model.column(cost, [(number, 1.0), (first_seat + which, 1.0)])


def _course_cost(referral: Referral, course: dict[str, Any]) -> float | None:
    outcome, days = referral["resp"][PROVIDERS.index(course["provider"])]
    fits = referral["group_ok"] and referral["area"] == course["area"] and referral["refused"] != course["provider"]
    if not fits or outcome != "A" or course["day"] < referral["day"] + days + 1:
        return None
    soft = SOFT * len(course_mismatches(referral, course))
    return float(WEIGHTS[referral["band"]] * (course["day"] - referral["day"]) + soft)

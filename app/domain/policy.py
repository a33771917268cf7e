"""An authority's allocation policy: immutable once published, identified by the hash of its content.

A policy is plain data of whole numbers and plain English. One that was stored before a field existed has the field's
default, which is the figure of the first published policy.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, fields
from hashlib import sha256
from json import dumps
from typing import Any

from app.domain.attention_rules import check_rules, default_rules
from app.domain.concerns import ConcernKind
from app.domain.duties import GROUPS

BANDS = ("P1", "P2", "P3", "P4")


def _answer_days() -> dict[str, int]:
    return {"P1": 1, "P2": 2, "P3": 3, "P4": 3}


def _escalation_hours() -> dict[str, int]:
    return {"P1": 4, "P2": 8, "P3": 24, "P4": 24}


def _windows() -> dict[str, int]:
    return {"P1": 5, "P2": 5, "P3": 2, "P4": 2}


def _course_windows() -> dict[str, int]:
    return {"P1": 15, "P2": 20, "P3": 40, "P4": 60}


def _weights() -> dict[str, int]:
    return {"P1": 8, "P2": 4, "P3": 2, "P4": 1}


def _costs() -> dict[str, int]:
    return {"reach": 300, "soft": 40, "day": 10}


def _long_stop() -> dict[str, Any]:
    return {"band": "P4", "becomes": "P3", "school_days": 50}


def _fair_share() -> dict[str, Any]:
    return {"on": False, "percent": 125, "extra_hundredths": 150, "exempt": ["P1"]}


def _at_once() -> dict[str, Any]:
    return {"bands": ["P1", "P2"], "free_places": 2}


def _reminders() -> dict[str, int]:
    return {**dict.fromkeys(GROUPS, 1), "filing": 3, "contract": 10}


def _escalations() -> dict[str, int]:
    return {"offer": 1, "casework": 2, "officer": 4, "concern": 1, "filing": 5, "meeting": 2, "contract": 1}


def _concern_hours() -> dict[str, int]:
    return {ConcernKind.CHILD_AT_RISK.value: 4, ConcernKind.ALLEGATION_ABOUT_WORKER.value: 24}


def _criteria() -> dict[str, str]:
    return {
        "P1": "The child may lose their school place or their care at home within days: a hearing date is set, or life"
        " at home or at school has broken down.",
        "P2": "Harm is growing now: suspensions repeat, attendance has collapsed, or a crisis has come to the family.",
        "P3": "A difficulty has settled in and will not lift without regular support.",
        "P4": "Early help: a first concern where support now may prevent something worse.",
    }


@dataclass(frozen=True, slots=True)
class Policy:
    """What an authority decides about allocation and its clocks.

    Days are working days unless the name says otherwise; the figures of allocation are in school days.
    """

    answer_days: dict[str, int] = field(default_factory=_answer_days)
    """By band: how long a provider has to answer an offer. Runs through school holidays."""
    first_contact_school_days: int = 5
    """From acceptance to the first contact."""
    extension_weeks: int = 6
    """School weeks that an intervention may be extended by, in all, beyond its service's standard length."""
    extension_notice_school_days: int = 5
    """An extension is declared this long before the planned end, or the place is offered ahead."""
    safeguarding_hours: int = 4
    """For an officer to act on a referral that says a child is in immediate danger."""
    placement_hours: int = 24
    """For an officer to look at a referral that no lot can serve."""
    escalation_hours: dict[str, int] = field(default_factory=_escalation_hours)
    """By band: for an officer to look at a referral whose offer ran out unanswered, or was given back."""
    objection_working_days: int = 5
    """After silence was taken for yes: from the provider's first read until it can no longer object."""
    return_working_days: int = 10
    """From the end of a period until its return is late."""
    identity_days_after_closure: int = 30
    """Calendar days for which a provider still sees whose case it was, after closing it."""
    criteria: dict[str, str] = field(default_factory=_criteria)
    """By band: the published criteria by which a person sets it, in plain English."""
    windows: dict[str, int] = field(default_factory=_windows)
    """By band: how many school days before a place's planned free day it may be offered."""
    course_windows: dict[str, int] = field(default_factory=_course_windows)
    """By band: how many school days before a course begins its seats may be offered."""
    course_notice_school_days: int = 3
    """A seat is offered no later than this before its course begins, so that the answer comes in time."""
    weights: dict[str, int] = field(default_factory=_weights)
    """By band: what a school day of waiting weighs in the choice between a place now and a better place later."""
    costs: dict[str, int] = field(default_factory=_costs)
    """What a place costs: `reach` for one of mean reach, `soft` for a wish not met, `day` times weight for a day."""
    long_stop: dict[str, Any] | None = field(default_factory=_long_stop)
    """A referral of `band` that has waited `school_days` counts as `becomes`, dated from that day; None for never."""
    fair_share: dict[str, Any] = field(default_factory=_fair_share)
    """When `on`: within a band, a school with more starts than `percent` of its entitlement and `extra_hundredths` of a
    start comes after the others; bands in `exempt` are untouched."""
    at_once: dict[str, Any] = field(default_factory=_at_once)
    """`bands` are decided on arrival; others too when `free_places` or more would do and nobody who could take one
    waits. Everyone else is decided by the next run."""
    sibling_claim_school_days: int = 10
    """For how long siblings have a claim on the practitioner of the first of them."""
    confirm_batches: bool = False
    """Whether an officer confirms the nightly plan before it takes effect; by day, what comes back is offered."""
    approvers: list[str] = field(default_factory=lambda: ["officer"])
    """The roles that may confirm a plan. Roles and not names: a policy is public."""
    panel_circulation_working_days: int = 5
    """Before a panel's sitting: for its agenda to reach the members."""
    panel_access_days: int = 10
    """Calendar days for which a panel's members still read the items of a sitting, after it."""
    exclusion_outcome_school_days: int = 15
    """From a school's pre-exclusion review until it says what became of it."""
    register_working_days: int = 2
    """From the end of a course's session until its register is late."""
    placement_outcome_working_days: int = 5
    """From the planned end of a placement until its outcome is late."""
    baseline_school_days: int = 5
    """From the first attended contact to the baseline reading."""
    plan_school_days: int = 10
    """From the first attended contact to the plan."""
    pause_weeks: int = 4
    """School weeks that the work with a family may be paused for, in all."""
    pause_backdate_school_days: int = 5
    """How long after its first day a pause, or the first day back, may still be recorded."""
    follow_up_school_days: int = 65
    """From the closure of completed work to its follow-up: a term."""
    follow_up_window_school_days: int = 20
    """How long before and after that day a follow-up may be done."""
    agreement_check_hours: int = 24
    """For an officer to check on a family that took its agreement back."""
    band_review_hours: int = 24
    """For an officer to answer a sender that asks for another band than an officer set."""
    reminders: dict[str, int] = field(default_factory=_reminders)
    """By group of debts (`app.domain.duties`): how long before it is due whoever owes is reminded, on the debt's own
    clock: school days, working days or hours."""
    escalations: dict[str, int] = field(default_factory=_escalations)
    """By group of debts: how long after its due moment the area's lead officer hears of it, on the debt's own clock."""
    concern_hours: dict[str, int] = field(default_factory=_concern_hours)
    """By kind of concern: for whoever it went to, to act on it. Runs through nights, weekends and holidays."""
    attention: list[dict[str, Any]] = field(default_factory=default_rules)
    """The rules by which a referral's facts ask an officer to look at it; they decide nothing."""
    attention_working_days: int = 2
    """For an officer to look, where a rule asks for the band to be reviewed."""
    transfer_working_days: int = 5
    """For an officer to see that the authority that a child moved to has what it needs."""

    def content(self) -> dict[str, Any]:
        """The policy as plain data."""
        return {item.name: deepcopy(getattr(self, item.name)) for item in fields(self)}

    def digest(self) -> str:
        """SHA-256 of the canonical content, hexadecimal."""
        return digest_of(self.content())


def digest_of(content: dict[str, Any]) -> str:
    """SHA-256 of a stored policy's canonical content, hexadecimal: its identity, whatever fields it was stored with."""
    return sha256(dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


FIGURES = ("windows", "course_windows", "course_notice_school_days", "weights", "costs", "at_once", "fair_share",
           "long_stop")  # fmt: skip
"""The fields that a plan is made by."""


def policy_from(content: dict[str, Any]) -> Policy:
    """The policy of a stored content. Raises ValueError naming what is wrong with it."""
    unknown = sorted(set(content) - set(Policy.__dataclass_fields__))
    if unknown:
        raise ValueError(f"The policy has fields that this version does not know: {', '.join(unknown)}.")
    for name, value in content.items():
        _CHECKS.get(name, _whole)(name, value)
    return Policy(**content)


def _whole(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"Every figure of a policy is a whole number, 0 or more: {name.replace('_', ' ')} is not.")


def _has(name: str, value: Any, keys: tuple[str, ...], what: str) -> None:
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - a fault of the content, told like every other
            f"The policy's {name.replace('_', ' ')} must name a value for each of {', '.join(keys)}."
        )
    missing = [key for key in keys if key not in value]
    if missing:
        raise ValueError(f"The policy states no {what} for {', '.join(missing)}.")
    unknown = sorted(set(value) - set(keys))
    if unknown:
        raise ValueError(f"The policy's {name.replace('_', ' ')} name what is not known: {', '.join(unknown)}.")


def _by_band(what: str) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        _has(name, value, BANDS, what)
        for band in BANDS:
            _whole(f"{what} for {band}", value[band])

    return check


def _by_group(what: str) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        _has(name, value, GROUPS, what)
        for group in GROUPS:
            _whole(f"{what} for {group}", value[group])

    return check


def _check_concern_hours(name: str, value: Any) -> None:
    _has(name, value, tuple(ConcernKind), "hours")
    for kind, hours in value.items():
        _whole(f"the hours to act on {kind}", hours)


def _check_criteria(name: str, value: Any) -> None:
    _has(name, value, BANDS, "criterion")
    if any(not isinstance(text, str) or not text.strip() for text in value.values()):
        raise ValueError("The policy's criteria are sentences in plain English, one for each band.")


def _check_costs(name: str, value: Any) -> None:
    _has(name, value, ("reach", "soft", "day"), "cost")
    for key, figure in value.items():
        _whole(f"the cost of {key}", figure)


def _check_long_stop(name: str, value: Any) -> None:
    if value is None:
        return
    _has(name, value, ("band", "becomes", "school_days"), "long-stop figure")
    _whole("the long-stop's school days", value["school_days"])
    if value["band"] not in BANDS or value["becomes"] not in BANDS or value["becomes"] >= value["band"]:
        raise ValueError("The policy's long-stop moves a band to a more urgent one.")


def _check_fair_share(name: str, value: Any) -> None:
    _has(name, value, ("on", "percent", "extra_hundredths", "exempt"), "fair-share figure")
    _yes_or_no("fair share's on", value["on"])
    _whole("fair share's percent", value["percent"])
    _whole("fair share's extra hundredths", value["extra_hundredths"])
    _bands("fair share's exempt", value["exempt"])


def _check_at_once(name: str, value: Any) -> None:
    _has(name, value, ("bands", "free_places"), "figure of what is decided at once")
    _bands("at once", value["bands"])
    _whole("the free places for deciding at once", value["free_places"])


def _bands(name: str, value: Any) -> None:
    if not isinstance(value, list) or any(band not in BANDS for band in value):
        raise ValueError(f"The policy's bands ({name}) are a list of {', '.join(BANDS)}.")


def _yes_or_no(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"The policy says yes or no: {name.replace('_', ' ')} does not.")  # noqa: TRY004 - as above


def _check_approvers(name: str, value: Any) -> None:
    if not isinstance(value, list) or not value or any(not isinstance(role, str) or not role for role in value):
        raise ValueError(f"The policy's {name} are a list of one role or more.")


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "answer_days": _by_band("time to answer"),
    "escalation_hours": _by_band("time to look at an unanswered offer"),
    "criteria": _check_criteria,
    "windows": _by_band("window"),
    "course_windows": _by_band("course window"),
    "weights": _by_band("weight"),
    "costs": _check_costs,
    "long_stop": _check_long_stop,
    "fair_share": _check_fair_share,
    "at_once": _check_at_once,
    "confirm_batches": _yes_or_no,
    "approvers": _check_approvers,
    "reminders": _by_group("reminder"),
    "escalations": _by_group("escalation"),
    "concern_hours": _check_concern_hours,
    "attention": check_rules,
}

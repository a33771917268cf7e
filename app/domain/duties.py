"""Every kind of debt, in one table: who owes it, on which clock, for how long, and by which acts it ends.

The code that owes and settles debts is written in the acts themselves; `tests/guards/test_duties.py` compares it with
this table, and so does `docs/obligations.md` for the reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.domain.obligations import ObligationClock, ObligationKind, SubjectKind

Debtor = Literal["provider", "authority", "school", "recipient", "convener", "agency", "named"]
"""`named`: whoever took it on, the school or the provider."""
DutyGroup = Literal["offer", "casework", "officer", "concern", "filing", "meeting", "contract"]
"""What an authority tunes together: how long before it is due a debt is called to mind, how long after it escalates."""

GROUPS: Final[tuple[DutyGroup, ...]] = get_args(DutyGroup)
BY_NOTE: Final = "mark_obligation_done"
"""The act of last resort: an officer notes what was done about a debt that no other act settles."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of debt."""

    owed_by: Debtor
    clock: ObligationClock
    subject: SubjectKind
    group: DutyGroup
    runs: str
    """From when, for how long; a word in backticks is a policy field."""
    met_by: tuple[str, ...]
    """The operations that meet it, by their OpenAPI ids."""
    ends_otherwise: str = "-"
    """What cancels it, or puts it off."""
    escalates: bool = True
    also_about: SubjectKind | None = None
    """What it may be about besides its usual subject."""
    """Whether the area's lead officer hears of it when it stays overdue."""


_CASE_ENDS: Final = "cancelled with the case; owed again when a closure is undone"
_CASE_MOVES: Final = f"put off by pauses; {_CASE_ENDS}"

DUTIES: Final[Mapping[ObligationKind, Duty]] = {
    "answer_offer": Duty(
        "provider", "working_day", "offer", "offer",
        "from the offer, `answer_days` of the band", ("accept_allocation", "decline_allocation"),
        "cancelled when the offer expires, which escalates by itself, or is taken back", escalates=False,
    ),
    "deemed_acceptance_check": Duty(
        "authority", "calendar_hour", "offer", "officer",
        "to the end of the day on which silence counted as yes", ("check_deemed_acceptance",),
        "cancelled when the case is given back or handed over",
    ),
    "safeguarding_action": Duty(
        "authority", "calendar_hour", "referral", "officer",
        "from the referral, `safeguarding_hours`", ("release_referral",), "cancelled when it is withdrawn",
    ),
    "agreement_check": Duty(
        "authority", "calendar_hour", "referral", "officer",
        "from the day the family withdrew, `agreement_check_hours`", ("release_referral",),
        "cancelled when the family agrees anew, or the referral is withdrawn",
    ),
    "place_referral": Duty(
        "authority", "calendar_hour", "referral", "officer",
        "from when no lot can serve it, `placement_hours`; from an unanswered or returned offer, `escalation_hours`",
        ("override_allocation", "release_referral", "accept_allocation"),
        "cancelled when a lot can serve it again, or it is withdrawn",
    ),
    "lead_officer_action": Duty(
        "authority", "calendar_hour", "referral", "officer",
        "from the second unanswered offer, `escalation_hours` of the band",
        (BY_NOTE, "release_referral", "accept_allocation"), "cancelled when it is withdrawn", escalates=False,
    ),
    "band_review": Duty(
        "authority", "calendar_hour", "referral", "officer",
        "from the sender's request, `band_review_hours`", ("change_band",),
        "cancelled when a provider accepts, or the referral is withdrawn",
    ),
    "initial_contact": Duty(
        "provider", "school_day", "intervention", "casework",
        "from acceptance, or the place's later free day, `first_contact_school_days`", ("record_contact",),
        f"put off when the start moves; {_CASE_ENDS}", also_about="referral",
    ),
    "baseline": Duty(
        "provider", "school_day", "intervention", "casework",
        "from the first contact, `baseline_school_days`", ("record_reading",), _CASE_MOVES,
    ),
    "plan": Duty(
        "provider", "school_day", "intervention", "casework",
        "from the first contact, `plan_school_days`", ("put_plan",), _CASE_MOVES,
    ),
    "review": Duty(
        "provider", "school_day", "intervention", "casework", "to the middle of the planned work",
        ("record_review",), _CASE_MOVES,
    ),
    "closure": Duty(
        "provider", "school_day", "intervention", "casework", "to the planned end", ("close_intervention",),
        f"put off by an extension or a pause; {_CASE_ENDS}",
    ),
    "pause_end": Duty(
        "provider", "school_day", "intervention", "casework", "to the last day that a pause was to have",
        ("resume_intervention",), _CASE_ENDS,
    ),
    "follow_up": Duty(
        "provider", "school_day", "intervention", "casework",
        "from the closure of completed work, `follow_up_school_days`", ("record_contact", "record_reading"),
        "cancelled when the closure is undone",
    ),
    "transfer_check": Duty(
        "authority", "working_day", "referral", "officer", "from a move to another authority, `transfer_working_days`",
        ("confirm_transfer",), "owed anew when the move is recorded again",
    ),
    "concern_action": Duty(
        "recipient", "calendar_hour", "concern", "concern", "from the concern, `concern_hours` of its kind",
        ("acknowledge_concern", "close_concern"),
    ),
    "attention_review": Duty(
        "authority", "working_day", "referral", "officer",
        "from the fact that asks for attention, `attention_working_days`", ("look_at_attention",),
        "cancelled when the fact no longer stands, or the band decides nothing any longer",
    ),
    "provider_return": Duty(
        "provider", "working_day", "return", "filing", "from the half-term's end, `return_working_days`",
        ("submit_return",),
    ),
    "school_return": Duty(
        "school", "working_day", "return", "filing", "from the term's end, `return_working_days`", ("submit_return",),
    ),
    "contract_ending": Duty(
        "authority", "school_day", "contract", "contract", "from 30 school days before the end, to the end",
        (BY_NOTE, "hand_over_contract"), "cancelled by an extension; owed anew when that end is near", escalates=False,
    ),
    "panel_circulation": Duty(
        "convener", "working_day", "panel", "meeting", "before the sitting, `panel_circulation_working_days`",
        ("circulate_agenda",), "put off when the sitting is moved; cancelled with it",
    ),
    "panel_action": Duty(
        "agency", "working_day", "panel_action", "meeting", "to the day that the panel set", ("finish_panel_action",),
        "cancelled when the decision is corrected",
    ),
    "exclusion_outcome": Duty(
        "school", "school_day", "pre_exclusion_review", "filing", "from the review, `exclusion_outcome_school_days`",
        ("record_exclusion_outcome",),
    ),
    "audit_action": Duty(
        "named", "working_day", "audit_action", "meeting", "to the day that the action plan set",
        ("change_audit_action",), "put off with its day; cancelled when it is dropped",
    ),
    "placement_review": Duty(
        "school", "school_day", "placement", "casework", "to the next review date", ("review_placement",),
        "cancelled when the placement ends",
    ),
    "placement_outcome": Duty(
        "provider", "working_day", "placement", "casework",
        "from the placement's planned end, `placement_outcome_working_days`", ("end_placement",),
        "put off by an extension",
    ),
    "course_attendance": Duty(
        "provider", "working_day", "course", "casework", "from the end of a session, `register_working_days`",
        ("put_course_register",), "cancelled with the course",
    ),
    "link_day_action": Duty(
        "named", "school_day", "link_day_action", "casework", "to the day that was agreed",
        ("finish_link_day_action",), "cancelled with the action",
    ),
}  # fmt: skip


def done_by_note(kind: ObligationKind) -> bool:
    """Whether an officer may settle a debt of this kind with a note."""
    return BY_NOTE in DUTIES[kind].met_by


def other_acts(kind: ObligationKind) -> tuple[str, ...]:
    """The operations that settle a debt of this kind, the officer's note aside."""
    return tuple(act for act in DUTIES[kind].met_by if act != BY_NOTE)

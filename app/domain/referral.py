"""The states of a referral and the only moves between them.

The database holds the same table (`referral_transition`): a move that is not listed here cannot be written, and each
move names the one event that tells of it.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from app.access import Kind
from app.errors import ActionNotAvailable


class State(StrEnum):
    """Where a referral stands."""

    NEW = "new"
    """Before the first row: never stored as a referral's state."""
    DRAFT = "draft"
    SUBMITTED = "submitted"
    INFORMATION_REQUESTED = "information_requested"
    IN_PANEL = "in_panel"
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class Transition(NamedTuple):
    """One allowed move and the event that tells of it."""

    source: State
    target: State
    event: str


S = State
_OPEN: Final = (
    S.DRAFT,
    S.SUBMITTED,
    S.INFORMATION_REQUESTED,
    S.IN_PANEL,
    S.WAITING,
    S.OFFERED,
    S.ACCEPTED,
    S.IN_PROGRESS,
    S.ON_HOLD,
)

TRANSITIONS: Final[frozenset[Transition]] = frozenset(
    [
        Transition(S.NEW, S.DRAFT, "referral.drafted"),
        Transition(S.NEW, S.SUBMITTED, "referral.submitted"),
        Transition(S.DRAFT, S.SUBMITTED, "referral.submitted"),
        Transition(S.SUBMITTED, S.WAITING, "referral.waiting"),
        Transition(S.SUBMITTED, S.OFFERED, "allocation.offered"),
        Transition(S.WAITING, S.OFFERED, "allocation.offered"),
        Transition(S.OFFERED, S.WAITING, "allocation.declined"),
        Transition(S.OFFERED, S.WAITING, "allocation.expired"),
        Transition(S.OFFERED, S.WAITING, "allocation.withdrawn"),
        Transition(S.OFFERED, S.ACCEPTED, "allocation.accepted"),
        # Accepted by silence: a provider that objects gives it back, and one that has not read it can be asked no more.
        Transition(S.ACCEPTED, S.WAITING, "allocation.declined"),
        Transition(S.ACCEPTED, S.WAITING, "allocation.withdrawn"),
        # A late answer counts while nobody else holds the referral and a place of the lot is free.
        Transition(S.WAITING, S.ACCEPTED, "allocation.accepted"),
        Transition(S.ACCEPTED, S.IN_PROGRESS, "intervention.started"),
        Transition(S.ACCEPTED, S.ON_HOLD, "intervention.paused"),
        Transition(S.IN_PROGRESS, S.ON_HOLD, "intervention.paused"),
        Transition(S.ON_HOLD, S.IN_PROGRESS, "intervention.resumed"),
        Transition(S.ON_HOLD, S.ACCEPTED, "intervention.resumed"),
        *(
            Transition(state, S.INFORMATION_REQUESTED, "referral.information_requested")
            for state in (S.SUBMITTED, S.WAITING, S.OFFERED, S.IN_PANEL)
        ),
        Transition(S.INFORMATION_REQUESTED, S.SUBMITTED, "referral.information_answered"),
        *(Transition(state, S.IN_PANEL, "referral.sent_to_panel") for state in (S.SUBMITTED, S.WAITING)),
        Transition(S.IN_PANEL, S.WAITING, "referral.waiting"),
        *(Transition(state, S.CLOSED, "referral.closed") for state in _OPEN),
        *(Transition(state, S.CLOSED, "intervention.closed") for state in (S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD)),
        *(
            Transition(S.CLOSED, state, "referral.reopened")
            for state in (S.WAITING, S.INFORMATION_REQUESTED, S.IN_PANEL, S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD)
        ),
    ]
)

OPEN_STATES: Final = frozenset(_OPEN)
CASE_STATES: Final = frozenset({S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD})
BEFORE_A_CASE: Final = OPEN_STATES - CASE_STATES
"""Where the band still decides who comes first."""
REOPEN_WITHIN_SCHOOL_DAYS: Final = 10


def reopened_state(before: State, *, place_is_free: bool) -> State:
    """Where a referral stands once its closure is undone, by where it stood before.

    A case goes on if its place can be booked again, else the referral waits. An offer ended with the closure.
    """
    if before in CASE_STATES and place_is_free:
        return before
    return before if before in (S.INFORMATION_REQUESTED, S.IN_PANEL) else S.WAITING


def check_move(source: State, target: State, event: str) -> None:
    """Raise ActionNotAvailable unless the move is in the table."""
    if Transition(source, target, event) not in TRANSITIONS:
        raise ActionNotAvailable(f"A referral that is {source.value} cannot become {target.value}.")


_SENDER_ACTIONS: Final[dict[State, tuple[str, ...]]] = {
    S.SUBMITTED: ("amend", "agreement", "withdraw", "siblings", "change-school"),
    S.INFORMATION_REQUESTED: ("information", "amend", "agreement", "withdraw", "siblings", "change-school"),
    S.IN_PANEL: ("amend", "agreement", "withdraw", "siblings", "change-school"),
    S.WAITING: ("amend", "agreement", "withdraw", "siblings", "change-school"),
    S.OFFERED: ("amend", "agreement", "withdraw", "siblings", "change-school"),
    S.ACCEPTED: ("amend", "agreement", "withdraw", "siblings", "change-school"),
    S.IN_PROGRESS: ("amend", "agreement", "siblings", "change-school"),
    S.ON_HOLD: ("amend", "agreement", "siblings", "change-school"),
}
_ALWAYS: Final = ("siblings", "change-school", "transfer", "close")
"""What an officer may do to any referral that is open."""
_AUTHORITY_ACTIONS: Final[dict[State, tuple[str, ...]]] = {
    S.SUBMITTED: ("request-information", "band", "allow-provider", "to-panel", *_ALWAYS),
    S.INFORMATION_REQUESTED: ("band", "allow-provider", *_ALWAYS),
    S.IN_PANEL: ("band", "allow-provider", *_ALWAYS),
    S.WAITING: ("request-information", "band", "allow-provider", "override", "to-panel", "join-case", *_ALWAYS),
    S.OFFERED: ("request-information", "band", "allow-provider", "withdraw-offer", *_ALWAYS),
    **dict.fromkeys((S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD), _ALWAYS),
}
SENDERS_ACTS: Final = frozenset({"amend", "information", "withdraw", "siblings"})
"""The sender's alone: the child's school reads a referral that an agency sent, and does not change it."""
_PROVIDER_ACTIONS: Final[dict[State, tuple[str, ...]]] = {
    S.ACCEPTED: ("agreement",),
    S.IN_PROGRESS: ("agreement",),
    S.ON_HOLD: ("agreement",),
}


def available_actions(state: State, kind: Kind, *, held: bool = False, reopenable: bool = False) -> list[str]:
    """The acts that a caller of this kind may do now, named as the last part of their paths.

    `held`: an officer has something to look at (a safeguarding hold, a possible duplicate, an agreement taken back).
    `reopenable`: it was closed a short while ago, by the caller's own organisation or before an officer.
    """
    if reopenable and state is S.CLOSED:
        return ["reopen"]
    if kind in (Kind.SCHOOL, Kind.AGENCY):
        return list(_SENDER_ACTIONS.get(state, ()))
    if kind is Kind.AUTHORITY:
        actions = list(_AUTHORITY_ACTIONS.get(state, ()))
        if held and (state is S.WAITING or state in CASE_STATES):
            actions = [action for action in actions if action != "override"] + ["release"]
        return actions
    return list(_PROVIDER_ACTIONS.get(state, ()))

"""Panels: the states of a sitting, whose turn the chair is, what can be decided of an item, and what can be corrected.

Nothing here decides about a child: a person does, and says why. These rules say which decisions are open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.domain.referral import State
from app.errors import ActionNotAvailable, FieldFault


class SittingState(StrEnum):
    """Where one meeting of a panel stands."""

    PLANNED = "planned"
    CIRCULATED = "circulated"
    """Its agenda is frozen, and its members have it."""
    HELD = "held"
    MINUTED = "minuted"
    CANCELLED = "cancelled"


class ItemKind(StrEnum):
    """What stands on an agenda."""

    REFERRAL = "referral"
    BLOCKAGE = "blockage"
    """Something that keeps families from support and is no referral."""
    PRE_EXCLUSION_REVIEW = "pre_exclusion_review"


class ItemState(StrEnum):
    """What became of an item at its sitting."""

    LISTED = "listed"
    DECIDED = "decided"
    NOT_REACHED = "not_reached"
    TAKEN_OFF = "taken_off"


class ItemSource(StrEnum):
    """How an item came onto an agenda."""

    OFFICER = "officer"
    SCHOOL = "school"
    CARRIED_OVER = "carried_over"
    ANSWERED = "answered"
    """The panel had asked for information, and it came."""
    REOPENED = "reopened"


class PanelOutcome(StrEnum):
    """What a panel decides of an item."""

    ALLOCATE = "allocate"
    REDIRECT = "redirect"
    REQUEST_INFORMATION = "request_information"
    HOLD = "hold"
    NO_FURTHER_ACTION = "no_further_action"


class Effect(StrEnum):
    """What a decision did to the referral."""

    OFFERED = "offered"
    WAITING = "waiting"
    """It was to have a place of a lot that had none free: it waits with its old date."""
    CLOSED = "closed"
    INFORMATION_REQUESTED = "information_requested"
    HELD = "held"
    RECORDED = "recorded"
    """The item is no referral: what was decided is kept, and nothing else moves."""


_MOVES: Final[dict[SittingState, tuple[SittingState, ...]]] = {
    SittingState.PLANNED: (SittingState.CIRCULATED, SittingState.CANCELLED),
    SittingState.CIRCULATED: (SittingState.HELD, SittingState.CANCELLED),
    SittingState.HELD: (SittingState.MINUTED,),
}
OF_A_REFERRAL_ALONE: Final = frozenset({PanelOutcome.ALLOCATE, PanelOutcome.REQUEST_INFORMATION})
_CLOSING: Final = frozenset({PanelOutcome.REDIRECT, PanelOutcome.NO_FURTHER_ACTION})
_DETAIL_OF: Final = {
    PanelOutcome.ALLOCATE: "lot_id",
    PanelOutcome.REDIRECT: "redirected_to",
    PanelOutcome.REQUEST_INFORMATION: "question",
}
"""What an outcome cannot do without."""
LONGEST_ACTION: Final = timedelta(days=366)


def check_sitting_move(source: SittingState, target: SittingState) -> None:
    """Raise ActionNotAvailable unless a sitting may go from one state to the other."""
    if target not in _MOVES.get(source, ()):
        raise ActionNotAvailable(f"A sitting that is {source.value} cannot become {target.value}.")


def turns(order: Sequence[UUID], last: UUID | None, count: int) -> list[UUID]:
    """Whose turn the chair is at each of the next `count` sittings, by the order in which members take it.

    The turn goes on from whose it was last; from the beginning where nobody's was, or that member has left the order.
    Raises ValueError for an order without members.
    """
    if not order:
        raise ValueError("A panel without members has no chair.")
    first = order.index(last) + 1 if last in order else 0
    return [order[(first + number) % len(order)] for number in range(count)]


@dataclass(frozen=True, slots=True)
class Deciding:
    """What is decided of an item, as it is sent in."""

    outcome: PanelOutcome
    lot_id: UUID | None = None
    redirected_to: str | None = None
    question: str | None = None
    actions: tuple["Task", ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """What a decision asks of an organisation, by when."""

    owner_id: UUID
    what: str
    due_on: date


def decision_faults(kind: ItemKind, deciding: Deciding, today: date) -> list[FieldFault]:
    """What is wrong with a decision by itself: details that its outcome needs or cannot have, and due days."""
    faults = []
    if kind is not ItemKind.REFERRAL and deciding.outcome in OF_A_REFERRAL_ALONE:
        faults.append(FieldFault("/outcome", "not_a_referral", "Only a referral can have this outcome."))
    for outcome, name in _DETAIL_OF.items():
        stated = getattr(deciding, name) is not None
        if stated and outcome is not deciding.outcome:
            faults.append(FieldFault(f"/{name}", "not_of_the_outcome", f"This belongs to the outcome {outcome.value}."))
        if not stated and outcome is deciding.outcome:
            faults.append(FieldFault(f"/{name}", "missing", f"The outcome {outcome.value} needs this."))
    for index, task in enumerate(deciding.actions):
        if not today <= task.due_on <= today + LONGEST_ACTION:
            sentence = "An action is due today or later, and within a year."
            faults.append(FieldFault(f"/actions/{index}/due_on", "out_of_range", sentence))
    return faults


_STILL_OPEN: Final[dict[Effect, frozenset[State]]] = {
    Effect.HELD: frozenset({State.IN_PANEL}),
    Effect.WAITING: frozenset({State.WAITING, State.OFFERED}),
    Effect.OFFERED: frozenset({State.WAITING, State.OFFERED}),
    Effect.CLOSED: frozenset({State.CLOSED}),
    Effect.INFORMATION_REQUESTED: frozenset({State.INFORMATION_REQUESTED}),
}


def check_correctable(effect: Effect, state: State | None, instead: PanelOutcome) -> None:
    """Raise ActionNotAvailable unless what a decision did can still be changed to another outcome.

    `state` is where the referral stands now; None for an item that is no referral, whose decision did nothing. A
    question that was put to the sender cannot be unasked: only a closure can take its place.
    """
    if state is None:
        return
    if state not in _STILL_OPEN.get(effect, frozenset()):
        raise ActionNotAvailable(
            f"The referral is {state.value} by now: what the panel decided can no longer be corrected here."
        )
    if effect is Effect.INFORMATION_REQUESTED and instead not in _CLOSING:
        raise ActionNotAvailable("The sender has been asked already: wait for the answer, which comes to the panel.")

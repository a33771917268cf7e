"""A school's reviews before an exclusion: recorded once held, amended, put before a panel, and what became of them."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from app.db import ReadSession, WriteSession, broker
from app.domain.clocks import due_at
from app.domain.panels import ItemKind, ItemSource
from app.domain.policy import Policy, policy_from
from app.domain.pre_exclusion import HeadsDecision, ReviewDates, ReviewOutcome, outcome_faults, review_faults
from app.errors import ActionNotAvailable, FieldFault, Invalid, NotFound
from app.ids import new_id, new_reference
from app.models.pre_exclusion import pre_exclusion_review
from app.queries import panels, policies, referrals, schools
from app.queries import pre_exclusion as queries
from app.queries.parties import authority_organisation, calendar_of
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes, change
from app.services.events import tell
from app.services.faults import refuse
from app.services.obligations import meet, owe
from app.services.panels.sending import list_item

Facts = dict[str, Any]


async def record_review(session: WriteSession, writes: Writes, facts: Facts) -> UUID:
    """Queue a review that the caller's school held; its id. What became of it is owed from then on.

    Raises Invalid naming each field that is not right.
    """
    await _check(session, session.organisation_id, facts)
    review_id = new_id()
    writes.add(
        pre_exclusion_review,
        id=review_id,
        school_id=session.organisation_id,
        reference=new_reference("X"),
        created_at=session.now,
        updated_at=session.now,
        **facts,
    )
    calendar = await calendar_of_school(session, session.organisation_id, await calendar_of(session))
    owe(
        writes,
        session,
        "exclusion_outcome",
        session.organisation_id,
        subject=("pre_exclusion_review", review_id),
        clock="school_day",
        due_at=due_at("school_day", calendar, session.now, await _days(session)),
    )
    tell(
        writes,
        session,
        "pre_exclusion_review.recorded",
        subject=("pre_exclusion_review", review_id, 1),
        audience=[await authority_organisation(session), session.organisation_id],
    )
    return review_id


async def amend_review(
    session: WriteSession, writes: Writes, review_id: UUID, facts: Facts, check: Callable[[int], None]
) -> None:
    """Change a review whose outcome is not known yet. Raises NotFound, ActionNotAvailable, Invalid, and as `check`."""
    review = await _locked(session, review_id)
    check(review["version"])
    if review["outcome"] is not None:
        raise ActionNotAvailable("What became of the review is recorded: it can no longer be changed.")
    await _check(session, review["school_id"], {**review, **facts})
    await _write(session, review, facts)
    tell(
        writes,
        session,
        "pre_exclusion_review.changed",
        subject=("pre_exclusion_review", review_id, review["version"]),
        audience=[await authority_organisation(session), review["school_id"]],
        data={"fields": sorted(facts)},
    )


async def record_outcome(
    session: WriteSession,
    writes: Writes,
    review_id: UUID,
    outcome: ReviewOutcome,
    on: date,
    *,
    excluded_on: date | None,
    words: str | None,
) -> None:
    """Record what became of a review. An exclusion may be rescinded afterwards; nothing else is changed.

    Raises NotFound, ActionNotAvailable, Invalid.
    """
    review = await _locked(session, review_id)
    if review["outcome"] is not None and not (
        review["outcome"] == ReviewOutcome.EXCLUDED and outcome is ReviewOutcome.RESCINDED
    ):
        raise ActionNotAvailable(f"It is recorded already that the pupil was {review['outcome'].replace('_', ' ')}.")
    excluded_on = excluded_on or review["excluded_on"]
    refuse(outcome_faults(outcome, on, excluded_on, review["held_on"], session.today))
    await _write(
        session,
        review,
        {"outcome": outcome.value, "outcome_on": on, "excluded_on": excluded_on, "outcome_words": words},
    )
    await meet(session, "exclusion_outcome", review_id)
    tell(
        writes,
        session,
        "pre_exclusion_review.outcome_recorded",
        subject=("pre_exclusion_review", review_id, review["version"]),
        audience=[await authority_organisation(session), review["school_id"]],
        data={"outcome": outcome.value},
    )


async def put_review_before_panel(
    session: WriteSession, writes: Writes, review_id: UUID, panel_id: UUID | None, words: str
) -> None:
    """List a review for the next sitting of a panel, because its school wishes it: the one named, or its area's.

    Raises NotFound, Invalid for a panel that is not there, and AlreadyExists while it is listed.
    """
    await _locked(session, review_id)
    async with broker(session) as wide:
        review = await _locked(wide, review_id)
        if panel_id is None:
            panel = await panels.panel_of_area(wide, await schools.area_of(wide, review["school_id"]))
        else:
            panel = await panels.get_panel(wide, panel_id)
        if panel is None or not panel["active"]:
            raise Invalid(errors=[FieldFault("/panel_id", "unknown", "There is no such panel that still meets.")])
        await list_item(
            wide, writes, panel, ItemKind.PRE_EXCLUSION_REVIEW, words, ItemSource.SCHOOL, review_id=review_id
        )
        await _write(wide, review, {})
        tell(
            writes,
            wide,
            "pre_exclusion_review.sent_to_panel",
            subject=("pre_exclusion_review", review_id, review["version"]),
            audience=[await authority_organisation(wide), review["school_id"]],
            data={"panel_id": str(panel["id"])},
        )
        await writes.flush(wide)


async def _locked(session: WriteSession, review_id: UUID) -> Facts:
    review = await queries.lock_review(session, review_id)
    if review is None:
        raise NotFound
    return review


async def _write(session: WriteSession, review: Facts, columns: Facts) -> None:
    values = {**columns, "version": review["version"] + 1, "updated_at": session.now}
    await change(session, pre_exclusion_review, {"id": review["id"]}, values)
    review.update(values)


async def _check(session: ReadSession, school_id: UUID, facts: Facts) -> None:
    dates = ReviewDates(facts["held_on"], facts["decided_on"], None, facts["governors_meet_on"])
    decision = facts["decision"]
    faults = review_faults(dates, HeadsDecision(decision) if decision else None, session.today)
    if (facts["pupil_voice"] is None) == (facts["pupil_voice_missing_reason"] is None):
        sentence = "Say what the pupil said, or why the pupil was not heard: one of the two."
        faults.append(FieldFault("/pupil_voice", "pupil_not_heard", sentence))
    group_id, referral_id = facts["school_group_id"], facts["referral_id"]
    if group_id is not None and not await queries.is_of_group(session, school_id, group_id):
        faults.append(FieldFault("/school_group_id", "unknown", "The school belongs to no group of this id."))
    if referral_id is not None and await referrals.visible(session, referral_id) is None:
        faults.append(FieldFault("/referral_id", "unknown", "You have no referral of this id."))
    refuse(faults)


async def _days(session: ReadSession) -> int:
    found = await policies.policy_on(session, session.today)
    return (policy_from(orjson.loads(found["content"])) if found else Policy()).exclusion_outcome_school_days

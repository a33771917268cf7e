"""Pointing a family to other services, and learning later whether it went there."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from app.db import WriteSession
from app.domain.interventions import check_day_of_case, check_open
from app.domain.signposts import ForWhom, SignpostKind, TakenUp, WhyNot, check_take_up, goes_into_letters
from app.errors import ActionNotAvailable, FieldFault, Invalid, NotFound
from app.ids import new_id
from app.models.closing import signpost
from app.queries import signposts as queries
from app.queries import writes as writing
from app.queries.writes import Writes
from app.services.interventions.case import Check, Row, case_of, change, check_agreed, lock_case, tell

MOST: Final = 100
"""Signposts of one case."""


async def record_signpost(
    session: WriteSession, writes: Writes, intervention_id: UUID, values: dict[str, Any], check: Check
) -> Row:
    """Record a service that the family was pointed to; the signpost.

    `values`: name, kind, url, service_id, signposted_on, for_whom, and in_letters, where None leaves it to the kind.
    The referrer is not told of what a parent was pointed to for itself, which it may not see. Raises NotFound,
    ActionNotAvailable, Invalid.
    """
    row = await lock_case(session, intervention_id, check)
    case = case_of(row)
    check_open(case)
    check_day_of_case(case, values["signposted_on"], session.today, "/signposted_on")
    await check_agreed(session, row)
    in_letters = goes_into_letters(SignpostKind(values["kind"]), values["in_letters"])
    if values["service_id"] is not None and not await queries.is_service(session, values["service_id"]):
        raise Invalid(errors=[FieldFault("/service_id", "unknown_service", "There is no such service.")])
    if await queries.count(session, intervention_id) >= MOST:
        raise ActionNotAvailable(f"A case has at most {MOST} signposts.")
    recorded = {**values, **_new(session, intervention_id), "in_letters": in_letters}
    writes.add(signpost, **recorded)
    await _tell(session, writes, "intervention.signposted", row, recorded, {"kind": recorded["kind"]})
    return recorded


async def follow_up_signpost(
    session: WriteSession,
    writes: Writes,
    intervention_id: UUID,
    signpost_id: UUID,
    values: dict[str, Any],
    check: Check,
) -> Row:
    """Record whether the family went where it was pointed to, also after the close; the signpost.

    `values`: taken_up, why_not, followed_up_on. `check` judges the signpost's version. Raises NotFound and Invalid.
    """
    row = await lock_case(session, intervention_id, _any_version)
    found = await queries.lock_signpost(session, intervention_id, signpost_id)
    if found is None:
        raise NotFound
    check(found["version"])
    check_take_up(
        TakenUp(values["taken_up"]),
        None if values["why_not"] is None else WhyNot(values["why_not"]),
        followed_up_on=values["followed_up_on"],
        signposted_on=found["signposted_on"],
        today=session.today,
    )
    changed = {**values, "version": found["version"] + 1}
    await writing.change(session, signpost, {"id": signpost_id}, changed)
    found |= changed
    told: dict[str, object] = {"taken_up": found["taken_up"], "why_not": found["why_not"]}
    await _tell(session, writes, "intervention.signpost_followed_up", row, found, told)
    return found


async def keep_those_of_the_closure(
    session: WriteSession, writes: Writes, intervention_id: UUID, named: Iterable[Mapping[str, Any]]
) -> list[Row]:
    """Record what a closure's summary names and no signpost does yet; all signposts of the case then, by day.

    So whoever counts signposts counts these too. The close is their act and tells of them.
    """
    before = await queries.list_signposts(session, intervention_id, limit=MOST)
    known = {row["name"].casefold() for row in before}
    new = []
    for each in named:
        if each["name"].casefold() not in known:
            known.add(each["name"].casefold())
            recorded = {
                "name": each["name"],
                "kind": SignpostKind.OTHER.value,
                "url": each["url"],
                "service_id": None,
                "signposted_on": session.today,
                "for_whom": ForWhom.FAMILY.value,
                "in_letters": True,
                **_new(session, intervention_id),
            }
            new.append(recorded)
            writes.add(signpost, **recorded)
    return [*before, *new]


def _new(session: WriteSession, intervention_id: UUID) -> Row:
    return {
        "id": new_id(),
        "intervention_id": intervention_id,
        "taken_up": TakenUp.UNKNOWN.value,
        "why_not": None,
        "followed_up_on": None,
        "recorded_at": session.now,
        "version": 1,
    }


async def _tell(
    session: WriteSession, writes: Writes, event_type: str, row: Row, about: Row, data: dict[str, object]
) -> None:
    await change(session, row)
    seen_by_referrer = about["for_whom"] != ForWhom.PARENT
    told = {"signpost_id": str(about["id"]), **data}
    await tell(session, writes, event_type, row, to_referrer=seen_by_referrer, data=told)


def _any_version(_: int) -> None:
    """A signpost has a version of its own: that one is judged, not the intervention's."""

"""The end of a contract: officers see it coming, open offers lapse with it, and work that has begun runs on.

A place is offered until the contract's last day, and what was accepted by then runs to its own planned end, on the old
contract's terms: nobody is turned out by a date. It may also be handed over to the contract that follows
(`app.services.hand_over`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from app.db import BrokerSession, ReadSession
from app.domain.allocation import verdicts_of
from app.domain.clocks import end_of
from app.domain.contract_terms import ContractTerms
from app.domain.referral import State
from app.errors import NotFound
from app.queries import contract_end as queries
from app.queries import contracts, lots, referrals, who_waits
from app.queries.contract_terms import terms_on
from app.queries.parties import authority_organisation, calendar_of
from app.queries.writes import Writes
from app.services import history
from app.services.answers_to_offers import withdraw_live_offer
from app.services.events import tell
from app.services.ground import survey
from app.services.obligations import cancel, owe

NOTICE_SCHOOL_DAYS: Final = 30
"""How long before a contract's last day officers are told: half a term to let the next one."""
_SOONEST: Final = timedelta(days=120)
"""No 30 school days are longer than this, holidays included."""


@dataclass(frozen=True, slots=True)
class LotEnding:
    """What is open in one lot of a contract, and who waits for it."""

    row: Mapping[str, Any]
    past_end_count: int
    """Open cases whose planned end is after the contract's last day."""
    volume: int
    volume_left: int
    waiting_count: int
    """Of those who wait, who could have a place of this lot."""
    waiting_here_alone_count: int
    """Of those, who could have one of no other contract that runs on: nobody serves them after the end."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A contract's end, as it would be if nothing were done."""

    contract_id: UUID
    ends_on: date
    school_days_left: int
    lots: Sequence[LotEnding]


async def ending_of(session: ReadSession, contract_id: UUID) -> Ending:
    """What would be open as a contract ends: for officers, who see the whole authority. Raises NotFound."""
    if await contracts.get_contract(session, contract_id) is None:
        raise NotFound
    terms = await terms_on(session, session.today)
    ends_on = terms[contract_id].ends_on
    rows = await queries.open_in(session, contract_id)
    figures = await lots.figures_on(session, [row["id"] for row in rows], session.today)
    ground = await survey(session)
    kinds = await who_waits.kinds(session, by_school=any(lot.school_ids for lot in ground.lots))
    now = ground.snapshot(())
    after = {lot.id for lot in ground.lots if lot.ends_on > ends_on}
    here = {row["id"] for row in rows}
    could: dict[UUID, int] = dict.fromkeys(here, 0)
    alone: dict[UUID, int] = dict.fromkeys(here, 0)
    for want, row in kinds:
        serving = {
            verdict.lot_id
            for verdict in verdicts_of(want, now, ground.policy, session.today, want.band)
            if verdict.reason is None
        }
        count = len(row["ids"].split())
        for lot_id in serving & here:
            could[lot_id] += count
            alone[lot_id] += 0 if serving & after else count
    return Ending(
        contract_id=contract_id,
        ends_on=ends_on,
        school_days_left=ground.calendar.school_days_between(session.today, ends_on),
        lots=[
            LotEnding(
                row=row,
                # A planned end is the first day that the place no longer covers.
                past_end_count=sum(end > ends_on + timedelta(days=1) for end in row["planned_ends_on"]),
                volume=terms[contract_id].volumes.get(row["id"], 0),
                volume_left=terms[contract_id].volumes.get(row["id"], 0)
                - figures[row["id"]]["volume_used_count"]
                - figures[row["id"]]["volume_committed_count"],
                waiting_count=could[row["id"]],
                waiting_here_alone_count=alone[row["id"]],
            )
            for row in rows
        ],
    )


async def in_sight(session: ReadSession) -> dict[UUID, date]:
    """The contracts whose end is near and of which officers have not been told, with their last day."""
    terms = await terms_on(session, session.today)
    near = {
        contract_id: each.ends_on
        for contract_id, each in terms.items()
        if each.in_force(session.today) and each.ends_on <= session.today + _SOONEST
    }
    if not near:
        return {}
    calendar = await calendar_of(session)
    told = await queries.told_of(session)
    return {
        contract_id: ends_on
        for contract_id, ends_on in near.items()
        if calendar.school_days_between(session.today, ends_on) <= NOTICE_SCHOOL_DAYS
        and (contract_id, end_of(ends_on)) not in told
    }


async def give_notice(wide: BrokerSession, writes: Writes) -> int:
    """Tell officers and the provider of each contract whose end has come into sight; how many. The clock calls it."""
    near = await in_sight(wide)
    officers = await authority_organisation(wide)
    for contract_id, ends_on in sorted(near.items()):
        row = await contracts.get_contract(wide, contract_id)
        if row is None:
            raise NotFound
        ending = await ending_of(wide, contract_id)
        await cancel(wide, contract_id, ["contract_ending"])
        owe(
            writes, wide, "contract_ending", officers,
            subject=("contract", contract_id), clock="school_day", due_at=end_of(ends_on),
        )  # fmt: skip
        tell(
            writes,
            wide,
            "contract.ending",
            subject=("contract", contract_id, row["variation_count"] + 1),
            audience=[officers, row["provider_id"]],
            data={
                "ends_on": ends_on,
                "open_case_count": sum(lot.row["not_begun_count"] + lot.row["running_count"] for lot in ending.lots),
                "open_offer_count": sum(lot.row["open_offer_count"] for lot in ending.lots),
            },
        )
    return len(near)


async def lapse_offers(wide: BrokerSession, writes: Writes) -> int:
    """Take back the offers of contracts that have ended; how many. Their referrals wait again, with their old dates.

    They are withdrawn and not expired: the provider let nothing run out, and may be offered them under its next
    contract. The clock calls it at midnight.
    """
    live = await queries.live_offers(wide)
    terms: Mapping[UUID, ContractTerms] = {}
    if live:
        terms = await terms_on(wide, wide.today, list({row["contract_id"] for row in live}))
    lapsed = [row for row in live if terms[row["contract_id"]].ends_on < wide.today]
    for row in lapsed:
        referral = await referrals.lock(wide, row["referral_id"])
        if referral is None:
            raise NotFound
        event_id = await withdraw_live_offer(wide, writes, referral, "contract_ended")
        # One that an officer had still to confirm leaves its referral waiting all along.
        if event_id is not None and referral["state"] == State.OFFERED:
            await history.move(
                wide, writes, referral, State.WAITING, event_id=event_id, event_type="allocation.withdrawn"
            )
    return len(lapsed)

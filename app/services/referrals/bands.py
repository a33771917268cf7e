"""The band of a referral: set by its sender, changed by an officer, and from then on the officers' to change.

Bands change only by a named person, or by the policy's long-stop. A change counts from the day on which it is made.
"""

from datetime import date
from typing import Any, Final
from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.allocation.order import counting_band, date_of_band
from app.domain.clocks import in_hours
from app.domain.referral import BEFORE_A_CASE, State
from app.domain.vocabulary import Band, BandSetBy
from app.errors import ActionNotAvailable
from app.ids import new_id
from app.models.demand import band_decision
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import events
from app.services.allocation import allocate_waiting
from app.services.ground import survey
from app.services.obligations import cancel, meet, owe
from app.services.policies import policy_today
from app.services.referrals.acting import Officer, Row, lock_open, open_to, parties, refresh_offer, update

BAND_COLUMNS: Final = ("band", "band_asked", "banded_on")


async def change_band(
    session: WriteSession, writes: Writes, referral_id: UUID, band: Band, officer: Officer, reason: str
) -> None:
    """Set the band of a referral that no provider has accepted yet, as an officer; it counts from today.

    One that waits is decided anew at once. To set the band that it has is the answer to a sender who asked for another,
    and moves nothing. Raises NotFound, ActionNotAvailable.
    """
    await open_to(session, referral_id, "band")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "band")
        before = referral["band"]
        reviewed = await meet(wide, "band_review", referral_id)
        if before == band and not reviewed:
            raise ActionNotAvailable(f"The referral is in band {before} already, and nobody has asked for another.")
        banded_on = referral["banded_on"] if before == band else await _date_of(wide, referral, band)
        await update(
            wide, referral, {"band": band.value, "banded_on": banded_on, "band_set_by": BandSetBy.OFFICER.value}
        )
        _keep(wide, writes, referral, before, officer, reason)
        events.tell(
            writes,
            wide,
            "referral.band_kept" if before == band else "referral.band_changed",
            subject=("referral", referral_id, referral["version"]),
            audience=await parties(wide, referral),
            referral_id=referral_id,
            data={"from": before, "to": band.value, "set_by": BandSetBy.OFFICER.value},
        )
        if before != band:
            await refresh_offer(wide, writes, referral)
            if referral["state"] == State.WAITING:
                await allocate_waiting(wide, writes, "band_changed")
        await writes.flush(wide)


async def band_asked_by_sender(
    wide: BrokerSession, writes: Writes, referral: Row, band: Band | None, reason: str
) -> dict[str, Any]:
    """What an amendment that names a band changes of a locked referral, by column.

    Until an officer has set the band, the sender's word sets it anew. After that it is a request: the band stays, and
    an officer owes a review. Raises ActionNotAvailable once a provider has accepted.
    """
    if band is None or band == referral["band"] == referral["band_asked"]:
        return {}
    if State(referral["state"]) not in BEFORE_A_CASE:
        raise ActionNotAvailable("A provider has taken the case: its band no longer changes.")
    if referral["band_set_by"] == BandSetBy.OFFICER:
        await cancel(wide, referral["id"], ["band_review"])
        if band != referral["band"]:
            hours = (await policy_today(wide)).band_review_hours
            owe(
                writes, wide, "band_review", await authority_organisation(wide),
                subject=("referral", referral["id"]), clock="calendar_hour", due_at=in_hours(wide.now, hours),
            )  # fmt: skip
        return {"band_asked": band.value}
    banded_on = await _date_of(wide, referral, band)
    sender = Officer(referral["referrer"]["name"], referral["referrer"].get("role"))
    asked = {"band": band.value, "band_asked": band.value, "banded_on": banded_on}
    _keep(wide, writes, {**referral, **asked}, referral["band"], sender, reason)
    return asked


async def _date_of(wide: BrokerSession, referral: Row, band: Band) -> date:
    """The date that a new band counts from."""
    ground = await survey(wide)
    long_stop_on = ground.long_stop_on(referral["band"], referral["banded_on"])
    counting = counting_band(referral["band"], referral["banded_on"], long_stop_on, ground.policy, wide.today)
    return date_of_band(band.value, counting, wide.today)


def _keep(wide: BrokerSession, writes: Writes, referral: Row, before: str, person: Officer, reason: str) -> None:
    writes.add(
        band_decision,
        id=new_id(),
        referral_id=referral["id"],
        organisation_id=wide.organisation_id,
        client_id=wide.principal.client_id,
        decided_at=wide.now,
        decided_by_name=person.name,
        decided_by_role=person.role,
        from_band=before,
        to_band=referral["band"],
        banded_on=referral["banded_on"],
        reason=reason,
    )

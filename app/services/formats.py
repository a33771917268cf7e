"""What an act on a course, a placement or a link day asks before it books: of the referral, the lot and its volume."""

from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import BrokerSession, ReadSession
from app.domain.allocation import Hold
from app.domain.vocabulary import WITHHELD
from app.errors import ActionNotAvailable, CapacityRefused, FieldFault, NotFound
from app.queries import formats, lots
from app.queries.contract_terms import terms_on
from app.services.faults import refuse


async def referral_to_act_on(session: ReadSession, referral_id: UUID) -> asyncpg.Record:
    """A referral that the caller sent, whose pupil is its own, or whose case it has. Raises NotFound."""
    referral = await formats.referral_of(session, referral_id)
    if referral is None:
        raise NotFound
    parties = ("case_provider_id",) if session.kind is Kind.PROVIDER else ("referring_organisation_id", "school_id")
    if session.kind is not Kind.AUTHORITY and session.organisation_id not in {referral[party] for party in parties}:
        raise NotFound
    return referral


def check_workable(referral: asyncpg.Record, provider_id: UUID) -> None:
    """Raise ActionNotAvailable when a provider cannot be asked to work with the family of a referral."""
    if referral["state"] in ("closed", "draft"):
        raise ActionNotAvailable(f"The referral is {'closed' if referral['state'] == 'closed' else 'not yet sent'}.")
    if referral["agreement_status"] in WITHHELD:
        raise ActionNotAvailable("The family does not agree to support.")
    if Hold.SAFEGUARDING_HOLD.value in referral["holds"]:
        raise ActionNotAvailable("The referral is held until an officer has acted on the danger that it tells of.")
    if provider_id in referral["refused_provider_ids"]:
        raise ActionNotAvailable("The family does not want to work with this provider.")


async def check_serves(wide: BrokerSession, lot_id: UUID, referral: asyncpg.Record) -> None:
    """Raise Invalid when a lot serves neither the area nor the school of a referral."""
    lot = await lots.get_lot(wide, lot_id)
    if lot is None:
        raise NotFound
    anywhere = not (lot["area_ids"] or lot["school_ids"])
    if not anywhere and referral["area_id"] not in lot["area_ids"] and referral["school_id"] not in lot["school_ids"]:
        refuse([FieldFault("/referral_id", "school_not_served", "The lot does not serve the pupil's school.")])


async def check_volume(wide: BrokerSession, lot_id: UUID) -> None:
    """Raise CapacityRefused when what was commissioned of a lot is used or committed."""
    lot = await lots.get_lot(wide, lot_id)
    if lot is None:
        raise NotFound
    terms = (await terms_on(wide, wide.today, [lot["contract_id"]]))[lot["contract_id"]]
    counted = (await lots.figures_on(wide, [lot_id], wide.today))[lot_id]
    left = terms.volumes.get(lot_id, lot["volume"]) - counted["volume_used_count"] - counted["volume_committed_count"]
    if left <= 0:
        raise CapacityRefused("The volume that was commissioned of the lot is used up.")

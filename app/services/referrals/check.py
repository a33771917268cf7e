"""The dry run of a referral: everything a submission would find, and nothing kept but the audit line."""

from dataclasses import asdict
from typing import Any

from app.db import WriteSession, broker
from app.domain.allocation import Want, decide, verdicts_of
from app.domain.referral_facts import Facts, home_warnings
from app.domain.year_groups import key_stage
from app.errors import DuplicateReferral
from app.ids import new_id
from app.services.ground import survey
from app.services.referrals.arrival import arrival_of, match_pupil, sender_of
from app.services.referrals.siblings import sibling_named
from app.services.referrals.submit import check_refused_providers, examine


async def check_referral(session: WriteSession, facts: Facts) -> dict[str, Any]:
    """What would become of a referral sent now: warnings, the sender's own duplicate, each service's verdict.

    Says nothing of other organisations' referrals. Raises as a submission does, but for the duplicate, which is told.
    """
    warnings = await examine(session, facts)
    await check_refused_providers(session, facts["refused_provider_ids"])
    async with broker(session) as wide:
        arrived = await arrival_of(wide, facts)
        sender = sender_of(wide, facts, arrived)
        warnings += home_warnings(facts["pupil"]["home_la_code"], sender.la_code)
        duplicate: str | None = None
        try:
            match_pupil(facts, arrived)
        except DuplicateReferral as error:
            duplicate = str(error.extra["reference"])
        await sibling_named(wide, facts["sibling_of"], None)
        ground = await survey(wide)
        want = Want(
            referral_id=new_id(),
            reference="",
            household_id=new_id(),
            band=facts["band"],
            banded_on=wide.today,
            received_at=wide.now,
            area_id=sender.area_id,
            school_id=sender.school_id,
            key_stage=key_stage(facts["pupil"]["year_group"]).value,
            primary_need=facts["needs"][0]["code"],
            secondary_needs=tuple(need["code"] for need in facts["needs"][1:]),
            preferred_mode=facts["preferred_mode"],
            long_stop_on=ground.long_stop_on(facts["band"], wide.today),
            language=facts["language"],
            modes=tuple(facts["modes"]),
            refused_provider_ids=tuple(facts["refused_provider_ids"]),
        )
        snapshot = ground.snapshot((want,))
        decision = decide(snapshot, ground.policy, wide.today).decisions[0]
        verdicts = verdicts_of(want, snapshot, ground.policy, wide.today, want.band)
    lots = {lot.id: lot for lot in ground.lots}
    return {
        "warnings": [asdict(warning) for warning in warnings],
        "own_open_referral": duplicate,
        "services": [
            {
                "service_id": lots[verdict.lot_id].service_id,
                "service_name": ground.names[lots[verdict.lot_id].service_id],
                "provider_name": ground.names[lots[verdict.lot_id].provider_id],
                "eligible": verdict.reason is None,
                "reason": verdict.reason,
                "place_free_now": verdict.free_count > 0,
            }
            for verdict in verdicts
        ],
        "would_be": "held" if facts["immediate_danger"] else decision.outcome,
        "expected_start": "at_once" if decision.place else "when_a_place_is_free",
    }

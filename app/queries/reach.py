"""What the reach index is counted from: places as they stand, and a year's referrals by what made them eligible."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from app.db import BrokerSession
from app.domain.allocation import Place, Want


async def places(session: BrokerSession, on: date) -> list[Place]:
    """Every place that stands on a day, free or not."""
    rows = await session.rows(
        "SELECT id, lot_id, number, needs, languages, modes, reach FROM place WHERE authority_id = $1"
        " AND available_from <= $2 AND (available_until IS NULL OR available_until > $2) ORDER BY id",
        session.authority_id,
        on,
    )
    return [
        Place(
            id=row["id"],
            lot_id=row["lot_id"],
            number=row["number"],
            needs=None if row["needs"] is None else tuple(row["needs"]),
            languages=None if row["languages"] is None else tuple(row["languages"]),
            modes=None if row["modes"] is None else tuple(row["modes"]),
            reach=row["reach"],
        )
        for row in rows
    ]


async def past(session: BrokerSession, since: datetime) -> list[tuple[Want, int]]:
    """The referrals received since a moment, those alike as one, with how many they were."""
    rows = await session.rows(
        "SELECT area_id, school_id, key_stage, need_codes[1] AS need, language, modes, refused_provider_ids,"
        " count(*) AS times, min(banded_on) AS banded_on, min(received_at) AS received_at"
        " FROM referral WHERE authority_id = $1 AND received_at >= $2 AND outcome IS DISTINCT FROM 'entered_in_error'"
        " GROUP BY area_id, school_id, key_stage, need_codes[1], language, modes, refused_provider_ids",
        session.authority_id,
        since,
    )
    nobody = UUID(int=0)
    return [
        (
            Want(
                referral_id=nobody,
                reference="",
                household_id=nobody,
                band="P4",
                banded_on=row["banded_on"],
                received_at=row["received_at"],
                area_id=row["area_id"],
                school_id=row["school_id"],
                key_stage=row["key_stage"],
                primary_need=row["need"],
                language=row["language"],
                modes=tuple(row["modes"]),
                refused_provider_ids=tuple(row["refused_provider_ids"]),
            ),
            row["times"],
        )
        for row in rows
    ]


async def write(session: BrokerSession, figures: Mapping[UUID, int]) -> None:
    """Give places their new figures."""
    await session.run(
        "UPDATE place p SET reach = f.reach FROM unnest($2::uuid[], $3::int[]) AS f (id, reach)"
        " WHERE p.authority_id = $1 AND p.id = f.id",
        session.authority_id,
        list(figures),
        list(figures.values()),
    )

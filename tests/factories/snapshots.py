"""Snapshots for the rules of allocation: small, made up, and crowded enough for the rules to meet."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from app.domain.allocation import Caseload, Claim, Lot, Place, SchoolShare, Snapshot, Want

TODAY = date(2026, 11, 2)
NEEDS = ("attendance", "parenting_support")
BANDS = ("P1", "P2", "P3", "P4")


def an_id(number: int) -> UUID:
    return UUID(int=number)


WANT = Want(
    referral_id=an_id(1), reference="R-1", household_id=an_id(2), band="P3", banded_on=TODAY,
    received_at=datetime(2026, 11, 2, 9, tzinfo=UTC), area_id=an_id(10), school_id=an_id(11), key_stage="KS3",
    primary_need="attendance", language="ENG", modes=("home",),
)  # fmt: skip
LOT = Lot(
    id=an_id(100), provider_id=an_id(200), service_id=an_id(300), starts_on=TODAY - timedelta(days=30),
    ends_on=TODAY + timedelta(days=300), area_ids=(), school_ids=(), key_stages=("KS3",), needs=NEEDS,
    languages=("ENG",), modes=("home", "school"), standard_weeks=6, volume_left=5,
)  # fmt: skip


@st.composite
def lots_and_places(draw: st.DrawFn, *, caps: bool = True) -> tuple[tuple[Lot, ...], tuple[Place, ...]]:
    lots = tuple(
        replace(
            LOT,
            id=an_id(100 + number),
            provider_id=an_id(200 + number % 2),
            area_ids=draw(st.sampled_from([(), (an_id(10),), (an_id(12),)])),
            key_stages=draw(st.sampled_from([("KS3",), ("KS2", "KS3")])),
            needs=draw(st.sampled_from([NEEDS, NEEDS[:1]])),
            volume_left=draw(st.integers(0, 3)) if caps else 50,
        )
        for number in range(draw(st.integers(1, 3)))
    )
    places = tuple(
        Place(
            an_id(1000 + number),
            lots[draw(st.integers(0, len(lots) - 1))].id,
            number + 1,
            practitioner_id=an_id(400 + draw(st.integers(0, 2))),
            languages=draw(st.sampled_from([None, None, ("ENG", "POL")])),
            free_in=(free_in := draw(st.sampled_from([0, 0, 0, 1, 3, 6]))),
            free_on=TODAY + timedelta(days=free_in) if free_in else None,
            reach=draw(st.sampled_from([50, 100, 200])),
            booked=draw(st.sampled_from([False, False, False, True])),
            in_service=draw(st.sampled_from([True, True, True, False])),
        )
        for number in range(draw(st.integers(0, 7)))
    )
    return lots, places


@st.composite
def wanted(draw: st.DrawFn, *, linked: bool = True) -> tuple[Want, ...]:
    made = []
    for number in range(draw(st.integers(0, 8))):
        band = draw(st.sampled_from(BANDS))
        banded_on = TODAY - timedelta(days=draw(st.sampled_from([0, 1, 2, 90])))
        made.append(
            replace(
                WANT,
                referral_id=an_id(5000 + number),
                reference=f"R-{number}",
                household_id=an_id(7000 + (draw(st.integers(0, 8)) if linked else number)),
                band=band,
                banded_on=banded_on,
                received_at=WANT.received_at - timedelta(minutes=draw(st.integers(0, 2))),
                area_id=draw(st.sampled_from([an_id(10), an_id(12), None])),
                school_id=an_id(20 + draw(st.integers(0, 2))),
                key_stage=draw(st.sampled_from(["KS2", "KS3"])),
                primary_need=draw(st.sampled_from(NEEDS)),
                language=draw(st.sampled_from(["ENG", "ENG", "POL"])),
                refused_provider_ids=draw(st.sampled_from([(), (), (an_id(200),)])),
                declined_provider_ids=draw(st.sampled_from([(), (), (an_id(201),)])),
                holds=draw(st.sampled_from([(), (), (), ("SAFEGUARDING_HOLD",), ("FAMILY_PAUSED",)])),
                preferred_mode=draw(st.sampled_from([None, "home", "remote"])),
                sibling_group_id=draw(st.sampled_from([None, an_id(900), an_id(901)])) if linked else None,
                long_stop_on=banded_on + timedelta(days=70) if band == "P4" else None,
            )
        )
    return tuple(made)


@st.composite
def snapshots(draw: st.DrawFn, *, linked: bool = True, caps: bool = True) -> Snapshot:
    """Any snapshot; without `linked`, no siblings, households or claims; without `caps`, no caseloads and volumes."""
    lots, places = draw(lots_and_places(caps=caps))
    wants = draw(wanted(linked=linked))
    caseloads = tuple(
        Caseload(an_id(400 + number), draw(st.integers(0, 4)), draw(st.integers(0, 4)))
        for number in range(draw(st.integers(0, 2)) if caps else 0)
    )
    claims = tuple(
        Claim(want.referral_id, an_id(400)) for want in wants if linked and want.sibling_group_id == an_id(900)
    )
    shares = tuple(SchoolShare(an_id(20 + number), draw(st.integers(0, 4)), 100) for number in range(2))
    return Snapshot(wants, lots, places, caseloads, claims, shares)

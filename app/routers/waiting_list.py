"""The waiting list, in its published order."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.access import Party, party_of
from app.http.answers import page
from app.http.caller import Call, caller
from app.routers.schemas.base import seen_by, show
from app.routers.schemas.explanations import WaitingOut
from app.routers.schemas.page import Page
from app.services.waiting_list import Waiting, WaitingList, read_position, read_waiting_list, told_position

router = APIRouter(tags=["allocations"])


@router.get(
    "/v1/waiting-list",
    operation_id="list_waiting",
    responses={200: {"model": Page[seen_by(WaitingOut, Party.AUTHORITY)]}},  # type: ignore[misc]  # made at run time
)
async def list_waiting(
    call: Annotated[Call, Depends(caller("list_waiting"))],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> Response:
    """Who waits, best placed first, each with the families ahead and when it may begin.

    The order is the policy's: band (raised by the long-stop), fair share, date of the band, time received, reference.
    """
    told = call.position(cursor)
    after = None if told is None else read_position(told)
    async with call.read() as session:
        standing = await read_waiting_list(session)
    lines, more = standing.page(limit, after)
    party = party_of(call.principal.kind)
    rows = [show(WaitingOut, party, values) for values in _values(standing, lines)]
    return page(call, rows, call.cursor(told_position(lines[-1].key)) if more else None)


def _values(standing: WaitingList, lines: list[Waiting]) -> list[dict[str, Any]]:
    """The lines of a page, with expected starts that come from one pass over the list."""
    estimates = standing.estimates({line.want.referral_id for line in lines})
    result = []
    for line in lines:
        estimate = estimates.get(line.want.referral_id)
        band, bucket, since, _, _ = line.key
        result.append(
            {
                **line.row,
                "position": line.position,
                "effective_band": band,
                "long_stopped": line.long_stopped,
                "long_stop_on": line.want.long_stop_on,
                "fair_share_bucket": bucket,
                "effective_from": since,
                "waited_school_days": standing.waited_school_days(line),
                "ahead_count": None if estimate is None else estimate.position - 1,
                "waits_for": line.decision.waits_for,
                "expected_start": None if estimate is None else asdict(standing.expected(estimate)),
                "certificate": standing.certificate(line),
            }
        )
    return result

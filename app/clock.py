"""The only place that asks the time.

Two clocks. *Real* time serves tokens, idempotency, rate limits and logs. *Business* time dates referrals, offers and
returns; a sandbox authority can move it, so it is carried by the transaction (`tx.now`) and passed into SQL.
"""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def real_now() -> datetime:
    """Real time, aware, UTC."""
    return datetime.now(UTC)


def real_epoch() -> float:
    """Real time in seconds since 1970."""
    return time.time()


def monotonic() -> float:
    """Seconds of a clock that never goes back: for durations only."""
    return time.monotonic()


def london_date(moment: datetime) -> date:
    """The calendar date in England at an aware moment (midnight on 31 August is London's, not UTC's)."""
    return moment.astimezone(LONDON).date()


def london_moment(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """The aware UTC moment of a wall-clock time in England."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON).astimezone(UTC)

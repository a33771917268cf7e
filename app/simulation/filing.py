"""Sending a return in, as schools and providers both do: read it, fill what is missing, submit, answer a query."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

from app.domain.calendar import Calendar
from app.simulation.calling import Caller
from app.simulation.draws import Draws

Content = dict[str, Any]
Fill = Callable[[Content, str], Awaitable[Content]]
"""From a return's content and its period to the content with everything filled in."""

_PROMPT_DAYS = (1, 8)
_LATE_SHARE = 0.06
_LATE_DAYS = (11, 13)
_OPEN_STATES = frozenset({"due", "draft", "queried"})


async def file_returns(caller: Caller, seed: int, today: date, calendar: Calendar, fill: Fill) -> None:
    """File those of a caller's returns that it has got round to by today; some organisations are late."""
    rows = await caller.pages("list_returns", "/v1/returns")
    for row in rows:
        if row["state"] not in _OPEN_STATES:
            continue
        draws = Draws(seed, "filing", row["organisation_name"], row["period"])
        days = draws.between(*(_LATE_DAYS if draws.chance(_LATE_SHARE) else _PROMPT_DAYS))
        ended_on = date.fromisoformat(row["period_ends_on"])
        if row["state"] == "queried" or today >= calendar.add_working_days(ended_on, days):
            await _file(caller, row["id"], row["period"], fill)


async def _file(caller: Caller, return_id: str, period: str, fill: Fill) -> None:
    """Read one return, fill it in where anything is missing or was asked about, and submit it."""
    read = await caller.get("get_return", f"/v1/returns/{return_id}")
    if read.status_code != 200:
        return
    held = read.json()
    tag = read.headers["ETag"]
    content = await fill(held["content"], period)
    if content != held["content"] or held["state"] == "queried":
        kept = await caller.put(
            "put_return", f"/v1/returns/{return_id}", {"content": content}, headers={"If-Match": tag}
        )
        if kept.status_code != 200:
            return
        tag = kept.headers["ETag"]
    submitted = await caller.post(
        "submit_return",
        f"/v1/returns/{return_id}/submit",
        headers={"If-Match": tag, "Idempotency-Key": f"submit-{return_id}-{held['version']}"},
    )
    if submitted.status_code == 200:
        caller.journal.acknowledged("return_submitted", return_id)


def days_after(ended_on: date) -> tuple[date, date]:
    """From when to when a period's returns are looked for."""
    return ended_on + timedelta(days=1), ended_on + timedelta(days=40)

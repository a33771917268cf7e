"""The authority's dashboard: it reads by GraphQL, and its officers release held referrals and accept returns."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from app.simulation.calling import Caller
from app.simulation.draws import Draws
from app.simulation.reading_events import FeedReader
from app.simulation.world import World

_QUERY_SHARE = 0.08
_MONDAY = 0

_TODAY = """
query Today($starts: Date, $ends: Date) {
  waitingList(first: 50) {
    nodes { reference band bandedOn receivedAt holds unplaceable school { name } area { name } }
    pageInfo { hasNextPage }
  }
  capacity(period: {startsOn: $starts, endsOn: $ends}, interval: DAY) {
    points { startsOn heldPlaceDays totalPlaceDays heldShare }
    volume { lotName providerName volume usedCount usedShare }
  }
}"""
_LATEST = """
query Latest {
  referrals(first: 50) {
    nodes {
      id reference state band receivedAt school { name } provider { name }
      allocation { state offeredAt answeredAt service { name } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
_FIGURES = """
query Figures($starts: Date, $ends: Date) {
  attendance: outcomes(measure: ATTENDANCE, period: {startsOn: $starts, endsOn: $ends}) {
    closedCount n
    ... on AttendanceOutcome {
      meanBeforeShare meanAfterShare meanChangePoints changeLowPoints changeHighPoints improvedShare
      persistentLeftBehindCount schoolWeeksGained
    }
  }
  suspensions: outcomes(measure: SUSPENSIONS, period: {startsOn: $starts, endsOn: $ends}) {
    closedCount n
    ... on SuspensionsOutcome {
      repeatCount halvedCount halvedShare suspensionsBeforeCount suspensionsAfterCount daysLostBefore daysLostAfter
    }
  }
  timeliness(period: {startsOn: $starts, endsOn: $ends}) {
    key milestone n reachedCount censoredCount medianSchoolDays p90SchoolDays
  }
}"""


class Dashboard:
    """The authority's system. `starts_on` is the first day of the play."""

    def __init__(self, world: World, caller: Caller, starts_on: date) -> None:
        self._world = world
        self._caller = caller
        self._feed = FeedReader(caller)
        self._starts_on = starts_on

    async def play_day(self, today: date) -> None:
        """What the authority reads and does on a working day."""
        week_ago = today - timedelta(days=6)
        found = await self._caller.graphql(
            "graphql (waiting, capacity)", _TODAY, starts=week_ago.isoformat(), ends=today.isoformat()
        )
        await self._release(found)
        await self._caller.graphql("graphql (page of 50)", _LATEST)
        if today.weekday() == _MONDAY:
            await self._figures(today)
        await self._sign_off()
        await self._feed.read()

    async def drain(self, today: date) -> None:
        """Read all that happened, once nobody acts any more: what the report is made of."""
        await self._feed.read()
        figures: dict[str, object] = await self._figures(today)
        period = {"starts_on": self._starts_on.isoformat(), "ends_on": today.isoformat()}
        for measure in ("attendance", "suspensions", "timeliness"):
            answer = await self._caller.get("get_outcome", f"/v1/outcomes/{measure}", params=period)
            figures[f"rest {measure}"] = answer.json().get("data")
        capacity = await self._caller.get("get_outcome", "/v1/outcomes/capacity", params={**period, "interval": "week"})
        figures["capacity"] = capacity.json()
        referrals = await self._caller.pages("list_referrals", "/v1/referrals")
        figures["referrals"] = Counter((row["band"], row["state"], row["outcome"] or "") for row in referrals)
        offers = await self._caller.pages("list_allocations", "/v1/allocations")
        figures["offers"] = Counter((row["state"], row["decline_reason"] or "") for row in offers)
        cases = await self._caller.pages("list_interventions", "/v1/interventions")
        figures["cases"] = Counter((row["state"], row["outcome"] or "") for row in cases)
        returns = await self._caller.pages("list_returns", "/v1/returns")
        figures["returns"] = Counter((row["template"], row["state"], bool(row["late"])) for row in returns)
        self._caller.journal.summary.figures.update(figures)

    async def _figures(self, today: date) -> dict[str, Any]:
        return await self._caller.graphql(
            "graphql (outcomes, waits)", _FIGURES, starts=self._starts_on.isoformat(), ends=today.isoformat()
        )

    async def _release(self, found: dict[str, Any]) -> None:
        """Let go on what was held: an officer has looked at it."""
        if not any(row["holds"] for row in (found.get("waitingList") or {}).get("nodes", [])):
            return
        for row in await self._caller.pages("list_waiting", "/v1/waiting-list"):
            if not row["holds"]:
                continue
            # The school may have withdrawn it in the same moment.
            answer = await self._caller.post(
                "release_referral",
                f"/v1/referrals/{row['id']}/release",
                {"reason": "Made up: an officer spoke to the school."},
                headers={"Idempotency-Key": f"release-{row['id']}"},
                expect=(200, 409),
            )
            if answer.status_code == 200:
                self._caller.journal.acknowledged("released", row["id"])

    async def _sign_off(self) -> None:
        """Ask about a few of the submitted returns, and accept the others."""
        for state in ("submitted", "resubmitted"):
            for row in await self._caller.pages("list_returns", "/v1/returns", state=state):
                draws = Draws(self._world.seed, "query", row["organisation_name"], row["period"])
                path = f"/v1/returns/{row['id']}"
                headers = {"Idempotency-Key": f"{state}-{row['id']}"}
                if state == "submitted" and draws.chance(_QUERY_SHARE):
                    question = {"question": "Made up: are the totals those of the whole term?"}
                    await self._caller.post("query_return", f"{path}/query", question, headers=headers)
                    continue
                answer = await self._caller.post("accept_return", f"{path}/accept", headers=headers)
                if answer.status_code == 200:
                    self._caller.journal.acknowledged("return_accepted", row["id"])

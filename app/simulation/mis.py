"""The systems of several schools: they refer, push figures at the end of a term, and file their returns.

Like real ones they check first at times, send what is refused, run out of patience and send the same again.
"""

import asyncio
from collections import defaultdict
from datetime import date
from typing import Any

from app.simulation.attendance import Support, SupportOutcome
from app.simulation.bodies import Body, faulty, referral_body
from app.simulation.calling import Caller
from app.simulation.demand import Arrival
from app.simulation.draws import Draws
from app.simulation.filing import days_after, file_returns
from app.simulation.reading_events import FeedReader
from app.simulation.school_days import SESSIONS_PER_DAY, SimTerm
from app.simulation.world import World

_CHECK_SHARE = 0.35
_FAULT_SHARE = 0.12
_HANG_UP_SHARE = 0.10
_TWICE_SHARE = 0.08
_AGAIN_SHARE = 0.05
_WITHDRAW_SHARE = 0.06
_WITHDRAW_AFTER_SCHOOL_DAYS = 8
_PUSHING_SHARE = 0.6
_PATIENCE_SECONDS = 0.004
_POLL_WEEKDAYS = (0, 3)
_MOST_SESSIONS = 400


class School:
    """One school's system: what it has sent, and whose outcome it knows."""

    def __init__(self, world: World, index: int, caller: Caller) -> None:
        self.world = world
        self.index = index
        self.caller = caller
        self.sent: dict[str, Arrival] = {}
        """Arrivals by the id of their referral."""
        self.pushes = Draws(world.seed, "pushes", index).chance(_PUSHING_SHARE)
        self.feed = FeedReader(caller)

    async def refer(self, arrival: Arrival) -> None:
        """Send one referral, with some of what goes wrong in life."""
        draws = Draws(self.world.seed, "sending", arrival.number)
        body = referral_body(self.world, arrival)
        key = {"Idempotency-Key": f"{arrival.reference}-{self.index}"}
        if draws.chance(_CHECK_SHARE):
            await self.caller.post("check_referral", "/v1/referrals/check", body)
        if draws.chance(_FAULT_SHARE):
            await self.caller.post(
                "create_referral (faulty)",
                "/v1/referrals",
                faulty(self.world, arrival, body),
                headers=key,
                expect=(422,),
            )
        if draws.chance(_HANG_UP_SHARE):
            await self.caller.send_and_hang_up(
                "create_referral (given up)", "/v1/referrals", body, key, _PATIENCE_SECONDS
            )
        tries = 2 if draws.chance(_TWICE_SHARE) else 1
        answers = await asyncio.gather(*(self._send(body, key) for _ in range(tries)))
        for answer in answers:
            if answer is not None:
                self.sent[answer["id"]] = arrival
                self.caller.journal.acknowledged("referral", answer["id"], key=key["Idempotency-Key"])
        if draws.chance(_AGAIN_SHARE):
            await self.caller.post(
                "create_referral (again)",
                "/v1/referrals",
                body,
                headers={"Idempotency-Key": f"{arrival.reference}-again"},
                expect=(409,),
            )

    async def _send(self, body: Body, key: dict[str, str]) -> dict[str, Any] | None:
        answer = await self.caller.post("create_referral", "/v1/referrals", body, headers=key, expect=(201,))
        if answer.headers.get("Idempotency-Replayed"):
            self.caller.journal.count("retries answered as before")
        return answer.json() if answer.status_code == 201 else None

    async def withdraw_some(self, today: date) -> None:
        """Take back the few referrals whose families have tired of waiting."""
        for referral_id, arrival in self.sent.items():
            if self.world.days.calendar.add_school_days(arrival.on, _WITHDRAW_AFTER_SCHOOL_DAYS) != today:
                continue
            if not Draws(self.world.seed, "withdrawing", arrival.number).chance(_WITHDRAW_SHARE):
                continue
            found = await self.caller.get("get_referral", f"/v1/referrals/{referral_id}")
            if found.status_code != 200 or found.json()["state"] not in ("waiting", "offered"):
                continue
            # The provider may accept in the same moment: then the referral is its case, and stays.
            done = await self.caller.post(
                "withdraw_referral",
                f"/v1/referrals/{referral_id}/withdraw",
                {"reason": "support_not_wanted", "note": "Made up: the family would not wait."},
                headers={"Idempotency-Key": f"withdraw-{referral_id}"},
                expect=(200, 409),
            )
            if done.status_code == 200:
                self.caller.journal.acknowledged("referral_closed", referral_id)

    async def push(self, term: SimTerm) -> None:
        """Send every referred pupil's figures of a term that ends today."""
        supports = await self.supports()
        for referral_id, arrival in self.sent.items():
            figures = self.figures(arrival, term, supports.get(referral_id, []))
            attendance = {
                name: figures[name] for name in figures if name.startswith("sessions_") and "lost" not in name
            }
            suspensions = {name: figures[name] for name in figures if name not in attendance}
            for operation, path, body in (
                ("push_attendance", "attendance", attendance),
                ("push_suspensions", "suspensions", suspensions),
            ):
                answer = await self.caller.put(operation, f"/v1/referrals/{referral_id}/{path}/{term.key}", body)
                if answer.status_code in (200, 201):
                    self.caller.journal.acknowledged(path, answer.json()["id"])

    async def file_returns(self, today: date) -> None:
        """File the returns that it owes."""
        terms = {term.key: term for term in self.world.days.terms}

        async def fill(content: dict[str, Any], period: str) -> dict[str, Any]:
            supports = await self.supports()
            rows = [
                {
                    **row,
                    **self.figures(self.sent[row["referral_id"]], terms[period], supports.get(row["referral_id"], [])),
                }
                for row in content["pupils"]
            ]
            return {**content, "pupils": rows}

        await file_returns(self.caller, self.world.seed, today, self.world.days.calendar, fill)

    async def supports(self) -> dict[str, list[Support]]:
        """The support that its pupils had so far, by referral."""
        found: dict[str, list[Support]] = defaultdict(list)
        for row in await self.caller.pages("list_interventions", "/v1/interventions"):
            if row["started_on"] is None:
                continue
            closed_on = date.fromisoformat(row["closed_on"]) if row["closed_on"] else None
            completed = row["outcome"] == "completed"
            ended = SupportOutcome.COMPLETED if completed else SupportOutcome.ENDED_EARLY
            outcome = SupportOutcome.RUNNING if closed_on is None else ended
            found[row["referral_id"]].append(Support(date.fromisoformat(row["started_on"]), closed_on, outcome))
        return found

    def figures(self, arrival: Arrival, term: SimTerm, supports: list[Support]) -> dict[str, int]:
        """A pupil's whole term, as the school's register has it."""
        register = self.world.register(arrival.school_index, arrival.position)
        seen = register.attendance(term.starts_on, term.ends_on, supports)
        suspensions = register.suspensions(term.starts_on, term.ends_on, supports)
        lost = sum(suspension.school_days for suspension in suspensions) * SESSIONS_PER_DAY
        return {
            "sessions_possible": seen.possible,
            "sessions_attended": seen.attended,
            "sessions_authorised": seen.authorised,
            "sessions_unauthorised": seen.unauthorised,
            "suspension_count": len(suspensions),
            "sessions_lost": min(lost, _MOST_SESSIONS),
            "permanent_exclusion_count": 0,
        }


class SchoolSystems:
    """One process's schools."""

    def __init__(self, world: World, callers: dict[str, Caller]) -> None:
        self._world = world
        self._schools = {
            school.index: School(world, school.index, callers[school.urn])
            for school in world.schools
            if school.urn in callers
        }
        self._arrivals: dict[date, list[Arrival]] = defaultdict(list)
        for arrival in world.arrivals:
            if arrival.school_index in self._schools:
                self._arrivals[arrival.on].append(arrival)

    async def play_day(self, today: date) -> None:
        """What these schools do on a working day, all at once."""
        world = self._world
        await asyncio.gather(*(self._schools[arrival.school_index].refer(arrival) for arrival in self._arrivals[today]))
        active = [school for school in self._schools.values() if school.sent]
        if world.days.calendar.is_school_day(today):
            await asyncio.gather(*(school.withdraw_some(today) for school in active))
            if today.weekday() in _POLL_WEEKDAYS:
                await asyncio.gather(*(school.feed.read() for school in active))
        for term in world.days.terms:
            if term.ends_on == today:
                await asyncio.gather(*(school.push(term) for school in active if school.pushes))
            first, last = days_after(term.ends_on)
            if first <= today <= last:
                await asyncio.gather(*(school.file_returns(today) for school in active))

    async def drain(self, today: date) -> None:
        """Read what is left to read, once nobody acts any more."""
        del today
        await asyncio.gather(*(school.feed.read() for school in self._schools.values() if school.sent))

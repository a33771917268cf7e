"""A provider's portal: it polls its worklist, answers offers, works its cases and files its returns."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app import clock
from app.simulation.calling import Caller
from app.simulation.casework import CaseInHand
from app.simulation.draws import Draws
from app.simulation.filing import days_after, file_returns
from app.simulation.reading_events import FeedReader
from app.simulation.supply import SimProvider
from app.simulation.world import World

_PAGE = 100
_TWICE_SHARE = 0.06


@dataclass(slots=True)
class Offer:
    """An offer as the worklist showed it, and when to answer it."""

    row: dict[str, Any]
    key: str
    answer_on: date


class Portal:
    """One provider's system."""

    def __init__(self, world: World, provider: SimProvider, caller: Caller) -> None:
        self._world = world
        self._provider = provider
        self._caller = caller
        self._changed_after = ""
        self._tag: str | None = None
        self._feed = FeedReader(caller)
        self._unanswered: dict[str, Offer] = {}
        self._cases: dict[str, CaseInHand] = {}
        self._practitioners: list[str] = []
        self._weeks = {service.name: service.standard_weeks for service in world.supply.services}

    async def play_day(self, today: date) -> None:
        """What this provider does on a working day."""
        await self._poll()
        due = [offer for offer in self._unanswered.values() if offer.answer_on <= today]
        await asyncio.gather(*(self._answer(offer, today) for offer in due))
        if self._world.days.calendar.is_school_day(today):
            await asyncio.gather(*(case.play_day(today) for case in self._cases.values()))
            self._cases = {offer_id: case for offer_id, case in self._cases.items() if case.is_open}
        await self._feed.read()
        half_terms = self._world.days.calendar.half_terms_of(self._world.academic_year)
        for half_term in half_terms:
            first, last = days_after(half_term.ends_on)
            if first <= today <= last:
                await file_returns(self._caller, self._world.seed, today, self._world.days.calendar, _fill)
                break

    async def drain(self, today: date) -> None:
        """Read what is left to read, once nobody acts any more."""
        del today
        await self._poll()
        await self._feed.read()

    async def _poll(self) -> None:
        """Ask cheaply whether anything changed, and read the changes only then."""
        headers = {"If-None-Match": self._tag} if self._tag else {}
        found = await self._caller.get(
            "list_allocations (poll)", "/v1/allocations", headers=headers, params={"limit": 1}, expect=(200, 304)
        )
        if found.status_code == 304:
            self._caller.journal.count("polls answered 304")
            return
        self._tag = found.headers.get("ETag")
        while True:
            answer = await self._caller.get(
                "list_allocations (changes)",
                "/v1/allocations",
                params={"changed_after": self._changed_after, "limit": _PAGE},
            )
            if answer.status_code != 200:
                return
            page = answer.json()
            self._changed_after = page["next_cursor"]
            for row in page["data"]:
                self._note(row)
            if len(page["data"]) < _PAGE:
                return

    def _note(self, row: dict[str, Any]) -> None:
        """Keep an offer that waits for an answer, and forget one that no longer does; a case to come may have moved."""
        if row["id"] in self._cases and row["intervention_state"] == "planned":
            self._cases[row["id"]].moves_to(date.fromisoformat(row["starts_on"]))
        if row["state"] == "pending" and row["id"] not in self._unanswered:
            key = offer_key(row)
            answer = self._world.answer(self._provider.key, key)
            offered_on, due_on = (_day(row[name]) for name in ("offered_at", "answer_due_at"))
            answer_on = self._world.days.calendar.add_working_days(offered_on, answer.after_school_days)
            if answer.after_school_days <= max(self._provider.answer_days):
                # It sees by when it has to answer. What nobody looks at is answered when somebody does.
                answer_on = min(answer_on, due_on)
            self._unanswered[row["id"]] = Offer(row, key, answer_on)
        elif row["state"] not in ("pending", "expired"):
            self._unanswered.pop(row["id"], None)

    async def _answer(self, offer: Offer, today: date) -> None:
        offer_id = offer.row["id"]
        self._unanswered.pop(offer_id)
        answer = self._world.answer(self._provider.key, offer.key)
        path = f"/v1/allocations/{offer_id}"
        headers = {"Idempotency-Key": f"answer-{offer_id}"}
        if not answer.accepts and answer.decline_reason is not None:
            body = {"reason": answer.decline_reason.value, "note": answer.note}
            # The school may have withdrawn the referral, or the offer have been taken back, in the meantime.
            declined = await self._caller.post(
                "decline_allocation", f"{path}/decline", body, headers=headers, expect=(200, 404, 409)
            )
            if declined.status_code == 200:
                self._caller.journal.acknowledged("declined", offer_id, key=headers["Idempotency-Key"])
            return
        times = 2 if Draws(self._world.seed, "twice", offer.key).chance(_TWICE_SHARE) else 1
        answers = await asyncio.gather(
            *(
                self._caller.post("accept_allocation", f"{path}/accept", headers=headers, expect=(200, 404, 409))
                for _ in range(times)
            )
        )
        if answers[0].status_code == 200:
            self._caller.journal.acknowledged("accepted", offer_id, key=headers["Idempotency-Key"])
            await self._begin(answers[0].json(), today)
        else:
            self._caller.journal.count("accepted too late")

    async def _begin(self, row: dict[str, Any], today: date) -> None:
        """Give an accepted case to a practitioner, read whose it is, and say that the safety notes were read."""
        offer_id, intervention_id = row["id"], row["intervention_id"]
        workers = await self._staff()
        worker = workers[Draws(self._world.seed, "worker", offer_id).below(len(workers))]
        await self._caller.post(
            "assign_practitioner", f"/v1/allocations/{offer_id}/practitioner", {"practitioner_id": worker}
        )
        referral = await self._caller.get("get_referral", f"/v1/referrals/{row['referral_id']}")
        await self._caller.post(
            "acknowledge_safety",
            f"/v1/interventions/{intervention_id}/safety",
            {"safe_contact": True, "visit_risks": True},
            headers={"Idempotency-Key": f"safety-{intervention_id}"},
        )
        if referral.status_code != 200:
            return
        known = referral.json()
        weeks = self._weeks[row["service_name"]]
        plan = self._world.case(
            self._provider.key, known["sender_reference"], standard_weeks=weeks, modes=tuple(known["modes"])
        )
        self._cases[offer_id] = CaseInHand(
            self._caller,
            intervention_id,
            plan,
            accepted_on=today,
            starts_on=date.fromisoformat(row["starts_on"]),
            days=self._world.days,
            standard_weeks=weeks,
        )

    async def _staff(self) -> list[str]:
        if not self._practitioners:
            rows = await self._caller.pages("list_practitioners", "/v1/practitioners")
            self._practitioners = [row["id"] for row in rows]
        return self._practitioners


def offer_key(row: dict[str, Any]) -> str:
    """What a provider's answer is drawn from: all that an offer says before it is accepted, and nothing random."""
    summary = row["summary"] or {}
    day = _day(row["offered_at"])
    facts = [str(summary.get(name)) for name in ("year_group", "band", "needs", "language", "modes", "attendance_band")]
    return "|".join([day.isoformat(), *facts])


def _day(moment: str) -> date:
    return clock.london_date(datetime.fromisoformat(moment))


async def _fill(content: dict[str, Any], period: str) -> dict[str, Any]:
    """The half-termly return with what only the provider can say."""
    return {
        **content,
        "staffing": {**content["staffing"], "vacancy_count": 0},
        "narrative": {
            "what_helped": f"Made up for {period}: a call home on the first morning of absence.",
            "barriers": "Made up: long waits for other services.",
        },
    }

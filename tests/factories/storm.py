"""A stormy authority: lots that differ in area, key stage, caseload, volume and end, and acts that meet over them."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import httpx

from app import clock
from app.access import Principal
from app.db import Database
from app.ids import new_id
from app.models import supply
from app.queries import due
from app.queries.writes import Writes
from app.simulation.invariants import Acknowledged
from tests.factories.authority import Town, add_block, build_town
from tests.factories.casework import closing, contact
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

STARTS_AT = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
"""A Monday in term."""
ONE_LOT_ENDS_ON = date(2026, 11, 12)
VOLUME = 7
CASELOAD = 3

_ACKNOWLEDGED = {
    "arrive": "referral", "withdraw": "referral_closed", "close": "case_closed",
    "accept": "accepted", "accept late": "accepted", "decline": "declined", "decline late": "declined",
}  # fmt: skip

Act = Callable[[], Awaitable[httpx.Response]]


async def build_storm_town(database: Database, name: str) -> Town:
    """Four lots, so that every limit binds somewhere: 6 places for everyone, of which one speaks Ukrainian; 5 in the
    north of a practitioner who takes `CASELOAD`; 4 in the south with a volume of `VOLUME`; 3 of a contract that ends
    on `ONE_LOT_ENDS_ON`, one of them out of service. The authority's clock stands at `STARTS_AT`.
    """
    town = await build_town(database, name=name, places=6)
    first, second = town.providers
    await add_block(database, town, second, places=5, area_codes=("north",), key_stages=("KS3", "KS4"))
    await add_block(database, town, first, places=4, area_codes=("south",), volume=VOLUME)
    await add_block(database, town, second, places=3, ends_on=ONE_LOT_ENDS_ON)
    async with database.write(town.officer) as session:
        await session.run("UPDATE place SET languages = '{ENG,UKR}' WHERE id = $1", town.places[0])
        await session.run("UPDATE practitioner SET caseload_limit = $2 WHERE id = $1", town.practitioners[1], CASELOAD)
        writes = Writes()
        writes.add(
            supply.place_out_of_service,
            id=new_id(),
            place_id=town.places[-1],
            provider_id=second.organisation_id,
            starts_on=date(2026, 11, 1),
            ends_on=date(2026, 11, 11),
            reason="Training (made up).",
        )
        await writes.flush(session)
    await start_at(database, town, STARTS_AT)
    return town


async def start_at(database: Database, town: Town, moment: datetime) -> None:
    """Let it be a business moment for an authority to which nothing has happened yet."""
    async with database.write(town.officer) as session:
        offset = moment - clock.real_now()
        await session.run("UPDATE authority SET clock_offset = $2 WHERE id = $1", session.authority_id, offset)
        await due.set_ran_to(session, moment)


@dataclass
class Storm:
    """Acts over HTTP by everyone whom a stormy authority has, drawn by a seed."""

    api: Api
    town: Town
    owner: asyncpg.Connection
    """Who sees what there is to act on."""
    draw: random.Random
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How many acts of a name were answered with a status."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    """What the answers said was done."""

    async def rage(self, acts: list[tuple[str, Act]]) -> None:
        """Do all of them at once."""
        self.draw.shuffle(acts)

        async def do(name: str, act: Act) -> None:
            answer = await act()
            assert answer.status_code < 500, f"{name}: {answer.text}"
            self.answered[name, answer.status_code] += 1
            if answer.status_code in (200, 201) and name in _ACKNOWLEDGED:
                self.acknowledged.append((_ACKNOWLEDGED[name], answer.json()["id"], "", ""))

        await asyncio.gather(*(do(name, act) for name, act in acts))

    def arrivals(self, count: int) -> list[tuple[str, Act]]:
        """Referrals of every school, band and kind; some whom nobody serves, some held for safeguarding."""
        return [("arrive", self._arrival()) for _ in range(count)]

    def _arrival(self) -> Act:
        draw = self.draw
        school = self.api.as_(draw.choice(self.town.schools))
        body = referral_body(
            band=draw.choice(("P1", "P2", "P3", "P3", "P4", "P4")),
            pupil__year_group=draw.choice(("3", "5", "7", "8", "10")),
            language=draw.choice((*["ENG"] * 12, "POL", "POL", "UKR", "UKR", "SOM")),
            modes=draw.choice((["home"], ["school"], ["home", "school"])),
            immediate_danger=draw.random() < 0.05,
            refused_provider_ids=[str(draw.choice(self.town.providers).organisation_id)] if draw.random() < 0.1 else [],
        )
        return lambda: school.post("/v1/referrals", body, headers=key())

    async def answers(self) -> list[tuple[str, Act]]:
        """Every live offer accepted or declined, some both, some assigned or taken back by the sender as well; and
        offers that have expired accepted or declined late.
        """
        acts: list[tuple[str, Act]] = []
        for offer in await self._rows(
            "SELECT id, referral_id, provider_id, practitioner_id, referring_organisation_id, state FROM offer"
            " WHERE authority_id = $1 AND state IN ('pending', 'expired') ORDER BY id"
        ):
            provider = self.api.as_(_of(self.town.providers, offer["provider_id"]))
            path = f"/v1/allocations/{offer['id']}"
            word = self.draw.choice(("no_capacity", "unsuitable"))
            accept = ("accept", _post(provider, f"{path}/accept"))
            decline = ("decline", _post(provider, f"{path}/decline", {"reason": word}))
            if offer["state"] == "expired":
                acts.append(self.draw.choice((("accept late", accept[1]), ("decline late", decline[1]))))
                continue
            chance = self.draw.random()
            acts += (
                [accept, decline] if chance < 0.3 else [accept] if chance < 0.7 else [decline] if chance < 0.9 else []
            )
            if self.draw.random() < 0.15:
                acts.append(self._withdrawal(offer["referral_id"], offer["referring_organisation_id"]))
            if offer["practitioner_id"] is not None and self.draw.random() < 0.3:
                body = {"practitioner_id": str(offer["practitioner_id"])}
                acts.append(("assign", _post(provider, f"{path}/practitioner", body)))
        return acts

    async def casework(self) -> list[tuple[str, Act]]:
        """Every open case begun or closed, or taken back by its sender while its provider works it."""
        acts: list[tuple[str, Act]] = []
        for case in await self._rows(
            "SELECT id, referral_id, provider_id, referring_organisation_id, accepted_at, started_on FROM intervention"
            " WHERE authority_id = $1 AND state <> 'closed' ORDER BY id"
        ):
            provider = self.api.as_(_of(self.town.providers, case["provider_id"]))
            path = f"/v1/interventions/{case['id']}"
            acts.append(("acknowledge", _post(provider, f"{path}/safety", {"safe_contact": True, "visit_risks": True})))
            if case["started_on"] is None:
                held_at = case["accepted_at"].isoformat()
                acts.append(("begin", _post(provider, f"{path}/contacts", contact(held_at=held_at))))
                if self.draw.random() < 0.2:
                    acts.append(self._withdrawal(case["referral_id"], case["referring_organisation_id"]))
            if self.draw.random() < 0.5:
                body = closing(outcome="ended_early", reason="moved_away")
                acts.append(("close", _post(provider, f"{path}/close", body)))
        return acts

    async def changes_of_mind(self) -> list[tuple[str, Act]]:
        """Of those who wait or have an offer, some are withdrawn, refuse a provider, or take their agreement back and
        give it again; and officers let go what is held.
        """
        acts: list[tuple[str, Act]] = []
        for referral in await self._rows(
            "SELECT id, referring_organisation_id, holds, refused_provider_ids, version FROM referral"
            " WHERE authority_id = $1 AND state IN ('waiting', 'offered') ORDER BY id"
        ):
            school = self.api.as_(_of(self.town.schools, referral["referring_organisation_id"]))
            path = f"/v1/referrals/{referral['id']}"
            chance = self.draw.random()
            if "SAFEGUARDING_HOLD" in referral["holds"]:
                officer = self.api.as_(self.town.officer)
                acts.append(("release", _post(officer, f"{path}/release", {"reason": "Looked at (made up)."})))
            elif referral["holds"]:
                acts.append(("agree", _post(school, f"{path}/agreement", referral_body()["agreement"])))
            elif chance < 0.08:
                acts.append(self._withdrawal(referral["id"], referral["referring_organisation_id"]))
            elif chance < 0.14:
                acts.append(("disagree", _post(school, f"{path}/agreement", {"status": "withdrawn"})))
            elif chance < 0.3:
                refused = {*referral["refused_provider_ids"], self.draw.choice(self.town.providers).organisation_id}
                acts.append(("refuse", self._amendment(school, path, referral["version"], refused)))
        return acts

    def _amendment(self, school: Caller, path: str, version: int, refused: set[UUID]) -> Act:
        body = {"reason": "The family says so (made up).", "refused_provider_ids": sorted(map(str, refused))}
        tag = {"If-Match": f'"{version}"'}
        return lambda: school.patch(path, body, headers=tag)

    def _withdrawal(self, referral_id: UUID, school_id: UUID) -> tuple[str, Act]:
        school = self.api.as_(_of(self.town.schools, school_id))
        return "withdraw", _post(school, f"/v1/referrals/{referral_id}/withdraw", {"reason": "moved_away"})

    def capacity(self, today: date) -> list[tuple[str, Act]]:
        """Each lot cut, perhaps below what is held, and raised again."""
        officer = self.api.as_(self.town.officer)
        acts: list[tuple[str, Act]] = []
        for lot_id in self.town.lots[:3]:
            for places in (self.draw.randrange(1, 4), self.draw.randrange(4, 8)):
                body = {"places": places, "effective_on": today.isoformat(), "reason": "Made up."}
                acts.append(("capacity", _post(officer, f"/v1/lots/{lot_id}/capacity-changes", body)))
        return acts

    async def preview(self) -> str:
        """A preview; its id."""
        answer = await self.api.as_(self.town.officer).post("/v1/allocation-runs", {})
        assert answer.status_code == 201, answer.text
        run_id: str = answer.json()["id"]
        return run_id

    def runs(self, stale: list[str]) -> list[tuple[str, Act]]:
        """Two officers who commit each of some previews, and four who preview now and commit what they saw."""
        officer = self.api.as_(self.town.officer)

        async def preview_and_commit() -> httpx.Response:
            return await officer.post(f"/v1/allocation-runs/{await self.preview()}/commit")

        twice = [("commit", _post(officer, f"/v1/allocation-runs/{run_id}/commit")) for run_id in stale * 2]
        return [*twice, *[("preview, commit", preview_and_commit)] * 4]

    async def now(self) -> datetime:
        """The authority's present."""
        async with self.api.runtime.database.read(self.town.officer) as session:
            return session.now

    async def advance(self, to: datetime) -> httpx.Response:
        """Move the authority's clock."""
        return await self.api.as_(self.town.officer).post("/v1/sandbox/advance", {"to": to.isoformat()})

    async def _rows(self, sql: str) -> list[asyncpg.Record]:
        return await self.owner.fetch(sql, self.town.officer.authority_id)


def _of(principals: list[Principal], organisation_id: UUID) -> Principal:
    return next(one for one in principals if one.organisation_id == organisation_id)


def _post(caller: Caller, path: str, body: object = None) -> Act:
    return lambda: caller.post(path, body, headers=key())

"""Hand-overs beside everything else: two officers at once, and a provider at work on the case that goes."""

import asyncio
from datetime import UTC, datetime

from app.db import Database
from tests.conftest import Template
from tests.factories.authority import build_town
from tests.factories.casework import accepted_case, at, closing, contact, started, worker
from tests.factories.http import Api
from tests.factories.next_contract import next_contract
from tests.factories.sound import breaches_of

NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


async def test_of_two_officers_one_hands_over(real_api: Api, clone: Database, template: Template) -> None:
    town = await build_town(clone, places=3)
    for _ in range(3):
        await accepted_case(real_api, town)
    after = await next_contract(clone, town, town.providers[1], on=NOON.date(), places=3)
    officer = at(real_api.as_(town.officer), NOON)
    seen = await after.preview(officer)
    body = {**after.body, "preview": False, "snapshot_hash": seen["snapshot_hash"]}
    answers = await asyncio.gather(*(officer.post(after.path, body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await breaches_of(template, clone.url) == []


async def test_a_provider_at_work_while_its_case_goes_loses_nothing_that_was_acknowledged(
    real_api: Api, clone: Database, template: Template
) -> None:
    town = await build_town(clone, places=4)
    cases = [await accepted_case(real_api, town) for _ in range(4)]
    for case in cases:
        await started(real_api, town, case)
    after = await next_contract(clone, town, town.providers[1], on=NOON.date(), places=4)
    officer = at(real_api.as_(town.officer), NOON)
    seen = await after.preview(officer)
    body = {**after.body, "preview": False, "snapshot_hash": seen["snapshot_hash"]}
    old = worker(real_api, town)
    acts = [
        *(old.post(f"{case.path}/contacts", contact(kind="session")) for case in cases),
        old.post(f"{cases[0].path}/close", closing()),
        officer.post(after.path, body),
        *(old.post(f"{case.path}/extend", {"weeks": 1, "reason": "Illness."}) for case in cases[1:]),
    ]
    answers = await asyncio.gather(*acts)
    # Refused is what came after the case had gone (404), and a hand-over whose preview no longer held (409).
    assert {answer.status_code for answer in answers} <= {200, 201, 404, 409}, [answer.text for answer in answers]
    kept = sum(answer.status_code == 201 for answer in answers[:4])
    async with clone.read(town.officer) as session:
        count = await session.value(
            "SELECT count(*) FROM intervention_contact WHERE authority_id = $1", session.authority_id
        )
    assert count == len(cases) + kept
    assert await breaches_of(template, clone.url) == []

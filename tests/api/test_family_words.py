"""The family's own words: kept with consent, seen by few, and gone when consent is taken back."""

from typing import Any

import pytest

from app.db import Database
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import LATER, CaseIds, accepted_case, at, closing, facts, started, worker
from tests.factories.http import Api
from tests.factories.officers import told
from tests.factories.referrals import key

WORDS = "Nobody shouts at breakfast now."


def quote(**changes: Any) -> dict[str, Any]:
    consent = {"given_by": "parent", "on": "2026-11-12", "uses": ["report"], **changes.pop("consent", {})}
    return {"whose": "parent", "words": WORDS, "said_on": "2026-11-12", "consent": consent, **changes}


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def kept(api: Api, town: Town, case: CaseIds, **changes: Any) -> dict[str, Any]:
    answer = await worker(api, town).post(f"{case.path}/quotes", quote(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def everywhere(lane: Database, town: Town) -> str:
    """Every row of the tables that the words could have got into, as text."""
    async with lane.read(town.officer) as session:
        found = []
        for table in ("family_quote", "event", "closure_letter", "intervention", "idempotency_record"):
            rows = await session.rows(
                f'SELECT t::text AS whole FROM "{table}" t WHERE authority_id = $1', session.authority_id
            )
            found += [row["whole"] for row in rows]
    return "\n".join(found)


async def test_words_are_kept_for_the_provider_and_officers_alone(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    made = await kept(api, town, case)
    assert "words" not in made
    assert (made["anonymous"], made["consent"]["uses"]) == (True, ["report"])
    for reader in (town.provider, town.officer):
        (row,) = (await api.as_(reader).get(f"{case.path}/quotes")).json()["data"]
        assert row == {**made, "words": WORDS}
    assert (await api.as_(town.school).get(f"{case.path}/quotes")).status_code == 403
    assert (await api.as_(town.providers[1]).get(f"{case.path}/quotes")).status_code == 404
    assert (await facts(lane, town, case))["told"] == ["intervention.words_recorded"]
    referral = {"id": str(case.referral_id)}
    assert "intervention.words_recorded" not in {event for event, _ in await told(api, town.school, referral)}
    assert (await told(api, town.officer, referral))[-1][1] == {"quote_id": made["id"]}


@pytest.mark.parametrize("who", ["provider", "officer"])
async def test_consent_taken_back_erases_the_words_everywhere(
    who: str, api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await started(api, town, case)
    headers = key()
    made = (await worker(api, town).post(f"{case.path}/quotes", quote(), headers=headers)).json()
    assert (await worker(api, town).post(f"{case.path}/close", closing())).status_code == 200
    letter = f"{case.path}/letters/family"
    assert WORDS in (await worker(api, town).get(letter)).text
    assert WORDS in await everywhere(lane, town)
    caller = worker(api, town) if who == "provider" else at(api.as_(town.officer), LATER)
    path = f"{case.path}/quotes/{made['id']}/withdraw"
    body = {"withdrawn_by": "parent", "on": "2026-11-20"}
    answer = await caller.post(path, body)
    assert answer.status_code == 200, answer.text
    (row,) = (await api.as_(town.officer).get(f"{case.path}/quotes")).json()["data"]
    assert (row["words"], row["withdrawn_on"], row["withdrawn_by"], row["version"]) == (None, "2026-11-20", "parent", 2)
    shown = (await worker(api, town).get(letter)).text
    assert WORDS not in shown
    assert "These words were taken back." in shown
    assert WORDS not in await everywhere(lane, town)
    again = await worker(api, town).post(f"{case.path}/quotes", quote(), headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert WORDS not in again.text
    assert (await caller.post(path, body)).status_code == 409
    assert (await facts(lane, town, case))["told"][-1] == "intervention.words_withdrawn"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"said_on": "2026-11-21"}, "/said_on"),
        ({"said_on": "2026-11-01"}, "/said_on"),
        ({"whose": "Robin"}, "/whose"),
        ({"words": ""}, "/words"),
        ({"words": "x" * 5001}, "/words"),
        ({"consent": None}, "/consent"),
        ({"consent": {"uses": []}}, "/consent/uses"),
        ({"consent": {"uses": ["report", "report"]}}, "/consent/uses"),
        ({"consent": {"uses": ["advertising"]}}, "/consent/uses/0"),
        ({"consent": {"on": "2026-11-11"}}, "/consent/on"),
        ({"consent": {"on": "2026-11-21"}}, "/consent/on"),
        ({"consent": {"given_by": "worker"}}, "/consent/given_by"),
    ],
)
async def test_what_does_not_fit_is_refused_by_field(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    body = quote(**{name: value for name, value in changes.items() if value is not None})
    if changes == {"consent": None}:
        del body["consent"]
    answer = await worker(api, town).post(f"{case.path}/quotes", body)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert WORDS not in await everywhere(lane, town)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"withdrawn_by": "parent", "on": "2026-11-21"}, "/on"),
        ({"withdrawn_by": "parent", "on": "2026-11-11"}, "/on"),
        ({"withdrawn_by": "school", "on": "2026-11-20"}, "/withdrawn_by"),
    ],
)
async def test_a_withdrawal_that_does_not_fit_changes_nothing(
    body: dict[str, str], pointer: str, api: Api, town: Town, case: CaseIds
) -> None:
    made = await kept(api, town, case)
    answer = await worker(api, town).post(f"{case.path}/quotes/{made['id']}/withdraw", body)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await worker(api, town).get(f"{case.path}/quotes")).json()["data"][0]["words"] == WORDS


async def test_unknown_quotes_other_cases_and_closed_ones(api: Api, town: Town, case: CaseIds) -> None:
    made = await kept(api, town, case)
    body = {"withdrawn_by": "parent", "on": "2026-11-20"}
    other = await accepted_case(api, town)
    for path in (f"{case.path}/quotes/{new_id()}/withdraw", f"{other.path}/quotes/{made['id']}/withdraw"):
        assert (await worker(api, town).post(path, body)).status_code == 404
    stranger = at(api.as_(town.providers[1]), LATER)
    assert (await stranger.post(f"{case.path}/quotes/{made['id']}/withdraw", body)).status_code == 404
    await started(api, town, case)
    assert (await worker(api, town).post(f"{case.path}/close", closing())).status_code == 200
    assert (await worker(api, town).post(f"{case.path}/quotes", quote())).status_code == 409

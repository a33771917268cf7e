from tests.factories.authority import Town
from tests.factories.http import Api


async def test_live_and_ready(real_api: Api) -> None:
    assert (await real_api.client.get("/health/live")).status_code == 200
    ready = await real_api.client.get("/health/ready")
    assert ready.status_code == 200, ready.text


async def test_a_town_can_be_built(town: Town) -> None:
    assert len(town.places) == 2


async def test_an_unknown_path_is_a_problem(api: Api) -> None:
    answer = await api.client.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"

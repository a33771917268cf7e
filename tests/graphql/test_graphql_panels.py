"""Panels in the graph: their days and their chair, for whoever has a seat and for officers; nothing of families."""

from app.db import Database
from tests.factories.authority import Town
from tests.factories.http import Api
from tests.factories.panels import before_panel, held, open_hall

QUERY = """{ panels(first: 5) { nodes { name weekday area { name }
  sittings(first: 2) { state sitsOn chair { name } panel { name } } } } }"""


async def test_members_and_officers_see_a_panel_and_nobody_else(
    real_api: Api, real_town: Town, clone: Database
) -> None:
    hall = await open_hall(real_api, real_town)
    await before_panel(hall)
    await held(hall, await hall.sitting())
    seen = {
        "name": "Hot clinic (made up)",
        "weekday": 3,
        "area": None,
        "sittings": [
            {"state": "planned", "sitsOn": "2026-12-16", "chair": {"name": "School nurses (made up)"},
             "panel": {"name": "Hot clinic (made up)"}},
            {"state": "planned", "sitsOn": "2026-12-02", "chair": {"name": "Marlow High (made up)"},
             "panel": {"name": "Hot clinic (made up)"}},
        ],
    }  # fmt: skip
    for who in (real_town.officer, hall.nurse, real_town.schools[1]):
        answer = await real_api.as_(who).graphql(QUERY)
        assert answer["data"]["panels"]["nodes"] == [seen], answer
    assert (await real_api.as_(real_town.school).graphql(QUERY))["data"]["panels"]["nodes"] == []
    refused = await real_api.as_(real_town.provider).graphql(QUERY)
    assert refused["data"] == {"panels": None}
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"

"""A scene in a database of its own, read by every test of this folder that changes nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.access import Principal
from app.db import Database
from app.settings import Settings
from tests.conftest import Template
from tests.factories.http import Api, Caller, make_api
from tests.factories.scene import Scene, build_scene


@dataclass
class Stage:
    """The API over a database with a scene in it."""

    api: Api
    scene: Scene
    database: Database

    def caller(self, name: str) -> Caller:
        """One of the scene's callers."""
        return self.api.as_(self.scene.callers[name])

    async def ask(self, who: str | Principal, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to a query."""
        caller = self.caller(who) if isinstance(who, str) else self.api.as_(who)
        return await caller.graphql(query, **variables)

    async def data(self, who: str | Principal, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query that meets no error."""
        answer = await self.ask(who, query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@pytest.fixture(scope="session")
async def stage(template: Template, settings: Settings) -> AsyncIterator[Stage]:
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    async with make_api(settings, database) as api:
        yield Stage(api, await build_scene(api, database), database)
    await database.dispose()
    await template.drop_clone(name)


def code_of(answer: dict[str, Any]) -> str:
    """The code of an answer's first error."""
    return answer["errors"][0]["extensions"]["code"]

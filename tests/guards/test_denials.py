"""Every mutating operation, asked by everyone who may not: nothing is done, said or sent.

For each operation: the kinds of organisation that its rule leaves out, an organisation of the right kind that has
nothing to do with the thing named, the same kind in another authority, a token without the scope, and no token. The
digest of the whole database is the same before and after, and the answer holds none of the scene's guarded words.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.access import RULES, Kind, Principal, Scope
from app.db import Database
from app.models import metadata
from app.settings import Settings
from tests.conftest import Template
from tests.factories.http import Api, make_api
from tests.factories.referrals import key, referral_body
from tests.factories.scene import SECRETS, Scene, build_scene

# Operations that create in the caller's own name, so that an organisation of the right kind may: nothing of another's
# is named in their path.
OWN_CREATIONS = {
    "create_referral", "check_referral", "search_referrals", "create_area", "create_school", "create_provider",
    "create_service", "create_contract", "create_client", "create_practitioner", "put_calendar", "import_calendar",
    "advance_clock",
    "create_allocation_run",
    "publish_policy", "preview_policy",
    "publish_return_template", "preview_return_template",
    "create_panel", "record_pre_exclusion_review",
    "publish_measure", "preview_measure", "retire_measure", "record_practice_audit",
}  # fmt: skip
# Bodies where the document has no example: each would be accepted from the right caller.
BODIES: dict[str, Any] = {
    "create_allocation_run": {},
    "decline_allocation": {"reason": "unsuitable"},
    "assign_practitioner": {"practitioner_id": "{practitioner}"},
    "set_place_practitioner": {"practitioner_id": "{practitioner}"},
    "withdraw_return_template": {"reason": "x"},
    "amend_return": {"reason": "x"},
    "search_referrals": {"upn": "J926999924001"},
    "amend_referral": {"reason": "x", "child_view": "y"},
    "change_agreement": {"status": "withdrawn"},
    "answer_information": {"answer": "x"},
    "request_information": {"question": "x"},
    "release_referral": {"reason": "x"},
    "override_allocation": {"place_id": "{place}", "officer": {"name": "x"}, "reason": "other", "note": "x"},
    "allow_provider": {"provider_id": "{provider}", "officer": {"name": "x"}, "reason": "x"},
    "withdraw_offer": {"reason": "other", "note": "x", "officer": {"name": "x"}},
    "change_band": {"band": "P1", "officer": {"name": "x"}, "reason": "x"},
    "reopen_referral": {"officer": {"name": "x"}, "reason": "x"},
    "link_siblings": {"sibling_of": None},
    "join_case": {"intervention_id": "019a0000-0000-7000-8000-000000000000", "officer": {"name": "x"}, "reason": "x"},
    "leave_intervention": {
        "referral_id": "019a0000-0000-7000-8000-000000000000",
        "outcome": "ended_early",
        "reason": "other",
    },
    "confirm_transfer": {"received_by": "x", "officer": {"name": "x"}},
    "close_referral": {"outcome": "not_suitable", "reason": "other", "note": "x", "officer": {"name": "x"}},
    "withdraw_referral": {"reason": "other"},
    "withdraw_policy": {"reason": "x"},
    "change_panel": {"name": "x"},
    "amend_pre_exclusion_review": {"cause_words": "x"},
    "query_return": {"question": "x"},
    "ask_for_link_day": {"service_id": "{link_service}", "school_id": "{school}", "on": "2034-01-10"},
    "confirm_link_day": {"practitioner_id": "{practitioner}"},
    "ask_for_placement": {
        "service_id": "{service}",
        "referral_id": "{referral}",
        "basis": "agreed",
        "starts_on": "2034-01-10",
        "weeks": 6,
    },
    "enrol_on_course": {"referral_id": "{referral}", "who": "adult", "name": "x"},
    "create_referral": referral_body(),
    "check_referral": referral_body(),
}


class Stage:
    def __init__(self, api: Api, first: Scene, second: Scene, owner: asyncpg.Connection) -> None:
        self.api, self.first, self.second, self.owner = api, first, second, owner

    async def digest(self) -> str:
        """A digest of every row of every table."""
        parts = [
            f"(SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{name}\" t)"
            for name in sorted(metadata.tables)
            if name != "school_register"
        ]
        return await self.owner.fetchval(f"SELECT md5(concat({', '.join(parts)}))")


@pytest.fixture(scope="module")
async def stage(template: Template, settings: Settings) -> AsyncIterator[Stage]:
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    owner = await asyncpg.connect(template.url(template.owner, name))
    async with make_api(settings, database) as api:
        first = await build_scene(api, database)
        second = await build_scene(api, database, name="Other scene (made up)")
        yield Stage(api, first, second, owner)
    await owner.close()
    await database.dispose()
    await template.drop_clone(name)


def mutations(app: Any) -> dict[str, tuple[str, str, Any]]:
    """Operation id -> method, path and the request schema's first example, of all that can change something."""
    document = app.openapi()
    found = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in ("post", "put", "patch", "delete") and operation["operationId"] in RULES:
                schema = (
                    operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
                )
                name = schema.get("$ref", "").rpartition("/")[2]
                example = document["components"]["schemas"].get(name, {}).get("examples", [None])[0]
                found[operation["operationId"]] = (method.upper(), path, example)
    return found


def filled(path: str, scene: Scene) -> str:
    for name in (
        "referral",
        "intervention",
        "contract",
        "lot",
        "practitioner",
        "service",
        "client",
        "school",
        "area",
        "run",
        "place",
        "range",
        "hand_over",
        "policy",
        "template",
        "panel",
        "sitting",
        "item",
        "action",
        "review",
        "course",
        "enrolment",
        "placement",
        "link_day_action",
        "link_day",
        "goal",
        "signpost",
        "quote",
        "obligation",
        "concern",
        "message",
        "audit",
        "audit_action",
    ):
        path = path.replace(f"{{{name}_id}}", scene.ids[name])
    path = path.replace("{allocation_id}", scene.ids["pending_allocation"])
    path = path.replace("{return_id}", scene.ids["school_return"])
    path = path.replace("{session_number}", "1")
    path = path.replace("{measure_key}", "family_journey").replace("{rule}", "persistent_absence")
    return path.replace("{academic_year}", "2026-27").replace("{period}", "2026/27-autumn")


def outsiders(stage: Stage, operation: str) -> dict[str, Principal]:
    """Who may not: by the rule's kinds, by having no part in the thing, by another authority."""
    rule = RULES[operation]
    of_kind = {Kind.SCHOOL: "school", Kind.PROVIDER: "provider", Kind.AUTHORITY: "officer"}
    result = {
        f"a {kind.value}, which the rule leaves out": stage.first.callers[name]
        for kind, name in of_kind.items()
        if kind not in rule.kinds
    }
    if operation not in OWN_CREATIONS:
        strangers = {Kind.SCHOOL: "other school", Kind.PROVIDER: "other provider"}
        result |= {
            f"a {name} of the same authority": stage.first.callers[name]
            for kind, name in strangers.items()
            if kind in rule.kinds
        }
        result |= {
            f"the {name} of another authority": stage.second.callers[name]
            for kind, name in of_kind.items()
            if kind in rule.kinds
        }
    return result


def test_the_lists_are_in_step(stage: Stage) -> None:
    served = mutations(stage.api.app)
    assert set(served) >= OWN_CREATIONS
    assert set(BODIES) <= set(served)
    no_body = {"accept_allocation", "submit_return", "accept_return", "revoke_client", "commit_allocation_run",
               "mark_message_read", "cancel_hand_over", "check_deemed_acceptance", "delete_school_calendar",
               "import_calendar", "import_school_calendar", "send_return_rows", "circulate_agenda", "finish_course",
               "take_course_seat", "agree_placement", "finish_link_day_action", "cancel_link_day_action"}  # fmt: skip
    for name, (_, _, example) in served.items():
        assert example is not None or name in BODIES or name in no_body, f"{name} has neither example nor body"


async def test_nobody_else_may(stage: Stage) -> None:
    served = mutations(stage.api.app)
    assert len(served) > 35
    before = await stage.digest()
    for operation, (method, path, example) in sorted(served.items()):
        text = json.dumps(BODIES.get(operation, example) or {})
        for noun in ("practitioner", "provider", "place", "referral", "service", "link_service", "school"):
            text = text.replace(f"{{{noun}}}", stage.first.ids[noun])
        url = filled(path, stage.first)
        assert "{" not in url, f"{operation}: a path parameter that the scene does not know"
        for who, principal in outsiders(stage, operation).items():
            answer = await stage.api.as_(principal).request(
                method, url, content=text, headers={"Content-Type": "application/json", "If-Match": "*", **key()}
            )
            assert answer.status_code in (403, 404), f"{operation} by {who}: {answer.status_code} {answer.text[:300]}"
            assert not [word for words in SECRETS.values() for word in words if word in answer.text], operation
            assert await stage.digest() == before, f"{operation} by {who} changed something"
        rule = RULES[operation]
        right = stage.first.callers[
            {Kind.SCHOOL: "school", Kind.PROVIDER: "provider", Kind.AUTHORITY: "officer"}[
                next(kind for kind in (Kind.SCHOOL, Kind.PROVIDER, Kind.AUTHORITY) if kind in rule.kinds)
            ]
        ]
        without = stage.api.as_(right, scopes=frozenset(Scope) - {rule.scope})
        answer = await without.request(method, url, content=text, headers={"Content-Type": "application/json", **key()})
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope"), operation
        answer = await stage.api.client.request(method, url, content=text, headers={"Content-Type": "application/json"})
        assert answer.status_code == 401, operation
        assert await stage.digest() == before, f"{operation} changed something"

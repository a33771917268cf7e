"""No organisation reads another's rows by any way into the graph: list, node, nested edge, filter, cursor."""

import json
from typing import Any

import pytest

from app.access import RULES, Kind, Scope
from app.db import Database
from app.graphql.ids import to_global
from tests.factories.authority import Town, build_town
from tests.factories.http import Api
from tests.factories.scene import UPN
from tests.graphql.conftest import Stage, code_of

SECRET_WORDS = ("Zephyrine", "Quillfeather", UPN, "Wisteria", "Goal of the garden", "01632 960777")

CASE = """... on Referral { reference pupil { givenName statutory { upn } } household { address contacts { name } }
  intervention { goals { title } readings { scores } } attendance { sessionsAttended } decisions { record }
  allocation { summary { band } lot { name } } history { toState } misId holds }"""


def node_ids(stage: Stage) -> dict[str, str]:
    """The global id of one node of every type that is not for all to read."""
    ids = stage.scene.ids
    return {
        "Referral": to_global("Referral", ids["referral"]),
        "Allocation": to_global("Allocation", ids["pending_allocation"]),
        "Intervention": to_global("Intervention", ids["intervention"]),
        "Contract": to_global("Contract", ids["contract"]),
        "Lot": to_global("Lot", ids["lot"]),
        "Practitioner": to_global("Practitioner", ids["practitioner"]),
        "Return": to_global("Return", ids["school_return"]),
    }


async def test_the_owner_finds_each_node_that_strangers_are_then_refused(stage: Stage) -> None:
    found = {
        name: (await stage.data("officer", "query ($id: ID!) { node(id: $id) { __typename recordId } }", id=one))[
            "node"
        ]
        for name, one in node_ids(stage).items()
    }
    assert {name: node["__typename"] for name, node in found.items()} == {name: name for name in found}


@pytest.mark.parametrize("who", ["other school", "other provider"])
@pytest.mark.parametrize(
    "name", ["Referral", "Allocation", "Intervention", "Contract", "Lot", "Practitioner", "Return"]
)
async def test_a_stranger_finds_no_node(stage: Stage, who: str, name: str) -> None:
    answer = await stage.ask(who, "query ($id: ID!) { node(id: $id) { id } }", id=node_ids(stage)[name])
    assert answer["data"] == {"node": None}
    if "errors" in answer:
        assert code_of(answer) == "FORBIDDEN"


async def test_a_pupil_is_a_node_for_those_who_may_know_it(stage: Stage) -> None:
    query = "{ referrals { nodes { recordId pupil { id household { id } } } } }"
    nodes = (await stage.data("officer", query))["referrals"]["nodes"]
    [case] = [node for node in nodes if node["recordId"] == stage.scene.ids["referral"]]
    asked = """query ($pupil: ID!, $home: ID!) {
      pupil: node(id: $pupil) { ... on Pupil { givenName statutory { upn } household { address } } }
      home: node(id: $home) { ... on Household { contacts { name } } } }"""
    ids = {"pupil": case["pupil"]["id"], "home": case["pupil"]["household"]["id"]}
    school = await stage.data("school", asked, **ids)
    assert school["pupil"]["statutory"] == {"upn": UPN}
    assert school["home"]["contacts"] == [{"name": "Ottoline Quillfeather"}]
    provider = await stage.data("provider", asked, **ids)
    assert provider["pupil"]["givenName"] == "Zephyrine"
    assert provider["pupil"]["statutory"] is None
    for stranger in ("other school", "other provider"):
        assert await stage.data(stranger, asked, **ids) == {"pupil": None, "home": None}


@pytest.mark.parametrize("who", ["other school", "other provider"])
async def test_a_stranger_finds_nothing_by_list_or_filter(stage: Stage, who: str) -> None:
    school = to_global("School", stage.scene.town.school.organisation_id)
    provider = to_global("Provider", stage.scene.town.provider.organisation_id)
    query = f"""query ($school: ID, $provider: ID) {{
      referrals(first: 5) {{ nodes {{ {CASE} }} }}
      bySchool: referrals(first: 5, school: $school) {{ nodes {{ {CASE} }} }}
      byProvider: referrals(first: 5, provider: $provider) {{ nodes {{ {CASE} }} }}
      allocations(first: 5) {{ nodes {{ summary {{ band }} referral {{ {CASE} }} }} }}
      offered: allocations(provider: $provider, state: ["pending", "accepted"]) {{ nodes {{ id }} }}
      interventions(first: 5) {{ nodes {{ goals {{ title }} referral {{ {CASE} }} }} }}
      worked: interventions(school: $school, provider: $provider) {{ nodes {{ id }} }}
      obligations(owedBy: $provider) {{ nodes {{ id }} }} returns(organisation: $school) {{ nodes {{ id }} }}
      providers {{ nodes {{ lots {{ id }} contracts {{ id }} practitioners {{ name }} }} }} }}"""
    data = await stage.data(who, query, school=school, provider=provider)
    for name, found in data.items():
        if name != "providers":
            assert found == {"nodes": []}, name
    nested = [node[edge] for node in data["providers"]["nodes"] for edge in ("lots", "contracts", "practitioners")]
    assert not [each for each in nested if each]
    assert not [word for word in SECRET_WORDS if word in json.dumps(data)]


async def test_a_provider_sees_no_identity_before_it_accepts(stage: Stage) -> None:
    query = f"""{{ allocations(state: ["pending"]) {{ nodes {{ recordId state summary {{ band attendanceBand }}
      practitioner {{ name }} decision {{ record }} referral {{ {CASE} }} intervention {{ id }} }} }}
      referrals {{ nodes {{ recordId }} }} }}"""
    data = await stage.data("provider", query)
    [offer] = data["allocations"]["nodes"]
    assert offer["recordId"] == stage.scene.ids["pending_allocation"]
    assert offer["summary"] == {"band": "P2", "attendanceBand": "50_to_80"}
    assert offer["referral"] is None
    assert offer["decision"] is None
    own = {stage.scene.ids["referral"], stage.scene.ids["joined_referral"]}
    assert {node["recordId"] for node in data["referrals"]["nodes"]} == own


async def test_a_provider_of_the_case_knows_the_child_and_never_its_upn(stage: Stage) -> None:
    query = f"{{ referrals(first: 5) {{ nodes {{ recordId {CASE} warnings needs }} }} }}"
    data = await stage.data("provider", query)
    [case] = [node for node in data["referrals"]["nodes"] if node["recordId"] == stage.scene.ids["referral"]]
    assert case["pupil"] == {"givenName": "Zephyrine", "statutory": None}
    assert case["intervention"]["readings"]
    assert [case[name] for name in ("misId", "holds", "decisions", "history", "warnings")] == [None] * 5
    assert UPN not in json.dumps(data)


async def test_a_school_knows_the_progress_and_never_the_readings(stage: Stage) -> None:
    query = """{ referrals(state: ["in_progress"]) { nodes { intervention {
      goals { title } contacts { result childSeen present practitioner { name } } readings { scores }
      plan { agreedOn familyWords } } allocation { lot { name } declineReason } decisions { record } holds } } }"""
    [case] = (await stage.data("school", query))["referrals"]["nodes"]
    work = case["intervention"]
    assert work["goals"] == [{"title": "Goal of the garden"}]
    assert work["contacts"][0] == {"result": "attended", "childSeen": None, "present": None, "practitioner": None}
    assert work["readings"] is None
    assert work["plan"]["familyWords"] is None
    assert case["allocation"] == {"lot": None, "declineReason": None}
    assert case["decisions"] is None
    assert case["holds"] is None


WORDS = """{ referrals(first: 5, state: ["in_progress"]) { nodes {
  messages(first: 5) { text reads(first: 5) { organisation { name } } }
  concerns(first: 5) { kind text worker acts(first: 5) { action note } }
  intervention { notes(first: 5) { text practitioner { name } } } } }
  concerns(first: 5) { nodes {
    recordId kind recipient { name } workerOrganisation { name } acts(first: 5) { note } } } }"""


async def test_notes_messages_and_concerns_are_each_partys_own(stage: Stage) -> None:
    ids, provider = stage.scene.ids, "Harbour Families (made up)"
    message = {"text": "Message of the market", "reads": [{"organisation": {"name": provider}}]}
    act = {"action": "family_spoken_to", "note": "Act of the harbour"}
    at_risk = {"kind": "child_at_risk", "text": "Concern of the canal", "worker": None, "acts": [act]}
    accused = {
        "kind": "allegation_about_worker", "text": "Allegation of the attic", "acts": [],
        "worker": {"name": "Worker of the wharf", "role": None},
    }  # fmt: skip
    kitchen, cellar = "Note of the kitchen", "Note of the cellar"
    for who, concerns, notes in (
        ("officer", [accused, at_risk], {kitchen: True, cellar: True}),
        ("school", [accused, at_risk], {kitchen: False}),
        ("provider", [{**at_risk, "acts": None}], {kitchen: True, cellar: True}),
    ):
        data = await stage.data(who, WORDS)
        [case] = data["referrals"]["nodes"]
        assert case["messages"] == [message], who
        assert case["concerns"] == concerns, who
        told = {note["text"]: note["practitioner"] is not None for note in case["intervention"]["notes"]}
        assert told == notes, who
        listed = [node["recordId"] for node in data["concerns"]["nodes"]]
        assert (ids["allegation"] in listed, ids["concern"] in listed) == (len(concerns) == 2, True), who
    for stranger in ("other school", "other provider"):
        assert (await stage.data(stranger, WORDS))["concerns"]["nodes"] == []
    own = to_global("Concern", ids["allegation"])
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await stage.data("school", query, id=own))["node"] == {"id": own}
    assert (await stage.data("provider", query, id=own))["node"] is None


async def test_a_cursor_is_good_for_its_organisation_and_list_only(stage: Stage) -> None:
    page = "{ pageInfo { endCursor } nodes { id } }"
    own = (await stage.data("officer", f"{{ referrals(first: 1) {page} }}"))["referrals"]["pageInfo"]["endCursor"]
    for who, root in (("school", "referrals"), ("officer", "allocations"), ("officer", "waitingList")):
        answer = await stage.ask(who, f"query ($after: String) {{ {root}(after: $after) {page} }}", after=own)
        assert answer["data"] == {root: None}
        assert code_of(answer) == "BAD_USER_INPUT"


async def test_another_authority_sees_nothing_of_this_one(clone: Database, real_town: Town, real_api: Api) -> None:
    elsewhere = await build_town(clone, name="Elsewhere (made up)")
    lot = to_global("Lot", real_town.lots[0])
    school = to_global("School", real_town.school.organisation_id)
    authority = to_global("Authority", real_town.officer.authority_id)
    query = """query ($lot: ID!, $school: ID!, $authority: ID!) {
      lot: node(id: $lot) { id } authority: node(id: $authority) { id }
      school: node(id: $school) { id } schools { nodes { recordId } } lots { nodes { recordId } } }"""
    answer = await real_api.as_(elsewhere.officer).graphql(query, lot=lot, school=school, authority=authority)
    data: dict[str, Any] = answer["data"]
    assert (data["lot"], data["school"], data["authority"]) == (None, None, None)
    assert {node["recordId"] for node in data["lots"]["nodes"]} == {str(one) for one in elsewhere.lots}
    assert len(data["schools"]["nodes"]) == 3


@pytest.mark.parametrize("rule", sorted(rule for rule in RULES if rule.startswith("graphql.")))
async def test_each_root_needs_its_scope_and_its_kind(stage: Stage, rule: str) -> None:
    root = rule.removeprefix("graphql.")
    rest = {"authority": "{ id }", "capacity": "{ startsOn }", "timeliness": "{ n }", "outcomes": "{ n }"}
    rest["compliance"] = "{ kind }"
    arguments = "(measure: ATTENDANCE)" if root == "outcomes" else ""
    query = f"{{ {root}{arguments} {rest.get(root, '{ nodes { id } }')} }}"
    others = frozenset(Scope) - {RULES[rule].scope}
    answer = await stage.api.as_(stage.scene.town.officer, scopes=others).graphql(query)
    assert answer["data"] == {root: None}
    assert code_of(answer) == "FORBIDDEN"
    for name, kind in (("school", Kind.SCHOOL), ("provider", Kind.PROVIDER), ("officer", Kind.AUTHORITY)):
        answer = await stage.ask(name, query)
        assert ("errors" not in answer) == (kind in RULES[rule].kinds), (name, answer)


async def test_an_edge_needs_the_scope_of_where_it_leads(stage: Stage) -> None:
    caller = stage.api.as_(stage.scene.town.officer, scopes=frozenset({Scope.REFERRALS_READ}))
    answer = await caller.graphql(
        '{ referrals(state: ["in_progress"]) { nodes { reference intervention { state } } } }'
    )
    assert answer["data"]["referrals"]["nodes"][0]["intervention"] is None
    assert code_of(answer) == "FORBIDDEN"


async def test_who_was_shown_a_family_is_recorded(clone: Database, real_town: Town, real_api: Api) -> None:
    from tests.factories.referrals import key, referral_body

    sent = await real_api.as_(real_town.school).post("/v1/referrals", referral_body(), headers=key())
    assert sent.status_code == 201, sent.text
    officer = real_api.as_(real_town.officer)

    async def lines() -> list[dict[str, Any]]:
        found = (await officer.get("/v1/audit")).json()["data"]
        return [line for line in found if line["action"] == "read_identity"]

    before = await lines()
    await officer.graphql("{ referrals { nodes { reference state school { name } } } }")
    assert await lines() == before
    answer = await officer.graphql("{ referrals { nodes { pupil { givenName recordId statutory { upn } } } } }")
    pupil = answer["data"]["referrals"]["nodes"][0]["pupil"]["recordId"]
    new = [line for line in await lines() if line not in before]
    assert sorted((line["subject_kind"], line["fields"]) for line in new) == [
        ("pupil", ["given_name"]),
        ("pupil_statutory", ["upn"]),
    ]
    assert {line["subject_id"] for line in new} == {pupil}

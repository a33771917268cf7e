"""The schema as data: every field of a case says who may see it, and the committed document says the same."""

from pathlib import Path

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, build_schema, get_named_type, is_leaf_type

from app.access import RULES, VISIBLE, Group, Party, Scope
from app.graphql.executor import PLAIN
from app.graphql.rows import TYPES
from app.graphql.schema import SCHEMA, schema, sdl
from app.graphql.visibility import FIELD_GROUPS, case_type

CASE_TYPES = {
    "Allocation", "AllocationSummary", "AttendanceRecord", "Attention", "AttentionLook", "BandDecision", "Certificate",
    "ChartLine", "ChartPoint", "ChartStep", "Closure", "Concern", "ConcernAct", "Contact",
    "Decision", "ExpectedStart", "Explanation", "ExplanationFacts", "FamilyQuote", "Goal", "GoalProgress", "Household",
    "HouseholdContact", "Intervention", "LinkedChild", "Message", "MessageRead", "Note", "Override", "Pause", "Plan",
    "PolicyCited", "Pupil", "PupilStatutory", "ReasonCount", "Reading", "ReadingsChart", "Referral", "Review",
    "ReviewedGoal", "Signpost", "SignpostRecord", "StatusChange", "SuspensionRecord", "TimelineEntry",
}  # fmt: skip
WITHOUT_GROUPS = {
    "Area", "AuditAction", "Authority", "Course", "CourseAttendance", "CourseEnrolment", "CourseSession", "Contract",
    "ContractVariation", "LinkDay", "LinkDayAction", "Lot", "LotUse", "OfferAnswers", "Organisation", "Panel",
    "PanelSitting", "Placement", "PlacementDay", "PlacementReview", "PracticeAudit", "Practitioner", "Provider",
    "School", "Service", "Policy", "Obligation", "Return", "PageInfo", "Query", "AttendanceOutcome",
    "SuspensionsOutcome", "Capacity", "CapacityPoint", "VolumeUse", "Timeliness", "ServiceLevel",
}  # fmt: skip
"""What says the same to everyone whom its row policy lets read it, or is a figure."""


def object_types() -> dict[str, GraphQLObjectType]:
    return {
        name: kind
        for name, kind in SCHEMA.type_map.items()
        if isinstance(kind, GraphQLObjectType)
        and not name.startswith("__")
        and not name.endswith(("Connection", "Edge"))
    }


def test_every_type_is_of_a_case_or_listed() -> None:
    assert {owner for owner, _ in FIELD_GROUPS} == CASE_TYPES
    assert set(object_types()) == CASE_TYPES | WITHOUT_GROUPS


@pytest.mark.parametrize("name", sorted(CASE_TYPES))
def test_every_field_of_a_case_has_its_group(name: str) -> None:
    fields = {field.extensions["strawberry-definition"].python_name for field in object_types()[name].fields.values()}
    assert {field for owner, field in FIELD_GROUPS if owner == name} == fields


@pytest.mark.parametrize("name", sorted(CASE_TYPES))
def test_what_can_be_withheld_can_be_null(name: str) -> None:
    everyone = frozenset.intersection(*VISIBLE.values())
    for field in object_types()[name].fields.values():
        group = FIELD_GROUPS[name, field.extensions["strawberry-definition"].python_name]
        if group not in everyone:
            assert not isinstance(field.type, GraphQLNonNull), field


class Everything:
    """A source of any field, seen by nobody or by one party."""

    def __init__(self, sees: frozenset[Group]) -> None:
        self.sees = sees

    def __getattr__(self, name: str) -> object:
        return "3"


@pytest.mark.parametrize("party", list(Party))
def test_a_plain_field_is_null_for_who_may_not_see_it(party: Party) -> None:
    checked = 0
    for name in CASE_TYPES:
        for field in object_types()[name].fields.values():
            read = field.extensions.get(PLAIN)
            group = FIELD_GROUPS[name, field.extensions["strawberry-definition"].python_name]
            if read is None:
                continue
            checked += 1
            assert read(Everything(frozenset())) is None
            assert (read(Everything(VISIBLE[party])) is not None) == (group in VISIBLE[party]), (name, field)
    assert checked > 100


@pytest.mark.parametrize("name", sorted(CASE_TYPES))
def test_an_edge_of_a_case_is_null_for_who_may_not_see_it(name: str) -> None:
    for field in object_types()[name].fields.values():
        if field.extensions.get(PLAIN) is None and not is_leaf_type(get_named_type(field.type)):
            assert field.resolve is not None
            # Neither context nor row is asked: the group alone decides.
            assert field.resolve(Everything(frozenset()), None) is None


def test_a_field_of_a_case_without_a_group_cannot_be_made() -> None:
    import strawberry

    with pytest.raises(TypeError, match=r"Careless\.name says no Group"):

        @case_type
        @strawberry.type
        class Careless:
            name: str


def test_every_node_names_a_rule_that_exists() -> None:
    nodes = {kind.name for kind in SCHEMA.get_possible_types(SCHEMA.type_map["Node"])}
    assert nodes == {cls.type_name for cls in TYPES.values() if cls.rule is not None}
    assert {cls.rule for cls in TYPES.values() if cls.rule is not None} <= set(RULES)
    assert {RULES[cls.rule].scope for cls in TYPES.values() if cls.rule} <= set(Scope)


def test_a_plain_field_is_read_without_the_library() -> None:
    plain = [field for kind in object_types().values() for field in kind.fields.values() if PLAIN in field.extensions]
    assert len(plain) > 250


def test_the_schema_prints_and_reads_back() -> None:
    printed = build_schema(sdl())
    assert set(printed.type_map) >= set(object_types())
    assert schema._schema is SCHEMA


def test_the_committed_schema_is_what_the_code_says() -> None:
    committed = Path(__file__).parents[2] / "openapi" / "schema.graphql"
    assert committed.read_text() == sdl()

"""Pupils, their households and whom to reach. Every field is withheld from whoever may not know the family."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.access import Group, Kind, Principal
from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.visibility import case_type, resolved, seen
from app.queries.graph import nouns

if TYPE_CHECKING:
    from app.graphql.types.referrals import Referral

_WHO, _STATUTORY = Group.IDENTITY, Group.STATUTORY
_RULE = "graphql.referrals"


@case_type
@of_noun(nouns.HOUSEHOLD_CONTACT)
@strawberry.type(description="A parent, carer or other person to reach.")
class HouseholdContact(Row):
    """A contact of a household."""

    position: int | None = seen(_WHO, "The order in which to try them.")
    name: str | None = seen(_WHO)
    relationship: str | None = seen(_WHO)
    parental_responsibility: bool | None = seen(_WHO)
    lives_with_child: bool | None = seen(_WHO)
    phones: list[str] | None = seen(_WHO)
    email: str | None = seen(_WHO)
    language: str | None = seen(_WHO)
    interpreter_needed: bool | None = seen(_WHO)
    accessibility: str | None = seen(_WHO)


@case_type
@of_noun(nouns.LINKED_CHILD)
@strawberry.type(description="Another child of the household.")
class LinkedChild(Row):
    """A child of the household who is not the pupil."""

    name: str | None = seen(_WHO)
    date_of_birth: date | None = seen(_WHO)
    relationship: str | None = seen(_WHO)


@case_type
@of_noun(nouns.HOUSEHOLD, rule=_RULE)
@strawberry.type(description="The home.")
class Household(Row, Node):
    """A household."""

    home_language: str | None = seen(_WHO)
    interpreter_needed: bool | None = seen(_WHO)
    address: JSON | None = seen(_WHO, "Withheld from the provider where it is confidential.", json=True)
    address_confidential: bool | None = seen(_WHO)

    @classmethod
    def of(cls, record: Mapping[str, Any], principal: Principal) -> "Household":
        """A household; a confidential address stays with the referrer and the authority."""
        made = super().of(record, principal)
        if record["address_confidential"] and principal.kind is Kind.PROVIDER:
            made.address = None
        return made

    @resolved("In the order in which to try them.", group=_WHO)
    def contacts(self, info: Info, first: First = CHILDREN) -> list[HouseholdContact] | None:
        """The first contacts."""
        return children(info, self, "household_contact", "household_id", first)

    @resolved("Its referrals, as far as you may see them, in the order in which they came.", group=_WHO, rule=_RULE)
    def referrals(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["Referral", strawberry.lazy("app.graphql.types.referrals")]] | None:
        """The first of them."""
        return children(info, self, "referral", "household_id", first)

    @resolved("Other children of the household.", group=_WHO)
    def linked_children(self, info: Info, first: First = CHILDREN) -> list[LinkedChild] | None:
        """The first of them, by name."""
        return children(info, self, "linked_child", "household_id", first)


@case_type
@of_noun(nouns.PUPIL_STATUTORY)
@strawberry.type(description="What only the school and the authority know of a pupil.")
class PupilStatutory(Row):
    """Facts kept apart from the pupil, so that row policy keeps them from providers."""

    upn: str | None = seen(_STATUTORY)
    upn_missing_reason: str | None = seen(_STATUTORY)
    ethnicity: str | None = seen(_STATUTORY)
    free_school_meals: bool | None = seen(_STATUTORY)
    pupil_premium: list[str] | None = seen(_STATUTORY)


@case_type
@of_noun(nouns.PUPIL, rule=_RULE)
@strawberry.type(description="The child.")
class Pupil(Row, Node):
    """A pupil."""

    household_id: strawberry.Private[UUID]
    given_name: str | None = seen(_WHO)
    family_name: str | None = seen(_WHO)
    preferred_name: str | None = seen(_WHO)
    date_of_birth: date | None = seen(_WHO)
    sex: str | None = seen(_WHO)
    first_language: str | None = seen(_WHO)
    sen_provision: str | None = seen(_WHO)
    sen_types: list[str] | None = seen(_WHO)
    young_carer: str | None = seen(_WHO)
    social_care: JSON | None = seen(_WHO, "Who is responsible for the child, and how to reach them.", json=True)
    health_conditions: str | None = seen(_WHO)
    home_la_code: str | None = seen(_WHO)
    statutory: PupilStatutory | None = edge("pupil_statutory", "id", group=_STATUTORY)
    household: Household | None = edge("household", "household_id", group=_WHO)

"""Who may do what, and who sees what: data, read by the routes, the schemas and the tests alike."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.errors import Forbidden, ScopeMissing


class Kind(StrEnum):
    """What an organisation is within its authority."""

    AUTHORITY = "authority"
    SCHOOL = "school"
    PROVIDER = "provider"
    AGENCY = "agency"


class Scope(StrEnum):
    """What a token was granted."""

    REFERRALS_READ = "referrals.read"
    REFERRALS_WRITE = "referrals.write"
    ALLOCATIONS_READ = "allocations.read"
    ALLOCATIONS_WRITE = "allocations.write"
    INTERVENTIONS_READ = "interventions.read"
    INTERVENTIONS_WRITE = "interventions.write"
    RETURNS_READ = "returns.read"
    RETURNS_WRITE = "returns.write"
    OUTCOMES_READ = "outcomes.read"
    SUPPLY_READ = "supply.read"
    SUPPLY_WRITE = "supply.write"
    PANELS_READ = "panels.read"
    PANELS_WRITE = "panels.write"
    NOTES_READ = "notes.read"
    NOTES_WRITE = "notes.write"
    SAFEGUARDING_READ = "safeguarding.read"
    SAFEGUARDING_WRITE = "safeguarding.write"
    EVENTS_READ = "events.read"
    WEBHOOKS_WRITE = "webhooks.write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: one client, acting for one organisation in one authority."""

    client_id: UUID
    organisation_id: UUID
    authority_id: UUID
    kind: Kind
    scopes: frozenset[Scope]
    request_id: str = ""
    at: datetime | None = None
    """The business time to act at, where the service itself says so."""
    stated_at: datetime | None = None
    """The business time that the caller states: it counts in a sandbox authority alone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What an operation asks of its caller: one scope, and one of some kinds of organisation."""

    scope: Scope
    kinds: frozenset[Kind]


_ALL = frozenset(Kind)
_AUTHORITY = frozenset({Kind.AUTHORITY})
_PROVIDER = frozenset({Kind.PROVIDER})
_REFERRERS = frozenset({Kind.SCHOOL, Kind.AGENCY})
_SENDERS_AND_AUTHORITY = _REFERRERS | _AUTHORITY
_SCHOOL_AND_AUTHORITY = frozenset({Kind.SCHOOL, Kind.AUTHORITY})
_SCHOOL = frozenset({Kind.SCHOOL})
_ON_PANELS = _REFERRERS | _AUTHORITY
_FILERS = frozenset({Kind.PROVIDER, Kind.SCHOOL})

# Keyed by the OpenAPI operationId (REST) or by `graphql.<root>`. A route without a line here cannot be served.
RULES: Final[dict[str, Rule]] = {
    # referrals
    "check_referral": Rule(Scope.REFERRALS_WRITE, _REFERRERS),
    "create_referral": Rule(Scope.REFERRALS_WRITE, _REFERRERS),
    "list_referrals": Rule(Scope.REFERRALS_READ, _ALL),
    "search_referrals": Rule(Scope.REFERRALS_READ, _SENDERS_AND_AUTHORITY),
    "get_referral": Rule(Scope.REFERRALS_READ, _ALL),
    "amend_referral": Rule(Scope.REFERRALS_WRITE, _REFERRERS),
    "list_referral_amendments": Rule(Scope.REFERRALS_READ, _SENDERS_AND_AUTHORITY),
    "list_referral_history": Rule(Scope.REFERRALS_READ, _SENDERS_AND_AUTHORITY),
    "withdraw_referral": Rule(Scope.REFERRALS_WRITE, _REFERRERS),
    "request_information": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "answer_information": Rule(Scope.REFERRALS_WRITE, _REFERRERS),
    "change_agreement": Rule(Scope.REFERRALS_WRITE, _REFERRERS | _PROVIDER),
    "link_siblings": Rule(Scope.REFERRALS_WRITE, _SENDERS_AND_AUTHORITY),
    "release_referral": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "push_attendance": Rule(Scope.REFERRALS_WRITE, frozenset({Kind.SCHOOL})),
    "push_suspensions": Rule(Scope.REFERRALS_WRITE, frozenset({Kind.SCHOOL})),
    "override_allocation": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "allow_provider": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "withdraw_offer": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "change_band": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "look_at_attention": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "list_attention_looks": Rule(Scope.REFERRALS_READ, _AUTHORITY),
    "reopen_referral": Rule(Scope.REFERRALS_WRITE, _ALL),
    "join_case": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "change_school": Rule(Scope.REFERRALS_WRITE, _SCHOOL_AND_AUTHORITY),
    "transfer_referral": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "confirm_transfer": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "get_transfer_summary": Rule(Scope.REFERRALS_READ, _AUTHORITY),
    "close_referral": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "get_household": Rule(Scope.REFERRALS_READ, _ALL),
    "list_overrides": Rule(Scope.REFERRALS_READ, _AUTHORITY),
    "list_band_decisions": Rule(Scope.REFERRALS_READ, _AUTHORITY),
    "list_referral_decisions": Rule(Scope.REFERRALS_READ, _AUTHORITY),
    "explain_referral": Rule(Scope.REFERRALS_READ, _SENDERS_AND_AUTHORITY),
    "get_timeline": Rule(Scope.REFERRALS_READ, _ALL),
    "list_waiting": Rule(Scope.REFERRALS_READ, _AUTHORITY),
    # allocations
    "list_allocations": Rule(Scope.ALLOCATIONS_READ, _PROVIDER | _AUTHORITY),
    "get_allocation": Rule(Scope.ALLOCATIONS_READ, _PROVIDER | _AUTHORITY),
    "accept_allocation": Rule(Scope.ALLOCATIONS_WRITE, _PROVIDER),
    "decline_allocation": Rule(Scope.ALLOCATIONS_WRITE, _PROVIDER),
    "check_deemed_acceptance": Rule(Scope.ALLOCATIONS_WRITE, _AUTHORITY),
    "assign_practitioner": Rule(Scope.ALLOCATIONS_WRITE, _PROVIDER),
    "create_allocation_run": Rule(Scope.ALLOCATIONS_WRITE, _AUTHORITY),
    "list_allocation_runs": Rule(Scope.ALLOCATIONS_READ, _AUTHORITY),
    "get_allocation_run": Rule(Scope.ALLOCATIONS_READ, _AUTHORITY),
    "commit_allocation_run": Rule(Scope.ALLOCATIONS_WRITE, _AUTHORITY),
    # interventions
    "list_interventions": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "get_intervention": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "acknowledge_safety": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "list_intervention_contacts": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "record_contact": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "get_plan": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "put_plan": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "list_goal_progress": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "record_goal_progress": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "list_signposts": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "record_signpost": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "follow_up_signpost": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "list_quotes": Rule(Scope.INTERVENTIONS_READ, _PROVIDER | _AUTHORITY),
    "record_quote": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "withdraw_quote": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER | _AUTHORITY),
    "get_closure_letter": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "list_readings": Rule(Scope.INTERVENTIONS_READ, _PROVIDER | _AUTHORITY),
    "record_reading": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "extend_intervention": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "pause_intervention": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "resume_intervention": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "list_reviews": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "record_review": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "close_intervention": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "get_readings_chart": Rule(Scope.INTERVENTIONS_READ, _PROVIDER | _AUTHORITY),
    "leave_intervention": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "list_measures": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "list_measure_versions": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "publish_measure": Rule(Scope.ADMIN, _AUTHORITY),
    "preview_measure": Rule(Scope.ADMIN, _AUTHORITY),
    "retire_measure": Rule(Scope.ADMIN, _AUTHORITY),
    # notes, messages and concerns: three different things
    "list_case_notes": Rule(Scope.NOTES_READ, _ALL),
    "write_case_note": Rule(Scope.NOTES_WRITE, _PROVIDER),
    "list_messages": Rule(Scope.REFERRALS_READ, _ALL),
    "post_message": Rule(Scope.REFERRALS_WRITE, _ALL),
    "mark_message_read": Rule(Scope.REFERRALS_WRITE, _ALL),
    # Telling of a child at risk must never fail for want of a scope that nobody thought of; reading of one needs it.
    "raise_concern": Rule(Scope.REFERRALS_WRITE, _ALL),
    "list_concerns": Rule(Scope.SAFEGUARDING_READ, _ALL),
    "get_concern": Rule(Scope.SAFEGUARDING_READ, _ALL),
    "acknowledge_concern": Rule(Scope.SAFEGUARDING_WRITE, _SCHOOL_AND_AUTHORITY),
    "close_concern": Rule(Scope.SAFEGUARDING_WRITE, _SCHOOL_AND_AUTHORITY),
    # returned to the authority, and owed
    "list_returns": Rule(Scope.RETURNS_READ, _FILERS | _AUTHORITY),
    "get_return": Rule(Scope.RETURNS_READ, _FILERS | _AUTHORITY),
    "put_return": Rule(Scope.RETURNS_WRITE, _FILERS),
    "get_return_sheet": Rule(Scope.RETURNS_READ, _FILERS),
    "get_return_workbook": Rule(Scope.RETURNS_READ, _FILERS),
    "send_return_rows": Rule(Scope.RETURNS_WRITE, _FILERS),
    "submit_return": Rule(Scope.RETURNS_WRITE, _FILERS),
    "amend_return": Rule(Scope.RETURNS_WRITE, _FILERS),
    "list_return_submissions": Rule(Scope.RETURNS_READ, _FILERS | _AUTHORITY),
    "accept_return": Rule(Scope.RETURNS_WRITE, _AUTHORITY),
    "query_return": Rule(Scope.RETURNS_WRITE, _AUTHORITY),
    "list_return_templates": Rule(Scope.RETURNS_READ, _FILERS | _AUTHORITY),
    "preview_return_template": Rule(Scope.ADMIN, _AUTHORITY),
    "publish_return_template": Rule(Scope.ADMIN, _AUTHORITY),
    "withdraw_return_template": Rule(Scope.ADMIN, _AUTHORITY),
    "list_practice_audits": Rule(Scope.RETURNS_READ, _FILERS | _AUTHORITY),
    "get_practice_audit": Rule(Scope.RETURNS_READ, _FILERS | _AUTHORITY),
    "record_practice_audit": Rule(Scope.RETURNS_WRITE, _FILERS | _AUTHORITY),
    "add_audit_action": Rule(Scope.RETURNS_WRITE, _FILERS | _AUTHORITY),
    "change_audit_action": Rule(Scope.RETURNS_WRITE, _FILERS | _AUTHORITY),
    "list_obligations": Rule(Scope.REFERRALS_READ, _ALL),
    # panels
    "send_to_panel": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    "list_panels": Rule(Scope.PANELS_READ, _ON_PANELS),
    "get_panel": Rule(Scope.PANELS_READ, _ON_PANELS),
    "list_panel_candidates": Rule(Scope.PANELS_READ, _AUTHORITY),
    "create_panel": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "change_panel": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "list_sittings": Rule(Scope.PANELS_READ, _ON_PANELS),
    "make_sittings": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "get_sitting": Rule(Scope.PANELS_READ, _ON_PANELS),
    "move_sitting": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "cancel_sitting": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "set_chair": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "get_agenda": Rule(Scope.PANELS_READ, _ON_PANELS),
    "get_agenda_item": Rule(Scope.PANELS_READ, _ON_PANELS),
    "add_blockage": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "order_agenda": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "take_item_off": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "declare_conflict": Rule(Scope.PANELS_WRITE, _ON_PANELS),
    "add_later_fact": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "circulate_agenda": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "hold_sitting": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "correct_attendance": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "decide_item": Rule(Scope.PANELS_WRITE, _ON_PANELS),
    "list_panel_decisions": Rule(Scope.PANELS_READ, _ON_PANELS),
    "get_minutes": Rule(Scope.PANELS_READ, _ON_PANELS),
    "get_minutes_document": Rule(Scope.PANELS_READ, _ON_PANELS),
    "draft_minutes": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "approve_minutes": Rule(Scope.PANELS_WRITE, _AUTHORITY),
    "list_panel_actions": Rule(Scope.PANELS_READ, _ON_PANELS),
    "finish_panel_action": Rule(Scope.PANELS_WRITE, _ON_PANELS),
    # pre-exclusion reviews: the school's own
    "list_pre_exclusion_reviews": Rule(Scope.PANELS_READ, _SCHOOL_AND_AUTHORITY),
    "get_pre_exclusion_review": Rule(Scope.PANELS_READ, _SCHOOL_AND_AUTHORITY),
    "record_pre_exclusion_review": Rule(Scope.PANELS_WRITE, _SCHOOL),
    "amend_pre_exclusion_review": Rule(Scope.PANELS_WRITE, _SCHOOL),
    "record_exclusion_outcome": Rule(Scope.PANELS_WRITE, _SCHOOL),
    "send_review_to_panel": Rule(Scope.PANELS_WRITE, _SCHOOL),
    "get_obligation": Rule(Scope.REFERRALS_READ, _ALL),
    "mark_obligation_done": Rule(Scope.REFERRALS_WRITE, _AUTHORITY),
    # Everyone reads how it met what it owed itself, so it needs no more than the worklist does.
    "get_service_levels": Rule(Scope.REFERRALS_READ, _ALL),
    # supply
    "list_services": Rule(Scope.SUPPLY_READ, _ALL),
    "get_service": Rule(Scope.SUPPLY_READ, _ALL),
    "create_service": Rule(Scope.SUPPLY_WRITE, _AUTHORITY),
    "update_service": Rule(Scope.SUPPLY_WRITE, _AUTHORITY | _PROVIDER),
    "list_contracts": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "get_contract": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "create_contract": Rule(Scope.SUPPLY_WRITE, _AUTHORITY),
    "list_variations": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "add_variation": Rule(Scope.SUPPLY_WRITE, _AUTHORITY),
    "get_contract_ending": Rule(Scope.SUPPLY_READ, _AUTHORITY),
    "hand_over_contract": Rule(Scope.SUPPLY_WRITE, _AUTHORITY),
    "list_hand_overs": Rule(Scope.SUPPLY_READ, _AUTHORITY),
    "get_hand_over": Rule(Scope.SUPPLY_READ, _AUTHORITY),
    "cancel_hand_over": Rule(Scope.SUPPLY_WRITE, _AUTHORITY),
    "list_lots": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "get_lot": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "create_lot": Rule(Scope.SUPPLY_WRITE, _AUTHORITY),
    "list_places": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "change_capacity": Rule(Scope.SUPPLY_WRITE, _AUTHORITY | _PROVIDER),
    "list_out_of_service": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "set_out_of_service": Rule(Scope.SUPPLY_WRITE, _AUTHORITY | _PROVIDER),
    "end_out_of_service": Rule(Scope.SUPPLY_WRITE, _AUTHORITY | _PROVIDER),
    "set_place_practitioner": Rule(Scope.SUPPLY_WRITE, _PROVIDER),
    # courses: what is planned is for everyone to read, who is enrolled is not
    "list_courses": Rule(Scope.SUPPLY_READ, _ALL),
    "list_lot_courses": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "get_course": Rule(Scope.SUPPLY_READ, _ALL),
    "plan_course": Rule(Scope.SUPPLY_WRITE, _AUTHORITY | _PROVIDER),
    "cancel_course": Rule(Scope.SUPPLY_WRITE, _AUTHORITY | _PROVIDER),
    "get_course_register": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "put_course_register": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "finish_course": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "enrol_on_course": Rule(Scope.REFERRALS_WRITE, _ALL),
    "list_course_enrolments": Rule(Scope.REFERRALS_READ, _ALL),
    "get_course_enrolment": Rule(Scope.REFERRALS_READ, _ALL),
    "take_course_seat": Rule(Scope.REFERRALS_WRITE, _ALL),
    "refuse_course_seat": Rule(Scope.REFERRALS_WRITE, _ALL),
    "leave_course": Rule(Scope.REFERRALS_WRITE, _ALL),
    # placements
    "ask_for_placement": Rule(Scope.REFERRALS_WRITE, _SENDERS_AND_AUTHORITY),
    "list_placements": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "get_placement": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "tell_parents_of_placement": Rule(Scope.REFERRALS_WRITE, _SENDERS_AND_AUTHORITY),
    "withdraw_placement": Rule(Scope.REFERRALS_WRITE, _SENDERS_AND_AUTHORITY),
    "agree_placement": Rule(Scope.ALLOCATIONS_WRITE, _PROVIDER),
    "decline_placement": Rule(Scope.ALLOCATIONS_WRITE, _PROVIDER),
    "record_placement_days": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    # The school owes the review and the unit knows the pupil: either may write down what they found together.
    "review_placement": Rule(Scope.REFERRALS_WRITE, _ALL),
    "put_reintegration_plan": Rule(Scope.REFERRALS_WRITE, _ALL),
    "extend_placement": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "end_placement": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    # link days
    "ask_for_link_day": Rule(Scope.REFERRALS_WRITE, _SCHOOL_AND_AUTHORITY),
    "list_link_days": Rule(Scope.SUPPLY_READ, _ALL),
    "get_link_day": Rule(Scope.SUPPLY_READ, _ALL),
    "confirm_link_day": Rule(Scope.ALLOCATIONS_WRITE, _PROVIDER),
    "record_link_day": Rule(Scope.INTERVENTIONS_WRITE, _PROVIDER),
    "cancel_link_day": Rule(Scope.REFERRALS_WRITE, _FILERS | _AUTHORITY),
    "add_link_day_action": Rule(Scope.REFERRALS_WRITE, _FILERS | _AUTHORITY),
    "list_link_day_actions": Rule(Scope.SUPPLY_READ, _ALL),
    "get_link_day_action": Rule(Scope.SUPPLY_READ, _ALL),
    "finish_link_day_action": Rule(Scope.REFERRALS_WRITE, _FILERS | _AUTHORITY),
    "cancel_link_day_action": Rule(Scope.REFERRALS_WRITE, _FILERS | _AUTHORITY),
    "list_practitioners": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "get_practitioner": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "create_practitioner": Rule(Scope.SUPPLY_WRITE, _PROVIDER),
    "update_practitioner": Rule(Scope.SUPPLY_WRITE, _PROVIDER),
    # policies: published, so that whoever is concerned may read them
    "list_policies": Rule(Scope.SUPPLY_READ, _ALL),
    "get_current_policy": Rule(Scope.SUPPLY_READ, _ALL),
    "get_policy": Rule(Scope.SUPPLY_READ, _ALL),
    "get_policy_page": Rule(Scope.SUPPLY_READ, _ALL),
    "get_policy_transparency_record": Rule(Scope.SUPPLY_READ, _ALL),
    "publish_policy": Rule(Scope.ADMIN, _AUTHORITY),
    "preview_policy": Rule(Scope.ADMIN, _AUTHORITY),
    "withdraw_policy": Rule(Scope.ADMIN, _AUTHORITY),
    # parties
    "list_schools": Rule(Scope.SUPPLY_READ, _ALL),
    "get_school": Rule(Scope.SUPPLY_READ, _ALL),
    "create_school": Rule(Scope.ADMIN, _AUTHORITY),
    "list_areas": Rule(Scope.SUPPLY_READ, _ALL),
    "get_area": Rule(Scope.SUPPLY_READ, _ALL),
    "create_area": Rule(Scope.ADMIN, _AUTHORITY),
    "list_providers": Rule(Scope.SUPPLY_READ, _ALL),
    "get_provider": Rule(Scope.SUPPLY_READ, _ALL),
    "get_offer_answers": Rule(Scope.ALLOCATIONS_READ, _AUTHORITY),
    "create_provider": Rule(Scope.ADMIN, _AUTHORITY),
    "get_calendar": Rule(Scope.SUPPLY_READ, _ALL),
    "put_calendar": Rule(Scope.ADMIN, _AUTHORITY),
    "import_calendar": Rule(Scope.ADMIN, _AUTHORITY),
    "list_calendar_days": Rule(Scope.SUPPLY_READ, _ALL),
    "add_calendar_days": Rule(Scope.SUPPLY_READ, _ALL),
    "count_calendar_days": Rule(Scope.SUPPLY_READ, _ALL),
    "get_school_calendar": Rule(Scope.SUPPLY_READ, _ALL),
    # A school's own system states its dates with the scope that its returns are sent with.
    "put_school_calendar": Rule(Scope.RETURNS_WRITE, _SCHOOL_AND_AUTHORITY),
    "delete_school_calendar": Rule(Scope.RETURNS_WRITE, _SCHOOL_AND_AUTHORITY),
    "import_school_calendar": Rule(Scope.RETURNS_WRITE, _SCHOOL_AND_AUTHORITY),
    "list_clients": Rule(Scope.ADMIN, _ALL),
    "get_client": Rule(Scope.ADMIN, _ALL),
    "create_client": Rule(Scope.ADMIN, _AUTHORITY),
    "rotate_client_secret": Rule(Scope.ADMIN, _AUTHORITY),
    "revoke_client": Rule(Scope.ADMIN, _AUTHORITY),
    "list_audit": Rule(Scope.ADMIN, _AUTHORITY),
    # events and the sandbox
    "list_events": Rule(Scope.EVENTS_READ, _ALL),
    "advance_clock": Rule(Scope.ADMIN, _AUTHORITY),
    "get_outcome": Rule(Scope.OUTCOMES_READ, _AUTHORITY),
    # GraphQL roots
    "graphql.authority": Rule(Scope.SUPPLY_READ, _ALL),
    "graphql.areas": Rule(Scope.SUPPLY_READ, _ALL),
    "graphql.schools": Rule(Scope.SUPPLY_READ, _ALL),
    "graphql.providers": Rule(Scope.SUPPLY_READ, _ALL),
    "graphql.contracts": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "graphql.policies": Rule(Scope.SUPPLY_READ, _ALL),
    "graphql.lots": Rule(Scope.SUPPLY_READ, _AUTHORITY | _PROVIDER),
    "graphql.referrals": Rule(Scope.REFERRALS_READ, _ALL),
    "graphql.allocations": Rule(Scope.ALLOCATIONS_READ, _ALL),
    "graphql.interventions": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "graphql.panels": Rule(Scope.PANELS_READ, _ON_PANELS),
    "graphql.concerns": Rule(Scope.SAFEGUARDING_READ, _ALL),
    "graphql.returns": Rule(Scope.RETURNS_READ, _FILERS | _AUTHORITY),
    "graphql.courses": Rule(Scope.SUPPLY_READ, _ALL),
    "graphql.courseEnrolments": Rule(Scope.REFERRALS_READ, _ALL),
    "graphql.placements": Rule(Scope.INTERVENTIONS_READ, _ALL),
    "graphql.linkDays": Rule(Scope.SUPPLY_READ, _ALL),
    "graphql.practiceAudits": Rule(Scope.RETURNS_READ, _FILERS | _AUTHORITY),
    "graphql.obligations": Rule(Scope.REFERRALS_READ, _ALL),
    "graphql.compliance": Rule(Scope.REFERRALS_READ, _ALL),
    "graphql.waitingList": Rule(Scope.REFERRALS_READ, _AUTHORITY),
    "graphql.outcomes": Rule(Scope.OUTCOMES_READ, _AUTHORITY),
    "graphql.capacity": Rule(Scope.OUTCOMES_READ, _AUTHORITY),
    "graphql.timeliness": Rule(Scope.OUTCOMES_READ, _AUTHORITY),
}

GRANTABLE: Final[dict[Kind, frozenset[Scope]]] = {
    kind: frozenset(rule.scope for rule in RULES.values() if kind in rule.kinds) for kind in Kind
}
"""The scopes that a client of each kind of organisation may be given: those of the operations open to that kind."""


SAFEGUARDING: Final = frozenset({Scope.SAFEGUARDING_READ, Scope.SAFEGUARDING_WRITE})
"""Either lets a client know of concerns at all; which of the two it has says what it may do about them."""


def allow(principal: Principal, operation: str) -> None:
    """Check a caller against the rule of an operation.

    Raises ScopeMissing or Forbidden; KeyError for an operation without a rule (a fault of ours: it fails shut).
    """
    rule = RULES[operation]
    if rule.scope not in principal.scopes:
        raise ScopeMissing(
            f"This needs the scope {rule.scope.value}.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{rule.scope.value}"'},
        )
    if principal.kind not in rule.kinds:
        raise Forbidden(f"Only {_either(rule.kinds)} may do that.")


def _either(kinds: frozenset[Kind]) -> str:
    words = [f"an {kind.value}" if kind.value.startswith("a") else f"a {kind.value}" for kind in Kind if kind in kinds]
    return " or ".join(words)


class Party(StrEnum):
    """In what part an organisation meets a referral."""

    REFERRING_SCHOOL = "referring_school"
    OFFERED_PROVIDER = "offered_provider"
    CASE_PROVIDER = "case_provider"
    PANEL_MEMBER = "panel_member"
    """Of a sitting's items, from their circulation until that access ends; never of the referral itself."""
    AUTHORITY = "authority"


class Group(StrEnum):
    """Groups of facts that are shown or withheld together."""

    PUBLIC = "public"
    """States, dates, references, names of organisations: what both sides of a referral need to do their work."""
    IDENTITY = "identity"
    NEEDS = "needs"
    STATUTORY = "statutory"
    """UPN, ethnicity, free school meals, pupil premium."""
    ATTENDANCE = "attendance"
    ATTENDANCE_BANDS = "attendance_bands"
    PROGRESS = "progress"
    """Contacts' attendance, goals, pauses and reviews in dates and codes, closure summary."""
    CASEWORK = "casework"
    """How a contact went: who was there, who was seen, why it fell through; what was said at a review or of a pause."""
    READINGS = "readings"
    SHARED_CASE = "shared_case"
    """Which case a child is to join: it tells that a brother or sister is there."""
    NOTES = "notes"
    """Case notes: to the referrer only those that are shared with it."""
    MESSAGES = "messages"
    """Between the parties of a referral: to each only those addressed to it."""
    CONCERNS = "concerns"
    """What was raised: to each only what it raised itself, or what came to it."""
    SAFEGUARDING = "safeguarding"
    """Of a concern: whose worker it is about, and what was done."""
    EXPLANATION = "explanation"
    """Why it was offered a place or waits, in counts and codes that tell of no other family."""
    DECISIONS = "decisions"


# The table "Who sees what". Whoever is not in it sees nothing.
VISIBLE: Final[dict[Party, frozenset[Group]]] = {
    Party.REFERRING_SCHOOL: frozenset(
        {
            Group.PUBLIC,
            Group.IDENTITY,
            Group.NEEDS,
            Group.STATUTORY,
            Group.ATTENDANCE,
            Group.PROGRESS,
            Group.NOTES,
            Group.MESSAGES,
            Group.CONCERNS,
            Group.SAFEGUARDING,
            Group.EXPLANATION,
        }
    ),
    Party.OFFERED_PROVIDER: frozenset({Group.PUBLIC, Group.NEEDS, Group.ATTENDANCE_BANDS, Group.SHARED_CASE}),
    Party.CASE_PROVIDER: frozenset(
        {
            Group.PUBLIC,
            Group.IDENTITY,
            Group.NEEDS,
            Group.ATTENDANCE,
            Group.ATTENDANCE_BANDS,
            Group.PROGRESS,
            Group.CASEWORK,
            Group.READINGS,
            Group.NOTES,
            Group.MESSAGES,
            Group.CONCERNS,
            Group.SHARED_CASE,
        }
    ),
    Party.PANEL_MEMBER: frozenset({Group.PUBLIC, Group.IDENTITY, Group.NEEDS, Group.ATTENDANCE, Group.PROGRESS}),
    Party.AUTHORITY: frozenset(Group),
}


_PART_OF: Final = {
    Kind.AUTHORITY: Party.AUTHORITY,
    Kind.SCHOOL: Party.REFERRING_SCHOOL,
    Kind.AGENCY: Party.REFERRING_SCHOOL,
    Kind.PROVIDER: Party.CASE_PROVIDER,
}


def party_of(kind: Kind) -> Party:
    """The part that an organisation plays in rows that its row policy lets it read.

    A provider reads a referral or a case only once it is its own; an offer it reads as OFFERED_PROVIDER, which the
    allocation's own route says, and a member of a panel reads items as PANEL_MEMBER, which theirs says.
    """
    return _PART_OF[kind]

"""What can be read as a graph: each noun's table, its columns, and the orders and filters of its lists.

Columns stand apart by weight: `light` ones are always read, `heavy` ones (JSON and long text) only when asked for.
Row policy decides which rows there are; nothing here widens or repeats it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.access import Kind
from app.queries.interventions import PART
from app.queries.obligations import about_referral, area_of, case_of, seen_referral_of
from app.queries.timeline import ENTRIES


@dataclass(frozen=True, slots=True)
class Order:
    """A total order that an index serves: its columns, and whether it runs downwards."""

    columns: tuple[str, ...]
    descending: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Noun:
    """One kind of thing. `t` is its table's name in every piece of SQL here. Two nouns are equal when they are one."""

    name: str
    source: str
    light: tuple[str, ...]
    heavy: tuple[str, ...] = ()
    key: str = "id"
    """The column by which one row is known within its authority."""
    orders: Mapping[str, Order] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    """By filter name, a condition with `{}` where its value goes; one without `{}` takes no value."""
    parents: Mapping[str, Order] = field(default_factory=dict)
    """By parent column, the order of its children."""
    only: str = ""
    """A condition that holds for every row of the noun."""
    own: Mapping[Kind, str] = field(default_factory=dict)
    """By kind of caller, the row policy said again for lists (`{}` is the caller's organisation): as it stands in the
    policy, beside the wide reach, it cannot use an index."""

    def columns(self, names: frozenset[str]) -> tuple[str, ...]:
        """The columns to read when `names` are asked for."""
        return (*self.light, *(column for column in self.heavy if column in names))


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_BY_NAME: Final = Order(("name", "id"))

AUTHORITY: Final = Noun(
    "authority",
    "(SELECT id AS authority_id, id, la_code, gss_code, name, safeguarding_contact FROM authority) t",
    _split("id la_code gss_code name"),
    _split("safeguarding_contact"),
)

ORGANISATION: Final = Noun(
    "organisation", "organisation t", _split("id kind name ukprn charity_number company_number"), _split("contact")
)

PROVIDER: Final = Noun(
    "provider",
    "organisation t",
    _split("id kind name ukprn charity_number company_number"),
    _split("contact"),
    orders={"name": _BY_NAME},
    only="t.kind = 'provider'",
)

AREA: Final = Noun("area", "area t", _split("id code name lead_officer"), orders={"name": _BY_NAME})

SCHOOL: Final = Noun(
    "school",
    "(SELECT s.authority_id, s.organisation_id AS id, o.name, s.urn, s.laestab, s.phase, s.low_age, s.high_age,"
    " s.pupils_on_roll, s.area_id, s.member_from, s.member_until, s.holiday_contact FROM school s"
    " JOIN organisation o ON o.authority_id = s.authority_id AND o.id = s.organisation_id) t",
    _split("id name urn laestab phase low_age high_age pupils_on_roll area_id member_from member_until"),
    _split("holiday_contact"),
    orders={"name": _BY_NAME},
    filters={"area_id": "t.area_id = {}::uuid", "phase": "t.phase = {}::text", "urn": "t.urn = {}::text"},
    parents={"area_id": _BY_NAME},
)

PRACTITIONER: Final = Noun(
    "practitioner",
    "practitioner t",
    _split("id provider_id name caseload_limit languages key_stages dbs_checked_on active"),
    parents={"provider_id": _BY_NAME},
)

SERVICE: Final = Noun(
    "service",
    "service t",
    _split(
        "id provider_id name summary pamphlet_url tier format needs key_stages languages modes standard_weeks version"
    ),
    _split("pamphlet"),
    parents={"provider_id": _BY_NAME},
)

CONTRACT: Final = Noun(
    "contract",
    "contract t",
    _split("id provider_id title contract_number starts_on ends_on price_pence deemed_acceptance"),
    _split("extension_options"),
    orders={"starts": Order(("starts_on", "id"), descending=True)},
    filters={
        "provider_id": "t.provider_id = {}::uuid",
        # To the end to which the extensions in force on that day have moved it.
        "running_on": "{}::date BETWEEN t.starts_on AND coalesce((SELECT (v.terms ->> 'ends_on')::date"
        " FROM contract_variation v WHERE v.authority_id = t.authority_id AND v.contract_id = t.id"
        " AND v.kind = 'extension' AND v.effective_on <= {}::date"
        " ORDER BY v.effective_on DESC, v.number DESC LIMIT 1), t.ends_on)",
    },
    parents={"provider_id": Order(("starts_on", "id"), descending=True)},
)

VARIATION: Final = Noun(
    "variation",
    "contract_variation t",
    _split("id contract_id provider_id number kind effective_on terms reason recorded_at"),
    parents={"contract_id": Order(("number", "id"))},
)

LOT: Final = Noun(
    "lot",
    "lot t",
    _split(
        "id contract_id provider_id prime_id service_id name key_stages needs volume volume_unit area_ids school_ids"
        " version"
    ),
    _split("volume_profile"),
    orders={"name": _BY_NAME},
    filters={"provider_id": "t.provider_id = {}::uuid", "contract_id": "t.contract_id = {}::uuid"},
    parents={"provider_id": _BY_NAME, "contract_id": _BY_NAME},
)

_RECEIVED: Final = Order(("received_at", "id"), descending=True)

REFERRAL: Final = Noun(
    "referral",
    "referral t",
    _split(
        "id reference version state referring_organisation_id school_id pupil_id household_id area_id case_provider_id"
        " intervention_id sender_reference mis_id received_at updated_at year_group key_stage band band_asked banded_on"
        " need_codes language interpreter_needed modes preferred_mode sibling_wish agreement_status visit_risk_level"
        " immediate_danger holds unplaceable outcome close_reason closed_at band_set_by"
    ),
    _split(
        "referrer needs agreement lawful_basis safe_contact visit_risks safeguarding circumstances child_view"
        " parent_view information_request warnings close_note"
    ),
    orders={"received": _RECEIVED},
    filters={
        "state": "t.state = {}::text",
        "states": "t.state = ANY ({}::text[])",
        "band": "t.band = {}::text",
        "bands": "t.band = ANY ({}::text[])",
        "area_id": "t.area_id = {}::uuid",
        "school_id": "t.school_id = {}::uuid",
        "provider_id": "t.case_provider_id = {}::uuid",
        "need": "{}::text = ANY (t.need_codes)",
        "unplaceable": "t.unplaceable = {}::boolean",
        "attention": "t.id IN (SELECT x.referral_id FROM referral_attention x WHERE x.authority_id = t.authority_id"
        " AND x.rule = {}::text AND x.cleared_at IS NULL AND x.looked_at IS NULL)",
        "received_from": "t.received_at >= {}::timestamptz",
        "received_before": "t.received_at < {}::timestamptz",
    },
    parents={"intervention_id": Order(("received_at", "id")), "household_id": Order(("received_at", "id"))},
    own={
        Kind.PROVIDER: "t.case_provider_id = {}",
        Kind.SCHOOL: "(t.referring_organisation_id = {} OR t.school_id = {})",
        Kind.AGENCY: "t.referring_organisation_id = {}",
    },
)

STATUS_CHANGE: Final = Noun(
    "status_change",
    "status_history t",
    _split("referral_id sequence from_state to_state event_type changed_at organisation_id reason"),
    key="referral_id",
    parents={"referral_id": Order(("sequence",))},
)

PUPIL: Final = Noun(
    "pupil",
    "pupil t",
    _split(
        "id household_id given_name family_name preferred_name date_of_birth sex first_language sen_provision sen_types"
        " young_carer home_la_code"
    ),
    _split("social_care health_conditions"),
)

PUPIL_STATUTORY: Final = Noun(
    "pupil_statutory",
    "pupil_statutory t",
    _split("pupil_id upn upn_missing_reason ethnicity free_school_meals pupil_premium"),
    key="pupil_id",
)

HOUSEHOLD: Final = Noun(
    "household",
    "household t",
    _split("id home_language interpreter_needed address_confidential"),
    _split("address"),
)

HOUSEHOLD_CONTACT: Final = Noun(
    "household_contact",
    "household_contact t",
    _split(
        "id household_id position name relationship parental_responsibility lives_with_child phones email language"
        " interpreter_needed accessibility"
    ),
    parents={"household_id": Order(("position", "id"))},
)

LINKED_CHILD: Final = Noun(
    "linked_child",
    "linked_child t",
    _split("id household_id name date_of_birth relationship"),
    parents={"household_id": _BY_NAME},
)

_PERIOD: Final = Order(("period_starts_on", "source", "id"))

ATTENDANCE: Final = Noun(
    "attendance",
    "attendance_record t",
    _split(
        "id referral_id term period_starts_on period_ends_on sessions_possible sessions_attended sessions_authorised"
        " sessions_unauthorised source recorded_at"
    ),
    parents={"referral_id": _PERIOD},
)

SUSPENSIONS: Final = Noun(
    "suspensions",
    "suspension_record t",
    _split(
        "id referral_id term period_starts_on period_ends_on suspension_count sessions_lost permanent_exclusion_count"
        " source recorded_at"
    ),
    parents={"referral_id": _PERIOD},
)

_OFFERED: Final = Order(("offered_at", "id"), descending=True)

ALLOCATION: Final = Noun(
    "allocation",
    "offer t",
    _split(
        "id referral_id provider_id referring_organisation_id school_id lot_id service_id intervention_id"
        " joins_intervention_id practitioner_id decision_id reference state version starts_on offered_at answer_due_at"
        " answered_at"
        " updated_at decline_reason deemed_acceptance deemed_at identity_released_at objection_until"
    ),
    _split("summary decline_note"),
    orders={"offered": _OFFERED},
    filters={
        "state": "t.state = {}::text",
        "states": "t.state = ANY ({}::text[])",
        "provider_id": "t.provider_id = {}::uuid",
        "school_id": "t.school_id = {}::uuid",
        "lot_id": "t.lot_id = {}::uuid",
        "offered_from": "t.offered_at >= {}::timestamptz",
        "offered_before": "t.offered_at < {}::timestamptz",
    },
    parents={"referral_id": _OFFERED},
    own={Kind.PROVIDER: "t.provider_id = {}"},
)

POLICY: Final = Noun(
    "policy",
    "policy_version t",
    _split("id number effective_from withdrawn_at published_at summary_of_changes contact digest"),
    _split("content"),
    orders={"number": Order(("number", "id"), descending=True)},
    filters={
        "in_force_on": "t.effective_from = (SELECT max(v.effective_from) FROM policy_version v"
        " WHERE v.authority_id = t.authority_id AND v.effective_from <= {}::date)",
    },
)

DECISION: Final = Noun(
    "decision",
    "decision t",
    _split("id referral_id policy_version_id decided_at as_of trigger outcome"),
    _split("record"),
    parents={"referral_id": Order(("decided_at", "id"), descending=True)},
)

_DECIDED: Final = Order(("decided_at", "id"), descending=True)

BAND_DECISION: Final = Noun(
    "band_decision",
    "band_decision t",
    _split(
        "id referral_id organisation_id decided_at decided_by_name decided_by_role from_band to_band banded_on reason"
    ),
    parents={"referral_id": _DECIDED},
)

ATTENTION: Final = Noun(
    "attention",
    "referral_attention t",
    _split(
        "id referral_id rule window_key starts_on ends_on rule_content figures first_seen_at cleared_at cleared_because"
        " looked_at"
    ),
    parents={"referral_id": Order(("first_seen_at", "id"))},
)

ATTENTION_LOOK: Final = Noun(
    "attention_look",
    "attention_look t",
    _split("id referral_id rule organisation_id looked_at looked_by_name looked_by_role decided note"),
    _split("window_keys"),
    parents={"referral_id": Order(("looked_at", "id"))},
)

OVERRIDE: Final = Noun(
    "override",
    "(SELECT o.*, o.offer_id AS allocation_id FROM override o) t",
    _split(
        "id referral_id decision_id allocation_id lot_id place_id decided_at officer_name officer_role reason note"
        " passed_over_ids"
    ),
    _split("rule_record"),
    parents={"referral_id": _DECIDED},
)

_ACCEPTED: Final = Order(("accepted_at", "id"), descending=True)

INTERVENTION: Final = Noun(
    "intervention",
    f"(SELECT i.*, {PART} AS part FROM intervention i) t",  # noqa: S608 - our own text
    _split(
        "id part referral_id lot_id provider_id referring_organisation_id school_id practitioner_id state version"
        " accepted_at updated_at safety_acknowledged_at started_on planned_start_on planned_end_on closed_on outcome"
        " close_reason closure_summary"
    ),
    orders={"accepted": _ACCEPTED},
    filters={
        "state": "t.state = {}::text",
        "states": "t.state = ANY ({}::text[])",
        "provider_id": "t.provider_id = {}::uuid",
        "school_id": "t.school_id = {}::uuid",
        "lot_id": "t.lot_id = {}::uuid",
        "outcome": "t.outcome = {}::text",
        "accepted_from": "t.accepted_at >= {}::timestamptz",
        "accepted_before": "t.accepted_at < {}::timestamptz",
    },
    own={Kind.PROVIDER: "t.provider_id = {}"},
)

CONTACT: Final = Noun(
    "contact",
    "intervention_contact t",
    _split(
        "id intervention_id provider_id practitioner_id kind mode held_at minutes minutes_late present agencies"
        " child_seen child_seen_alone announced result reason supersedes_id recorded_at"
    ),
    parents={"intervention_id": Order(("held_at", "id"))},
)

PAUSE: Final = Noun(
    "pause",
    "intervention_pause t",
    _split("id intervention_id provider_id reason note starts_on expected_last_on school_days resumed_on"),
    parents={"intervention_id": Order(("starts_on", "id"))},
)

REVIEW: Final = Noun(
    "review",
    "intervention_review t",
    _split(
        "id intervention_id provider_id practitioner_id held_on present agencies going_well worries plan_changes"
        " proposal recorded_at goals"
    ),
    parents={"intervention_id": Order(("held_on", "id"))},
)

PLAN: Final = Noun(
    "plan",
    "plan t",
    _split("intervention_id provider_id agreed_on review_on family_words version"),
    key="intervention_id",
)

GOAL: Final = Noun(
    "goal",
    "goal t",
    _split("id intervention_id provider_id position title need_code owner due_on progress result"),
    parents={"intervention_id": Order(("position", "id"))},
)

GOAL_PROGRESS: Final = Noun(
    "goal_progress",
    "goal_progress t",
    _split("id intervention_id goal_id goal_title said_on said_by words recorded_at"),
    parents={"goal_id": Order(("said_on", "id"))},
)

SIGNPOST: Final = Noun(
    "signpost",
    "signpost t",
    _split(
        "id intervention_id name kind url service_id signposted_on for_whom taken_up why_not followed_up_on recorded_at"
        " version"
    ),
    parents={"intervention_id": Order(("signposted_on", "id"))},
)

FAMILY_QUOTE: Final = Noun(
    "family_quote",
    "family_quote t",
    _split(
        "id intervention_id whose words said_on anonymous consent_by consent_on uses withdrawn_on withdrawn_by"
        " recorded_at"
    ),
    parents={"intervention_id": Order(("said_on", "id"))},
)

TIMELINE_ENTRY: Final = Noun(
    "timeline_entry",
    f"({ENTRIES}) t",
    _split(
        "id referral_id type occurred_at organisation_id practitioner_id subject_kind subject_id subject_version data"
    ),
    parents={"referral_id": Order(("occurred_at", "id"))},
)

READING: Final = Noun(
    "reading",
    "reading t",
    _split(
        "id intervention_id provider_id measure measure_version respondent purpose taken_on completed_with scores"
        " recorded_at supersedes_id correction_reason superseded_at"
    ),
    parents={"intervention_id": Order(("taken_on", "id"))},
)

NOTE: Final = Noun(
    "note",
    "case_note t",
    _split(
        "id intervention_id organisation_id practitioner_id kind occurred_at text shared_with_referrer supersedes_id"
        " superseded_by_id recorded_at"
    ),
    parents={"intervention_id": Order(("occurred_at", "id"))},
)

MESSAGE: Final = Noun(
    "message",
    "message t",
    _split("id referral_id organisation_id addressed_to text posted_at"),
    parents={"referral_id": Order(("posted_at", "id"))},
)

MESSAGE_READ: Final = Noun(
    "message_read",
    "message_read t",
    _split("message_id organisation_id read_at"),
    key="message_id",
    parents={"message_id": Order(("read_at", "organisation_id"))},
)

_RAISED: Final = Order(("raised_at", "id"), descending=True)

CONCERN: Final = Noun(
    "concern",
    "concern t",
    _split(
        "id referral_id organisation_id kind text person worker_organisation_id worker noticed_at raised_at"
        " recipient_id"
    ),
    orders={"raised": _RAISED},
    filters={"kind": "t.kind = {}::text"},
    parents={"referral_id": _RAISED},
)

CONCERN_ACT: Final = Noun(
    "concern_act",
    "concern_act t",
    _split("id concern_id sequence kind organisation_id person action note acted_at"),
    parents={"concern_id": Order(("sequence",))},
)

RETURN: Final = Noun(
    "return",
    "return_record t",
    _split(
        "id organisation_id template template_version period period_starts_on period_ends_on state version due_on"
        " opened_at submitted_at accepted_at"
    ),
    _split("content prefilled query"),
    orders={"due": Order(("due_on", "id"), descending=True)},
    filters={
        "state": "t.state = {}::text",
        "states": "t.state = ANY ({}::text[])",
        "organisation_id": "t.organisation_id = {}::uuid",
        "template": "t.template = {}::text",
        "period": "t.period = {}::text",
        "late_on": "t.due_on < {}::date AND t.submitted_at IS NULL",
    },
    own=dict.fromkeys((Kind.PROVIDER, Kind.SCHOOL, Kind.AGENCY), "t.organisation_id = {}"),
)

PANEL: Final = Noun(
    "panel",
    "panel t",
    _split("id name area_id member_ids weekday every_weeks first_on starts_at minutes_per_item active version"),
    orders={"name": _BY_NAME},
    filters={"area_id": "t.area_id = {}::uuid", "active": "t.active = {}::boolean"},
)

PANEL_SITTING: Final = Noun(
    "panel_sitting",
    "panel_sitting t",
    _split(
        "id panel_id chair_id state version planned_on sits_on sits_at member_ids circulated_at access_until held_at"
        " quorate"
    ),
    parents={"panel_id": Order(("sits_on", "id"), descending=True)},
)

PRACTICE_AUDIT: Final = Noun(
    "practice_audit",
    "practice_audit t",
    _split("id organisation_id service_id measure measure_version taken_on recorded_by_id recorded_at version"),
    _split("scores evidence"),
    orders={"taken": Order(("taken_on", "id"), descending=True)},
    filters={"organisation_id": "t.organisation_id = {}::uuid", "measure": "t.measure = {}::text"},
    own=dict.fromkeys((Kind.PROVIDER, Kind.SCHOOL, Kind.AGENCY), "t.organisation_id = {}"),
)

AUDIT_ACTION: Final = Noun(
    "audit_action",
    "audit_action t",
    _split("id practice_audit_id position area action owner due_on state settled_at note"),
    parents={"practice_audit_id": Order(("position",))},
)

OBLIGATION: Final = Noun(
    "obligation",
    f"(SELECT o.*, {seen_referral_of('o')} AS referral_id, {case_of('o')} AS intervention_id FROM obligation o) t",  # noqa: S608 - our own words
    _split(
        "id version kind owed_by_id subject_kind subject_id referral_id intervention_id clock created_at due_at met_at"
        " cancelled_at put_off_at reminded_at overdue_at escalated_at done"
    ),
    orders={"due": Order(("due_at", "id"))},
    filters={
        "kind": "t.kind = {}::text",
        "owed_by_id": "t.owed_by_id = {}::uuid",
        "open": "t.met_at IS NULL AND t.cancelled_at IS NULL",
        "met": "t.met_at IS NOT NULL",
        "cancelled": "t.cancelled_at IS NOT NULL",
        "overdue_at": "t.met_at IS NULL AND t.cancelled_at IS NULL AND t.due_at < {}::timestamptz",
        "escalated": "t.met_at IS NULL AND t.cancelled_at IS NULL AND t.escalated_at IS NOT NULL",
        "subject_id": "t.subject_id = {}::uuid",
        "referral_id": about_referral("t", "{}::uuid"),
        "area_id": f"{area_of('t')} = {{}}::uuid",
        "due_before": "t.due_at < {}::timestamptz",
    },
    own=dict.fromkeys((Kind.PROVIDER, Kind.SCHOOL, Kind.AGENCY), "t.owed_by_id = {}"),
)

_FIRST_ON: Final = Order(("first_on", "id"))
_ENROLLED: Final = Order(("enrolled_at", "id"))

COURSE: Final = Noun(
    "course",
    "course t",
    _split(
        "id lot_id service_id provider_id title venue audience key_stages languages seats first_on last_on state"
        " cancel_reason version"
    ),
    orders={"first_on": _FIRST_ON},
    filters={
        "state": "t.state = {}::text",
        "states": "t.state = ANY ({}::text[])",
        "provider_id": "t.provider_id = {}::uuid",
        "lot_id": "t.lot_id = {}::uuid",
        "first_from": "t.first_on >= {}::date",
    },
    parents={"lot_id": _FIRST_ON},
)

COURSE_SESSION: Final = Noun(
    "course_session",
    "course_session t",
    _split("course_id number starts_at ends_at registered_at"),
    key="course_id",
    parents={"course_id": Order(("number",))},
)

COURSE_ENROLMENT: Final = Noun(
    "course_enrolment",
    "course_enrolment t",
    _split(
        "id course_id lot_id provider_id school_id who language interpreter_needed state reason seat_number enrolled_at"
        " used_on version"
    ),
    orders={"enrolled": _ENROLLED},
    filters={
        "state": "t.state = {}::text",
        "states": "t.state = ANY ({}::text[])",
        "course_id": "t.course_id = {}::uuid",
        "school_id": "t.school_id = {}::uuid",
    },
    parents={"course_id": _ENROLLED},
)

COURSE_ATTENDANCE: Final = Noun(
    "course_attendance",
    "course_attendance t",
    _split("course_id number enrolment_id result reason"),
    key="enrolment_id",
    parents={"enrolment_id": Order(("number",))},
)

_REQUESTED: Final = Order(("requested_at", "id"), descending=True)

PLACEMENT: Final = Noun(
    "placement",
    "placement t",
    _split(
        "id lot_id provider_id school_id state reason basis starts_on ends_on weeks parents_told_on review_on"
        " reintegration_planned_on used_on outcome ended_on requested_at version"
    ),
    orders={"requested": _REQUESTED},
    filters={
        "state": "t.state = {}::text",
        "states": "t.state = ANY ({}::text[])",
        "provider_id": "t.provider_id = {}::uuid",
        "school_id": "t.school_id = {}::uuid",
        "lot_id": "t.lot_id = {}::uuid",
    },
    own={Kind.PROVIDER: "t.provider_id = {}"},
)

PLACEMENT_DAY: Final = Noun(
    "placement_day",
    "placement_day t",
    _split("placement_id on_day morning afternoon"),
    key="placement_id",
    parents={"placement_id": Order(("on_day",))},
)

PLACEMENT_REVIEW: Final = Noun(
    "placement_review",
    "placement_review t",
    _split("id placement_id held_on decision next_review_on"),
    parents={"placement_id": Order(("held_on", "id"))},
)

_ON_DAY: Final = Order(("on_day", "id"))

LINK_DAY: Final = Noun(
    "link_day",
    "link_day t",
    _split(
        "id lot_id provider_id school_id practitioner_id on_day part state reason families_seen_count activities"
        " requested_at version"
    ),
    orders={"on": _ON_DAY},
    filters={
        "state": "t.state = {}::text",
        "states": "t.state = ANY ({}::text[])",
        "provider_id": "t.provider_id = {}::uuid",
        "school_id": "t.school_id = {}::uuid",
        "lot_id": "t.lot_id = {}::uuid",
    },
    own={Kind.PROVIDER: "t.provider_id = {}", Kind.SCHOOL: "t.school_id = {}"},
)

LINK_DAY_ACTION: Final = Noun(
    "link_day_action",
    "link_day_action t",
    _split("id link_day_id provider_id school_id owed_by_id term what due_on state done_on version"),
    parents={"link_day_id": Order(("due_on", "id"))},
)

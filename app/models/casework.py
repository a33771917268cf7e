"""Casework: the intervention, its contacts, plan, goals and readings, and what is owed."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from app.domain.obligations import ObligationKind, SubjectKind
from app.models.base import one_of, reference, tenant_table, uuid
from app.models.policies import ORGANISATION, RowPolicy, of_no_concern, own, owned, within


def _of_visible_intervention(table: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM intervention i WHERE i.authority_id = {table}.authority_id"
        f" AND i.id = {table}.intervention_id)"
    )


def _line(table: str, condition: str = "true") -> str:
    """A school's own child's part in a shared case."""
    return (
        f"EXISTS (SELECT 1 FROM case_member m WHERE m.authority_id = {table}.authority_id"
        f" AND m.intervention_id = {table}.intervention_id AND (m.referring_organisation_id = {ORGANISATION}"
        f" OR m.school_id = {ORGANISATION}) AND {condition})"
    )


def in_its_time(table: str, condition: str) -> str:
    """Seen by whoever sees the case; by the school of a child who has a part in a shared one, while it lasts."""
    return f"{_of_visible_intervention(table)} AND (NOT {_line(table)} OR {_line(table, condition)})"


def _casework(table: str) -> RowPolicy:
    """Seen by whoever sees the intervention, written by its provider."""
    return RowPolicy(
        read=within(f"{own('provider_id')} OR {in_its_time(table, 'm.left_at IS NULL')}"),
        write=within(own("provider_id")),
    )


_OF_NO_CONCERN = of_no_concern("kind <> 'concern_action'")
_OWED = f"({own('owed_by_id')}) AND {_OF_NO_CONCERN}"

_OPENED = f"(provider_id = {ORGANISATION} AND NOT sealed)"
# The school of a child who joined the case of a brother or sister.
_MEMBER = (
    "(shared AND EXISTS (SELECT 1 FROM case_member m WHERE m.authority_id = intervention.authority_id"
    f" AND m.intervention_id = intervention.id AND (m.referring_organisation_id = {ORGANISATION}"
    f" OR m.school_id = {ORGANISATION})))"
)

intervention = tenant_table(
    "intervention",
    uuid("booking_id"),
    uuid("referral_id"),
    uuid("lot_id"),
    uuid("provider_id"),
    uuid("referring_organisation_id"),
    uuid("school_id", nullable=True),
    uuid("practitioner_id", nullable=True),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("safety_acknowledged_at", DateTime(timezone=True)),
    # Work that had begun went to another provider, which has still to read how the family may safely be met.
    Column("safety_due_again", Boolean, nullable=False, server_default=text("false")),
    # Closed to its provider: accepted by silence and not yet read, or given back on an objection.
    Column("sealed", Boolean, nullable=False, server_default=text("false")),
    # Another child of the household has joined it (`case_member`).
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    # The date of the first attended contact: from then on the contract's volume is used.
    Column("started_on", Date),
    # The day of acceptance, or the later one on which a place offered ahead falls free: no work is done before it.
    Column("planned_start_on", Date, nullable=False),
    Column("planned_end_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("outcome", Text),
    Column("close_reason", Text),
    Column("closure_summary", JSONB),
    reference("booking", "booking_id"),
    reference("referral", "referral_id"),
    reference("lot", "lot_id"),
    reference("organisation", "provider_id"),
    reference("practitioner", "practitioner_id"),
    UniqueConstraint("authority_id", "booking_id"),
    CheckConstraint("state IN ('planned', 'active', 'paused', 'closed')", name="state"),
    CheckConstraint("state NOT IN ('active') OR started_on IS NOT NULL", name="active_has_started"),
    CheckConstraint("(state = 'closed') = (closed_on IS NOT NULL AND outcome IS NOT NULL)", name="closed_has_outcome"),
    CheckConstraint("started_on <= closed_on", name="dates"),
    CheckConstraint(
        "started_on IS NULL OR safety_acknowledged_at IS NOT NULL OR safety_due_again",
        name="safety_before_first_contact",
    ),
    Index("ix_intervention_provider", "authority_id", "provider_id", "accepted_at", "id"),
    Index("ix_intervention_school", "authority_id", "school_id", "accepted_at", "id"),
    Index("ix_intervention_accepted", "authority_id", "accepted_at", "id"),
    # With the columns that row policy asks for, a lot's used volume is counted from the index alone.
    Index(
        "ix_intervention_lot",
        "authority_id",
        "lot_id",
        "started_on",
        postgresql_include=["id", "provider_id", "referring_organisation_id", "school_id", "sealed", "shared"],
    ),
    Index("ix_intervention_sender", "authority_id", "referring_organisation_id", "accepted_at", "id"),
    Index("ix_intervention_state", "authority_id", "state", "accepted_at", "id"),
    Index("ix_intervention_referral", "authority_id", "referral_id"),
    policy=RowPolicy(
        read=within(f"{own('referring_organisation_id', 'school_id')} OR {_OPENED} OR {_MEMBER}"),
        write=within(f"{own()} OR {_OPENED}"),
    ),
)

# Every move of the planned end, so that the end that was planned on a date can be told.
intervention_extension = tenant_table(
    "intervention_extension",
    uuid("intervention_id"),
    uuid("provider_id"),
    Column("extended_at", DateTime(timezone=True), nullable=False),
    # School weeks.
    Column("weeks", Integer, nullable=False),
    Column("from_end_on", Date, nullable=False),
    Column("to_end_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    reference("intervention", "intervention_id"),
    UniqueConstraint("authority_id", "intervention_id", "from_end_on", name="uq_intervention_extension_from_end"),
    CheckConstraint("weeks >= 1", name="weeks"),
    CheckConstraint("from_end_on < to_end_on", name="later"),
    policy=_casework("intervention_extension"),
)

# Days on which the work with a family stands still. One that was closed in stays open, for the closure can be undone.
intervention_pause = tenant_table(
    "intervention_pause",
    uuid("intervention_id"),
    uuid("provider_id"),
    Column("reason", Text, nullable=False),
    Column("note", Text),
    Column("starts_on", Date, nullable=False),
    # Inclusive, as people say it.
    Column("expected_last_on", Date, nullable=False),
    # By how many the planned end was moved: as expected, and once the work was resumed, as it was.
    Column("school_days", Integer, nullable=False),
    Column("paused_at", DateTime(timezone=True), nullable=False),
    # The first day back.
    Column("resumed_on", Date),
    Column("resumed_at", DateTime(timezone=True)),
    reference("intervention", "intervention_id"),
    CheckConstraint(
        "reason IN ('family_ill', 'bereavement', 'family_away', 'family_asked', 'practitioner_away',"
        " 'safeguarding_advice', 'other')",
        name="reason",
    ),
    CheckConstraint("starts_on <= expected_last_on", name="dates"),
    CheckConstraint("starts_on <= resumed_on", name="resumed_on"),
    CheckConstraint("(resumed_on IS NULL) = (resumed_at IS NULL)", name="resumed_at"),
    CheckConstraint("school_days >= 0", name="school_days"),
    # One that is open has no end, so that there is never a second.
    ExcludeConstraint(
        ("authority_id", "="),
        ("intervention_id", "="),
        (func.daterange(text("starts_on"), text("resumed_on")), "&&"),
        name="ex_intervention_pause_no_overlap",
        using="gist",
    ),
    Index("ix_intervention_pause_intervention", "authority_id", "intervention_id", "starts_on"),
    policy=_casework("intervention_pause"),
)

intervention_review = tenant_table(
    "intervention_review",
    uuid("intervention_id"),
    uuid("provider_id"),
    uuid("practitioner_id", nullable=True),
    Column("held_on", Date, nullable=False),
    Column("present", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("agencies", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("going_well", Text),
    Column("worries", Text),
    # [{"goal_id", "title", "progress", "words"}]: the title as it was, for a goal may leave the plan later.
    Column("goals", JSONB, nullable=False),
    Column("plan_changes", Boolean, nullable=False),
    Column("proposal", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    reference("intervention", "intervention_id"),
    UniqueConstraint("authority_id", "intervention_id", "held_on", name="uq_intervention_review_one_a_day"),
    CheckConstraint("proposal IN ('continue', 'extend', 'step_up', 'step_down', 'close')", name="proposal"),
    policy=_casework("intervention_review"),
)

intervention_contact = tenant_table(
    "intervention_contact",
    uuid("intervention_id"),
    uuid("provider_id"),
    uuid("practitioner_id", nullable=True),
    Column("kind", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("held_at", DateTime(timezone=True), nullable=False),
    Column("minutes", Integer),
    Column("minutes_late", Integer),
    Column("present", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("agencies", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("child_seen", Boolean, nullable=False, server_default=text("false")),
    Column("child_seen_alone", Boolean, nullable=False, server_default=text("false")),
    Column("announced", Boolean, nullable=False, server_default=text("true")),
    Column("result", Text, nullable=False),
    Column("reason", Text),
    uuid("supersedes_id", nullable=True),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    reference("intervention", "intervention_id"),
    reference("intervention_contact", "supersedes_id"),
    UniqueConstraint("authority_id", "supersedes_id"),
    CheckConstraint(
        "kind IN ('initial', 'session', 'review', 'team_around_the_child', 'closing', 'follow_up')", name="kind"
    ),
    CheckConstraint("mode IN ('home', 'school', 'remote', 'elsewhere')", name="mode"),
    CheckConstraint("minutes BETWEEN 0 AND 1440", name="minutes"),
    CheckConstraint(
        "minutes_late IS NULL OR (result = 'late' AND minutes_late BETWEEN 1 AND 240)", name="minutes_late"
    ),
    CheckConstraint(
        "result IN ('attended', 'late', 'did_not_attend', 'was_not_brought', 'no_reply', 'refused',"
        " 'cancelled_by_provider', 'cancelled_by_family')",
        name="result",
    ),
    CheckConstraint("child_seen OR NOT child_seen_alone", name="alone_is_seen"),
    Index("ix_intervention_contact_intervention", "authority_id", "intervention_id", "held_at"),
    policy=RowPolicy(
        read=within(
            f"{own('provider_id')} OR "
            + in_its_time(
                "intervention_contact",
                "intervention_contact.held_at >= m.joined_at"
                " AND (m.left_at IS NULL OR intervention_contact.held_at < m.left_at)",
            )
        ),
        write=within(own("provider_id")),
    ),
)

plan = tenant_table(
    "plan",
    uuid("intervention_id"),
    uuid("provider_id"),
    Column("agreed_on", Date, nullable=False),
    Column("review_on", Date),
    Column("family_words", Text),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("intervention", "intervention_id"),
    key=("intervention_id",),
    policy=_casework("plan"),
)

goal = tenant_table(
    "goal",
    uuid("intervention_id"),
    uuid("provider_id"),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("need_code", Text),
    Column("owner", Text, nullable=False),
    Column("due_on", Date),
    Column("progress", Text),
    Column("result", Text),
    reference("plan", "intervention_id", to=("intervention_id",)),
    UniqueConstraint("authority_id", "intervention_id", "position"),
    CheckConstraint("result IN ('achieved', 'partly', 'not')", name="result"),
    policy=_casework("goal"),
)

reading = tenant_table(
    "reading",
    uuid("intervention_id"),
    uuid("provider_id"),
    Column("measure", Text, nullable=False),
    Column("measure_version", Integer, nullable=False),
    # Null for a measure that shipped.
    uuid("measure_version_id", nullable=True),
    Column("respondent", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("taken_on", Date, nullable=False),
    Column("completed_with", Text, nullable=False),
    # {"area key": score}
    Column("scores", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    # A wrong reading is corrected by another one: it stays, and says when it stopped counting.
    uuid("supersedes_id", nullable=True),
    Column("correction_reason", Text),
    Column("superseded_at", DateTime(timezone=True)),
    reference("intervention", "intervention_id"),
    reference("measure_version", "measure_version_id"),
    reference("reading", "supersedes_id"),
    UniqueConstraint("authority_id", "supersedes_id"),
    # What was corrected no longer counts: neither here nor in any figure.
    Index(
        "uq_reading_one_a_day",
        "authority_id",
        "intervention_id",
        "measure",
        "respondent",
        "taken_on",
        unique=True,
        postgresql_where=text("superseded_at IS NULL"),
    ),
    Index("ix_reading_intervention", "authority_id", "intervention_id", "taken_on", "id"),
    CheckConstraint("(supersedes_id IS NULL) = (correction_reason IS NULL)", name="correction_is_explained"),
    CheckConstraint("purpose IN ('baseline', 'review', 'closing', 'follow_up')", name="purpose"),
    CheckConstraint("respondent IN ('child', 'parent', 'worker', 'school')", name="respondent"),
    CheckConstraint("completed_with IN ('family', 'worker_only', 'jointly', 'alone')", name="completed_with"),
    policy=owned("provider_id", writers=("provider_id",)),
)

_OPEN = "met_at IS NULL AND cancelled_at IS NULL"
_LEVELS = ["kind", "clock", "met_at", "cancelled_at"]

# What the clock does to a debt: the column that says that it was done, and the one that says when it is to be.
CLOCK_MARKS = {"reminded": "remind_at", "overdue": "due_at", "escalated": "escalate_at"}


def not_yet(mark: str) -> str:
    """Predicate: the clock has still to mark it, because it was open at that moment, whenever the clock comes to it."""
    at = CLOCK_MARKS[mark]
    return (
        f"{mark}_at IS NULL AND {at} IS NOT NULL AND (met_at IS NULL OR met_at > {at})"
        f" AND (cancelled_at IS NULL OR cancelled_at > {at})"
    )


obligation = tenant_table(
    "obligation",
    Column("kind", Text, nullable=False),
    uuid("owed_by_id"),
    # What it is about: an offer, a referral, an intervention, a return or a contract.
    Column("subject_kind", Text, nullable=False),
    uuid("subject_id"),
    Column("clock", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("met_at", DateTime(timezone=True)),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("overdue_at", DateTime(timezone=True)),
    # When its due moment was last moved; empty: it stands as it was when the debt arose.
    Column("put_off_at", DateTime(timezone=True)),
    # The due moment, once the clock has worked out the next two for it; empty until then, and when it was put off.
    Column("planned_for", DateTime(timezone=True)),
    Column("remind_at", DateTime(timezone=True)),
    Column("escalate_at", DateTime(timezone=True)),
    # What has been told of the present due moment: once of each.
    Column("reminded_at", DateTime(timezone=True)),
    Column("escalated_at", DateTime(timezone=True)),
    # Of one that an officer settled: {"note": ..., "officer": {"name": ..., "role": ...}}.
    Column("done", JSONB),
    # Rises with whatever changes it or is told of it.
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("organisation", "owed_by_id"),
    CheckConstraint(one_of("kind", ObligationKind), name="kind"),
    CheckConstraint("clock IN ('school_day', 'working_day', 'calendar_hour')", name="clock"),
    CheckConstraint(one_of("subject_kind", SubjectKind), name="subject_kind"),
    CheckConstraint("met_at IS NULL OR cancelled_at IS NULL", name="met_or_cancelled"),
    Index(
        "ux_obligation_one_open",
        "authority_id",
        "subject_id",
        "kind",
        unique=True,
        postgresql_where=text("met_at IS NULL AND cancelled_at IS NULL"),
    ),
    CheckConstraint("planned_for = due_at", name="planned_for_due"),
    CheckConstraint("reminded_at IS NULL OR remind_at IS NOT NULL", name="reminded_as_planned"),
    CheckConstraint("escalated_at IS NULL OR escalate_at IS NOT NULL", name="escalated_as_planned"),
    CheckConstraint("done IS NULL OR met_at IS NOT NULL", name="done_is_met"),
    # With the columns that service levels ask for, they are counted from the index alone.
    Index("ix_obligation_owed_by", "authority_id", "owed_by_id", "due_at", "id", postgresql_include=_LEVELS),
    Index("ix_obligation_due", "authority_id", "due_at", "id", postgresql_include=["owed_by_id", *_LEVELS]),
    Index("ix_obligation_open", "authority_id", "due_at", "id", postgresql_where=text(_OPEN)),
    Index("ix_obligation_open_owed_by", "authority_id", "owed_by_id", "due_at", "id", postgresql_where=text(_OPEN)),
    Index("ix_obligation_subject", "authority_id", "subject_id", "due_at", "id"),
    # What the clock looks for.
    Index(
        "ix_obligation_unplanned",
        "authority_id",
        "created_at",
        "id",
        postgresql_where=text("planned_for IS NULL"),
    ),
    *(
        Index(f"ix_obligation_{mark}", "authority_id", at, "id", postgresql_where=text(not_yet(mark)))
        for mark, at in CLOCK_MARKS.items()
    ),
    policy=RowPolicy(
        read=within(_OWED),
        write=within(_OWED),
        # Whoever raises a concern makes another organisation owe an act.
        check=within(f"{own('owed_by_id')} OR kind = 'concern_action'"),
    ),
)

return_record = tenant_table(
    "return_record",
    uuid("organisation_id"),
    Column("template", Text, nullable=False),
    Column("template_version", Integer, nullable=False),
    # `2026/27-1` to `-6` for half-terms, `2026/27-autumn` and so on for terms.
    Column("period", Text, nullable=False),
    Column("period_starts_on", Date, nullable=False),
    Column("period_ends_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("due_on", Date, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("prefilled", JSONB, nullable=False),
    Column("query", Text),
    # What was asked of single rows: [{"row": key, "field": name or null, "question": text}].
    Column("query_lines", JSONB, nullable=False, server_default=text("'[]'")),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("submitted_at", DateTime(timezone=True)),
    Column("accepted_at", DateTime(timezone=True)),
    # Why whoever sent it put it right after it had been accepted; kept with the next submission.
    Column("amendment_reason", Text),
    reference("organisation", "organisation_id"),
    UniqueConstraint("authority_id", "organisation_id", "template", "period"),
    CheckConstraint("state IN ('due', 'draft', 'submitted', 'queried', 'resubmitted', 'accepted')", name="state"),
    CheckConstraint("state IN ('due', 'draft') OR submitted_at IS NOT NULL", name="submitted_at"),
    CheckConstraint("(state = 'accepted') = (accepted_at IS NOT NULL)", name="accepted_at"),
    CheckConstraint("period_starts_on <= period_ends_on", name="dates"),
    Index("ix_return_record_owed", "authority_id", "organisation_id", "due_on", "id"),
    Index("ix_return_record_due", "authority_id", "due_on", "id"),
    policy=owned("organisation_id", writers=("organisation_id",)),
)

# What a return said each time that it was submitted.
return_submission = tenant_table(
    "return_submission",
    uuid("return_id"),
    uuid("organisation_id"),
    Column("number", Integer, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    # Null for what was submitted before this was kept.
    uuid("client_id", nullable=True),
    # Why it was sent again after it had been accepted.
    Column("reason", Text),
    Column("content", JSONB, nullable=False),
    reference("return_record", "return_id"),
    UniqueConstraint("authority_id", "return_id", "number"),
    CheckConstraint("number >= 1", name="number"),
    policy=RowPolicy(read=within(own("organisation_id")), write=None, insert=within(own("organisation_id"))),
)

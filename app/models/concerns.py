"""Urgent concerns, and what was done about them. Nothing here is ever changed, nor anything else by writing it.

Raising one touches no row of the referral or the case, so that no version, stamp or mark that anyone else reads can
tell of it. What followed stands in a table of its own: whoever raised a concern never reads it.
"""

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import reference, tenant_table, uuid
from app.models.demand import of_visible_referral
from app.models.policies import ENTRUSTED, GUARDIAN, ORGANISATION, RowPolicy, within

concern = tenant_table(
    "concern",
    uuid("referral_id"),
    # Who raised it.
    uuid("organisation_id"),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    # {"name", "role", "phone"} of the person who raises it.
    Column("person", JSONB, nullable=False),
    # Of an allegation: whose worker, who reads nothing of it; and {"name", "role"} of the worker.
    uuid("worker_organisation_id", nullable=True),
    Column("worker", JSONB),
    Column("noticed_at", DateTime(timezone=True)),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    # Who has to act.
    uuid("recipient_id"),
    reference("referral", "referral_id"),
    reference("organisation", "organisation_id"),
    reference("organisation", "worker_organisation_id"),
    reference("organisation", "recipient_id"),
    CheckConstraint("kind IN ('child_at_risk', 'allegation_about_worker')", name="kind"),
    CheckConstraint("text <> ''", name="says_something"),
    CheckConstraint(
        "(kind = 'allegation_about_worker') = (worker_organisation_id IS NOT NULL)"
        " AND (worker_organisation_id IS NULL) = (worker IS NULL)",
        name="worker",
    ),
    Index("ix_concern_raised", "authority_id", "raised_at", "id"),
    Index("ix_concern_referral", "authority_id", "referral_id", "raised_at", "id"),
    # By organisation and scope, never by reach: an act that widens to the whole authority finds no more here. The
    # organisation of the worker is left out even where it raised the allegation itself, or would have to act on it:
    # the worker may sit at the same system.
    policy=RowPolicy(
        read=within(
            f"{GUARDIAN} OR ({ENTRUSTED} AND worker_organisation_id IS DISTINCT FROM {ORGANISATION}"
            f" AND (recipient_id = {ORGANISATION}"
            f" OR (organisation_id = {ORGANISATION} AND {of_visible_referral('concern')})))"
        ),
        write=None,
        insert=within(f"organisation_id = {ORGANISATION}"),
    ),
)

concern_act = tenant_table(
    "concern_act",
    uuid("concern_id"),
    Column("sequence", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    # As the concern's.
    uuid("recipient_id"),
    # Who acted.
    uuid("organisation_id"),
    # {"name", "role"}
    Column("person", JSONB, nullable=False),
    Column("action", Text, nullable=False),
    Column("note", Text),
    Column("acted_at", DateTime(timezone=True), nullable=False),
    reference("concern", "concern_id"),
    reference("organisation", "recipient_id"),
    reference("organisation", "organisation_id"),
    UniqueConstraint("authority_id", "concern_id", "sequence", name="uq_concern_act_in_turn"),
    UniqueConstraint("authority_id", "concern_id", "kind", name="uq_concern_act_one_of_each"),
    CheckConstraint("kind IN ('acknowledged', 'closed')", name="kind"),
    CheckConstraint(
        "action IN ('spoke_with_raiser', 'family_spoken_to', 'referred_to_social_care', 'strategy_discussion',"
        " 'police_informed', 'employer_informed', 'threshold_not_met', 'no_further_action', 'other')",
        name="action",
    ),
    CheckConstraint("note <> '' OR (kind <> 'closed' AND action <> 'other')", name="is_explained"),
    policy=RowPolicy(
        read=within(f"{GUARDIAN} OR ({ENTRUSTED} AND recipient_id = {ORGANISATION})"),
        write=None,
        insert=within(f"{ENTRUSTED} AND organisation_id = {ORGANISATION}"),
    ),
)

"""More can be owed: pauses, concerns, facts that ask for attention, panels, placements, courses, link days."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KINDS = (
    "'answer_offer', 'safeguarding_action', 'agreement_check', 'initial_contact', 'baseline', 'plan', 'review',"
    " 'closure', 'provider_return', 'school_return', 'follow_up', 'place_referral', 'contract_ending', 'band_review',"
    " 'lead_officer_action', 'deemed_acceptance_check'"
)
_MORE_KINDS = (
    ", 'pause_end', 'concern_action', 'attention_review', 'panel_circulation', 'panel_action', 'exclusion_outcome',"
    " 'audit_action', 'placement_review', 'placement_outcome', 'course_attendance', 'link_day_action', 'transfer_check'"
)
_SUBJECTS = "'offer', 'referral', 'intervention', 'return', 'contract'"
_MORE_SUBJECTS = (
    ", 'concern', 'panel', 'panel_action', 'pre_exclusion_review', 'audit_action', 'placement', 'course',"
    " 'link_day_action'"
)


def _set_words(kinds: str, subjects: str) -> None:
    for name, words in (("kind", kinds), ("subject_kind", subjects)):
        op.drop_constraint(op.f(f"ck_obligation_{name}"), "obligation")
        op.create_check_constraint(op.f(f"ck_obligation_{name}"), "obligation", f"{name} IN ({words})")


def upgrade() -> None:
    """Widen the words."""
    _set_words(_KINDS + _MORE_KINDS, _SUBJECTS + _MORE_SUBJECTS)


def downgrade() -> None:
    """Narrow them: what is owed of these kinds is lost with the tables that it is about."""
    added = f"kind IN ({_MORE_KINDS[2:]}) OR subject_kind IN ({_MORE_SUBJECTS[2:]})"
    op.execute(f"DELETE FROM obligation WHERE {added}")  # noqa: S608 - fixed words
    _set_words(_KINDS, _SUBJECTS)

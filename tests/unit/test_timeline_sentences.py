"""Each act on a referral has its sentence, made from what the event says and nothing else."""

from typing import Any

import pytest

from app.domain.plain_english import times
from app.domain.timeline import links, sentence, sentences
from tests.guards.test_docs import table

WITHOUT_A_REFERRAL = {
    "allocation_run", "return", "lot", "contract", "hand_over", "service", "practitioner", "provider", "school",
    "area", "policy", "calendar", "school_calendar", "return_template", "panel", "pre_exclusion_review", "course",
    "link_day", "link_day_action", "measure", "practice_audit",
}  # fmt: skip
"""Subjects whose events name no referral."""


def test_every_type_of_event_about_a_referral_has_a_sentence() -> None:
    rows = table("events.md", "# Events")
    about = {row["type"].strip("`") for row in rows if row["subject"] not in WITHOUT_A_REFERRAL}
    assert about - set(sentences()) == set(), "add its line to app/data/timeline_sentences.csv"
    assert set(sentences()) - about == set(), "no such event is told any more"


@pytest.mark.parametrize("event_type", sorted(sentences()))
def test_a_sentence_is_whole_without_any_data(event_type: str) -> None:
    told = sentence(event_type, {})
    assert told[0].isupper() or told[0].isdigit()
    assert told.endswith(".")
    assert not set("[]{}?") & set(told), told
    assert "  " not in told
    assert " ." not in told
    assert "None" not in told


@pytest.mark.parametrize(
    ("event_type", "data", "told"),
    [
        ("allocation.offered", {"starts_on": "2026-11-03"}, "A place was offered, to begin on 3 November 2026."),
        ("allocation.offered", {"starts_on": None}, "A place was offered."),
        (
            "allocation.accepted",
            {"deemed": True, "starts_on": "2026-11-03"},
            "The provider took the case by leaving the offer unanswered, to begin on 3 November 2026.",
        ),
        ("allocation.accepted", {"deemed": False}, "The provider took the case."),
        ("allocation.declined", {"reason": "no_capacity"}, "The provider declined: no capacity."),
        (
            "referral.amended",
            {"fields": ["contacts", "child_view", "band"]},
            "The referral was changed: contacts, child view and band.",
        ),
        ("referral.amended", {"fields": []}, "The referral was changed."),
        ("referral.band_changed", {"from": "P2", "to": "P1"}, "The band was changed from P2 to P1."),
        (
            "intervention.contact_recorded",
            {"kind": "session", "result": "did_not_attend"},
            "A contact was recorded (session): did not attend.",
        ),
        (
            "referral.escalated",
            {"unanswered_offers_count": 2},
            "2 offers went unanswered: the area's lead officer was asked to act.",
        ),
        (
            "intervention.closed",
            {"outcome": "completed", "reason": "goals_met"},
            "The work ended: completed, goals met.",
        ),
        ("weather.turned_cold", {}, "Recorded: weather turned cold."),
    ],
)
def test_what_a_sentence_says(event_type: str, data: dict[str, Any], told: str) -> None:
    assert sentence(event_type, data) == told


def test_links_are_the_ids_alone() -> None:
    data = {"contact_id": "a", "intervention_id": None, "kind": "session", "weeks": 2, "ids": ["b"]}
    assert links(data) == {"contact_id": "a"}


def test_how_often_reads_as_people_say_it() -> None:
    assert [times(count) for count in (1, 2, 3)] == ["once", "twice", "3 times"]

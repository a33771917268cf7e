"""Records as they were stored: written by the code of their time, and never made anew from today's.

`decision_records_1.json` was made by the first policy (the first free place by lot and number), before records said
their format; `decision_records_2.json` by the full policy.
"""

from pathlib import Path
from typing import Any

import orjson
import pytest

from app.domain.allocation_explained import Names, explain, recorded_facts
from app.domain.decision_record import decision_content, replay
from app.queries.writes import to_json

_HERE = Path(__file__).parent
FIRST: list[dict[str, Any]] = orjson.loads((_HERE / "decision_records_1.json").read_bytes())
SECOND: list[dict[str, Any]] = orjson.loads((_HERE / "decision_records_2.json").read_bytes())


@pytest.mark.parametrize("record", FIRST, ids=[record["want"]["referral_id"][-4:] for record in FIRST])
def test_a_record_of_the_first_format_is_replayed_to_what_was_decided(record: dict[str, Any]) -> None:
    assert "format" not in record
    made = replay(record)
    place_id = str(made.place.id) if made.place else None
    assert (made.outcome, made.hold, place_id) == (record["outcome"], record["hold"], record["place_id"])


def test_the_records_of_the_first_format_are_of_every_outcome() -> None:
    assert {(record["outcome"], record["hold"]) for record in FIRST} == {
        ("offered", None), ("waiting", None), ("waiting", "SAFEGUARDING_HOLD"), ("unplaceable", None),
    }  # fmt: skip


@pytest.mark.parametrize("record", SECOND, ids=[str(number) for number in range(len(SECOND))])
def test_a_record_of_the_second_format_is_replayed_byte_for_byte(record: dict[str, Any]) -> None:
    assert record["format"] == 2
    content = decision_content(replay(record))
    assert to_json(content) == to_json({name: record[name] for name in content})


def test_the_records_of_the_second_format_are_of_every_kind() -> None:
    assert {(record["outcome"], record["waits_for"]) for record in SECOND} == {
        ("offered", None), ("unplaceable", None), ("waiting", "PLACE"), ("waiting", "RUN"), ("waiting", "HOLD"),
    }  # fmt: skip
    assert any("shares" in record for record in SECOND)
    assert any("arrival" in record for record in SECOND)


@pytest.mark.parametrize("record", [*FIRST, *SECOND])
def test_a_stored_record_can_still_be_explained(record: dict[str, Any]) -> None:
    text = explain(recorded_facts(record), Names("Year 9", "the North"))
    assert text.endswith(".")
    assert record["outcome"] != "offered" or text.startswith("A free place is offered to this family.")

"""Cursors and entity tags: what one caller was given serves that caller, there, and nobody else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import CursorRejected, PreconditionFailed, PreconditionRequired
from app.http.conditional import check_match, entity_tag, is_unchanged, require_match
from app.http.cursors import Position, dump, load

KEY = b"k" * 32
SCHOOL = UUID("018f0000-0000-7000-8000-000000000002")
PROVIDER = UUID("018f0000-0000-7000-8000-000000000004")
POSITION: Position = ["2026-11-23T09:00:00Z", 7, None]


def made() -> str:
    return dump(KEY, organisation_id=SCHOOL, list_name="referrals", position=POSITION)


def read(cursor: str, *, key: bytes = KEY, organisation: UUID = SCHOOL, list_name: str = "referrals") -> Position:
    return load(key, cursor, organisation_id=organisation, list_name=list_name)


@given(st.lists(st.none() | st.integers(-(2**62), 2**62) | st.text(max_size=40), max_size=4))
def test_a_position_comes_back_as_it_was(position: Position) -> None:
    cursor = dump(KEY, organisation_id=SCHOOL, list_name="referrals", position=position)
    assert read(cursor) == position
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_cursor_serves_its_own_list_and_organisation_only() -> None:
    cursor = made()
    assert read(cursor) == POSITION
    with pytest.raises(CursorRejected):
        read(cursor, list_name="allocations")
    with pytest.raises(CursorRejected):
        read(cursor, organisation=PROVIDER)
    with pytest.raises(CursorRejected):
        read(cursor, key=b"x" * 32)


def test_a_list_name_cannot_reach_into_the_organisation() -> None:
    """Were the two joined without care, another pair of names could give the same salt."""
    cursor = dump(KEY, organisation_id=SCHOOL, list_name=f"a|{PROVIDER}|b", position=POSITION)
    with pytest.raises(CursorRejected):
        read(cursor, organisation=PROVIDER, list_name="b")


def test_a_cursor_changed_in_any_place_is_refused() -> None:
    cursor = made()
    for index, letter in enumerate(cursor[:-1]):  # the last letter holds two bits that base64 does not use
        changed = cursor[:index] + ("A" if letter != "A" else "B") + cursor[index + 1 :]
        with pytest.raises(CursorRejected):
            read(changed)


@pytest.mark.parametrize("text", ["", ".", "WyJhIl0", "WyJhIl0.", "ünï", "a" * 2000, "....", "\x00", "W10.AAAA"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorRejected):
        read(text)


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        (None, False),
        ("", False),
        ('"7"', True),
        ('W/"7"', True),
        ('"6"', False),
        ('"6", "7"', True),
        ('"6",W/"7" , "8"', True),
        ("*", True),
        (" * ", True),
        ('"a,b", "7"', True),
        ("7", False),
        ('"77"', False),
        ('"7', False),
    ],
)
def test_if_none_match(header: str | None, unchanged: bool) -> None:
    assert is_unchanged(header, entity_tag(7)) is unchanged


@pytest.mark.parametrize("header", ['"7"', '"6", "7"', "*"])
def test_if_match_lets_the_present_version_through(header: str) -> None:
    require_match(header, 7)
    check_match(header, 7)


@pytest.mark.parametrize("header", ['"6"', 'W/"7"', "7", "", '"6", "8"'])
def test_if_match_refuses_another_version_and_a_weak_tag(header: str) -> None:
    for act in (require_match, check_match):
        with pytest.raises(PreconditionFailed) as refused:
            act(header, 7)
        assert refused.value.headers == {"ETag": '"7"'}


def test_if_match_is_required_of_changes_and_optional_for_acts() -> None:
    with pytest.raises(PreconditionRequired):
        require_match(None, 7)
    check_match(None, 7)

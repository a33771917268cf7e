"""List cursors: opaque to the caller, signed, and good for one organisation and one list only.

The binding is part of the signing salt, so a cursor of another organisation or list fails as a forged one does and
tells nothing about the list that it came from.
"""

from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from app.errors import CursorRejected

Position = list[str | int | None]

MAX_CURSOR_CHARACTERS = 1024


def dump(key: bytes, *, organisation_id: UUID, list_name: str, position: Position) -> str:
    """The cursor for `position`: the sort values of the last row given, in the list's order."""
    return _serializer(key, organisation_id, list_name).dumps(position)


def load(key: bytes, cursor: str, *, organisation_id: UUID, list_name: str) -> Position:
    """The position inside a cursor that `dump` made for the same organisation and list.

    Raises CursorRejected for anything else.
    """
    if len(cursor) > MAX_CURSOR_CHARACTERS or not cursor.isascii():
        raise CursorRejected
    try:
        position: Position = _serializer(key, organisation_id, list_name).loads(cursor)
    except BadData:
        raise CursorRejected from None
    return position


@lru_cache(maxsize=1024)
def _serializer(key: bytes, organisation_id: UUID, list_name: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        key,
        salt=f"halfterm.cursor|{organisation_id}|{list_name}",
        signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"},
    )

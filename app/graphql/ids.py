"""Global ids: opaque to clients, one per node of the graph, holding the type's name and the id that REST uses."""

from binascii import Error, a2b_base64, b2a_base64
from uuid import UUID

from app.graphql.errors import BadInputError


def to_global(type_name: str, record_id: UUID) -> str:
    """The global id of a record."""
    return b2a_base64(f"{type_name}:{record_id}".encode(), newline=False).decode()


def from_global(text: str, *wanted: str) -> tuple[str, UUID]:
    """The type's name and the record's id. Raises BadInputError for anything else, and for types not `wanted`."""
    try:
        type_name, _, record_id = a2b_base64(text.encode("ascii"), strict_mode=True).decode("ascii").partition(":")
        parsed = UUID(record_id)
    except (Error, UnicodeError, ValueError):
        raise BadInputError("That is not a global id.") from None
    if str(parsed) != record_id:
        raise BadInputError("That is not a global id.")
    if wanted and type_name not in wanted:
        raise BadInputError(f"A global id of {' or '.join(wanted)} is needed here.")
    return type_name, parsed


def record_id(text: str | None, *wanted: str) -> UUID | None:
    """The record's id inside an optional global id of a `wanted` type. Raises BadInputError."""
    return None if text is None else from_global(text, *wanted)[1]

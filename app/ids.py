"""Identifiers: UUIDv7 keys for machines, short references for people."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

# Without 0/O, 1/I/L, U: nothing that is misread over the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> UUID:
    """A new UUIDv7: rising with real time, so that index inserts stay together."""
    return uuid7()


def new_reference(prefix: str = "R") -> str:
    """A short public reference such as `R-7K3F-9QXM`: about 39 random bits, unique per authority by constraint."""
    letters = [secrets.choice(_ALPHABET) for _ in range(8)]
    return f"{prefix}-{''.join(letters[:4])}-{''.join(letters[4:])}"

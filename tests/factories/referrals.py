"""Referral bodies of synthetic pupils."""

from copy import deepcopy
from itertools import count
from typing import Any

from app.domain.upn import make_upn
from app.routers.schemas.referrals import _EXAMPLE

_serials = count(1)


def referral_body(**changes: Any) -> dict[str, Any]:
    """A sound referral of a new synthetic pupil; `changes` replace top-level fields, `pupil__x` one of the pupil's."""
    body = deepcopy(_EXAMPLE)
    serial = next(_serials)
    body["sender_reference"] = f"MIS-{serial}"
    body["pupil"]["upn"] = make_upn("926", 14 + serial // 1000 % 8, serial % 1000)
    body["pupil"]["mis_id"] = f"P-{serial}"
    for name, value in changes.items():
        part, _, field = name.partition("__")
        if field:
            body[part][field] = value
        else:
            body[part] = value
    return body


def key(name: object = None) -> dict[str, str]:
    """An Idempotency-Key header."""
    return {"Idempotency-Key": str(name if name is not None else f"key-{next(_serials)}")}

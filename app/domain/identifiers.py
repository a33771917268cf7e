"""Numbers of schools and providers: URN, LAESTAB, UKPRN. Each check answers one plain sentence or None.

Forms as the DfE register of schools (Get Information About Schools) and the UK Register of Learning Providers
publish them. The checks say nothing about whether such a school exists: the register answers that.
"""

import re
from typing import Final

from app.domain.local_authorities import is_known_la_code

_URN: Final = re.compile(r"[1-9][0-9]{5}")
_LAESTAB: Final = re.compile(r"[0-9]{7}")
_LAESTAB_WITH_SEPARATOR: Final = re.compile(r"[0-9]{3}[/ -][0-9]{4}")
_UKPRN: Final = re.compile(r"[1-9][0-9]{7}")


def urn_fault(value: str) -> str | None:
    """Return what is wrong with a school's unique reference number, or None."""
    if _URN.fullmatch(value):
        return None
    return "A URN is six digits and does not start with 0."


def laestab_fault(value: str) -> str | None:
    """Return what is wrong with a LAESTAB (authority, 3 digits, and establishment, 4), or None."""
    if _LAESTAB.fullmatch(value):
        return None
    if _LAESTAB_WITH_SEPARATOR.fullmatch(value):
        return "Write the LAESTAB as seven digits with nothing between them."
    return "A LAESTAB is seven digits: the local authority's three-digit code, then the school's four digits."


def laestab_warning(value: str) -> str | None:
    """Return a sentence when the authority of a well-formed LAESTAB is unknown, else None.

    Raises ValueError, with the sentence of `laestab_fault`, when the form is wrong.
    """
    fault = laestab_fault(value)
    if fault is not None:
        raise ValueError(fault)
    if is_known_la_code(value[:3]):
        return None
    return "The LAESTAB's first three digits are not the code of a local authority we know."


def ukprn_fault(value: str) -> str | None:
    """Return what is wrong with a UK provider reference number, or None."""
    if _UKPRN.fullmatch(value):
        return None
    return "A UKPRN is eight digits and does not start with 0."

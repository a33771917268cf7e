"""Unique Pupil Numbers: form, check letter and where they were issued.

A UPN is a check letter, the issuing authority (3 digits), the establishment (4), the year it was given (2)
and a serial (3). A temporary UPN ends in a letter instead of the serial's last digit. Weights 2 to 13 on the
twelve characters after the letter, summed, modulo 23, pick the letter (UK Government Data Standards
Catalogue, UniquePupilNumber 2.0; DfE Common Basic Data Set).

What the letter finds, since 23 is a prime larger than any digit difference or weight difference: every single
changed digit, every two digits swapped. What it cannot find: a last digit mistaken for the letter of the same
value (0 and A, 1 and B ... 9 and K), because both forms are allowed there.

No sentence made here repeats the number: a UPN is personal data and error texts are logged.
"""

import re
from dataclasses import dataclass
from typing import Final

from app.domain.local_authorities import is_known_upn_prefix

CHECK_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
SYNTHETIC_ESTABLISHMENT: Final = "9999"

_LENGTH: Final = 13
_BODY: Final = re.compile(rf"[0-9]{{11}}[0-9{CHECK_LETTERS}]")
_UPN: Final = re.compile(rf"[{CHECK_LETTERS}][0-9]{{11}}[0-9{CHECK_LETTERS}]")
_VALUES: Final = {str(digit): digit for digit in range(10)} | {
    letter: value for value, letter in enumerate(CHECK_LETTERS)
}


@dataclass(frozen=True, slots=True)
class Upn:
    """A well-formed UPN, taken apart. `year` is the two digits of the year it was given."""

    check: str
    la_code: str
    establishment: str
    year: str
    serial: str

    @property
    def is_temporary(self) -> bool:
        """Temporary UPNs end in a letter and are to be replaced by the pupil's own."""
        return self.serial[-1].isalpha()

    def __str__(self) -> str:
        """Return the thirteen characters together."""
        return f"{self.check}{self.la_code}{self.establishment}{self.year}{self.serial}"


def check_letter(body: str) -> str:
    """Return the check letter for the twelve characters that follow it.

    Raises ValueError unless `body` is eleven digits and then a digit or a letter other than I, O and S.
    """
    if not _BODY.fullmatch(body):
        message = "The part of a UPN after its first letter is eleven digits and then a digit or a letter."
        raise ValueError(message)
    total = sum(weight * _VALUES[character] for weight, character in enumerate(body, start=2))
    return CHECK_LETTERS[total % len(CHECK_LETTERS)]


def upn_fault(value: str) -> str | None:
    """Return one plain sentence about what is wrong with a UPN, or None when it is sound.

    Only what is certain is a fault: form and check letter. An unknown authority is `upn_warning`.
    """
    if len(value) != _LENGTH:
        return f"A UPN has 13 characters, without spaces; this one has {len(value)}."
    if not _UPN.fullmatch(value):
        return _form_fault(value)
    letter = check_letter(value[1:])
    if value[0] != letter:
        return (
            f"The UPN's first letter does not fit the characters after it: for those it should be {letter}. "
            "Check each digit against the pupil's record."
        )
    return None


def _form_fault(value: str) -> str:
    if _UPN.fullmatch(value.upper()):
        return "Write the UPN's letters as capitals."
    if any(letter in "IOS" for letter in (value[0].upper(), value[-1].upper())):
        return "A UPN never has the letters I, O or S: check whether they are the digits 1, 0 or 5."
    if value[0] not in CHECK_LETTERS:
        return "A UPN starts with a capital letter, for example J."
    return "After its first letter a UPN has twelve digits; only the last may be a letter, in a temporary UPN."


def upn_warning(value: str) -> str | None:
    """Return one plain sentence when a sound UPN deserves a second look, else None.

    Raises ValueError when the UPN has a fault.
    """
    upn = parse_upn(value)
    if not is_known_upn_prefix(upn.la_code):
        return "The three digits after the UPN's first letter are not the code of a local authority we know."
    if upn.is_temporary:
        return "This is a temporary UPN: send the pupil's permanent UPN when it is known."
    return None


def parse_upn(value: str) -> Upn:
    """Return the parts of a sound UPN. Raises ValueError, with the sentence of `upn_fault`, when it is not."""
    fault = upn_fault(value)
    if fault is not None:
        raise ValueError(fault)
    return Upn(check=value[0], la_code=value[1:4], establishment=value[4:8], year=value[8:10], serial=value[10:])


def make_upn(la_code: str, year: int, serial: int) -> str:
    """Return the permanent UPN of a made-up pupil: establishment 9999, which is given to no real school.

    `year` is the calendar year or its last two digits; `serial` is 0 to 999.
    Raises ValueError for a code that is not three digits, a negative year, or a serial out of range.
    """
    if year < 0 or not 0 <= serial <= 999:
        message = "A made-up UPN needs a year from 0 and a serial from 0 to 999."
        raise ValueError(message)
    body = f"{la_code}{SYNTHETIC_ESTABLISHMENT}{year % 100:02d}{serial:03d}"
    return check_letter(body) + body

"""What is wrong with a return's content: one plain sentence per fault, at its JSON Pointer, never with a value in it.

A draft is held to its shape (known fields, right types, no row added or altered in what the record says); what is
submitted also to what is needed and to the arithmetic of its template's rules.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError

from app.domain.attendance import attendance_faults
from app.domain.return_checks import content_check_faults, row_check_faults
from app.domain.returns import Template
from app.domain.suspensions import suspension_warnings
from app.errors import FieldFault

Content = Mapping[str, Any]

MAX_FAULTS: Final = 100
_MAX_NAME_CHARACTERS: Final = 100

_formats = FormatChecker(formats=())


@_formats.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value.lower()


@_formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


# 1.0 is an integer to JSON Schema; to a column of whole numbers it is not.
_Validator: Final[Any] = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)

_TYPE_WORDS: Final = {
    "integer": "a whole number",
    "string": "text",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "date": "a date as in 2026-11-22",
    "uuid": "a UUID",
}
_SENTENCES: Final = {
    "type": ("wrong_type", "must be {limit}."),
    "enum": ("unknown_value", "must be {limit}."),
    "format": ("wrong_format", "must be {limit}."),
    "minimum": ("out_of_range", "must be {limit} or more."),
    "maximum": ("out_of_range", "must be {limit} or less."),
    "maxLength": ("too_long", "is too long: the most is {limit} characters."),
    "maxItems": ("too_many", "may have at most {limit} entries."),
}


def draft_faults(template: Template, content: Content, known: Content) -> list[FieldFault]:
    """What stops a return from being kept as a draft. `known` is what the record filled in when it was opened."""
    faults = list(_shape_faults(template, content))
    if not faults:
        faults = list(_row_faults(template, content, known))
    return faults[:MAX_FAULTS]


def submit_faults(template: Template, content: Content, known: Content) -> list[FieldFault]:
    """What stops a return from being submitted; a draft's faults first."""
    faults = draft_faults(template, content, known)
    if not faults:
        faults = [*_missing_rows(template, content, known), *_needed_faults(template, content)]
        faults += content_check_faults(template, content)
    return faults[:MAX_FAULTS]


def row_faults(template: Template, row: Content) -> list[FieldFault]:
    """What is wrong with one row by itself: its shape, and its arithmetic as far as its figures are there."""
    field, _ = template.rows
    shape = template.schema["properties"][field]["items"]
    errors = _Validator(shape, format_checker=_formats).iter_errors(row)
    faults = [fault for error in sorted(errors, key=_place) for fault in wording(error)]
    return [*faults, *_text_faults(row, [])] or row_check_faults(template, row, "")


# Shape


def _place(error: ValidationError) -> list[str]:
    return [str(step) for step in error.absolute_path]


def _shape_faults(template: Template, content: Content) -> Iterator[FieldFault]:
    errors = _Validator(template.schema, format_checker=_formats).iter_errors(content)
    for error in sorted(errors, key=_place):
        yield from wording(error)
    yield from _text_faults(content, [])


def wording(error: ValidationError) -> Iterator[FieldFault]:
    """A schema's complaint as faults, each in one plain sentence without the value."""
    path = list(error.absolute_path)
    instance: Any = error.instance
    schema: Any = error.schema
    limit: Any = error.validator_value
    if error.validator == "additionalProperties":
        for name in sorted(set(instance) - set(schema["properties"])):
            yield _fault([*path, name], "unknown_field", "is not a field of this return.")
    elif error.validator == "required":
        for name in limit:
            if name not in instance:
                yield _fault([*path, name], "required", "is required.")
    else:
        code, sentence = _SENTENCES.get(str(error.validator), ("not_valid", "is not valid."))
        yield _fault(path, code, sentence.replace("{limit}", _limit_words(limit)))


def _limit_words(limit: Any) -> str:
    """A schema's limit as words: kinds of value, allowed values, or the figure itself."""
    if isinstance(limit, list):
        words = [_TYPE_WORDS.get(str(item), "null" if item is None else str(item)) for item in limit]
        return " or ".join(words)
    return _TYPE_WORDS.get(str(limit), str(limit))


def _text_faults(value: Any, path: list[str | int]) -> Iterator[FieldFault]:
    """Text that no database can keep: the null character, and halves of characters."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            yield _fault(path, "not_text", "must be valid Unicode text without null characters.")
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _text_faults(member, [*path, name])
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _text_faults(member, [*path, index])


# Rows against the record


def _row_faults(template: Template, content: Content, known: Content) -> Iterator[FieldFault]:
    """Rows that are unknown or there twice, and references that were altered."""
    field, key = template.rows
    record = {row[key]: row for row in known[field]}
    seen: set[str] = set()
    for index, row in enumerate(content[field]):
        name = row[key].lower()
        if name not in record:
            yield FieldFault(f"/{field}/{index}/{key}", "row_for_each", "This return has no such row: take it out.")
        elif name in seen:
            yield FieldFault(f"/{field}/{index}/{key}", "row_for_each", "This row is there twice.")
        elif row["referral_reference"] != record[name]["referral_reference"]:
            yield FieldFault(
                f"/{field}/{index}/referral_reference", "unchanged", "The reference is not the one of this row."
            )
        seen.add(name)


def _missing_rows(template: Template, content: Content, known: Content) -> Iterator[FieldFault]:
    field, key = template.rows
    there = {row[key].lower() for row in content[field]}
    for row in known[field]:
        if row[key] not in there:
            yield FieldFault(f"/{field}", "row_for_each", f"The row of {row['referral_reference']} is missing.")


def _needed_faults(template: Template, content: Content) -> Iterator[FieldFault]:
    for pointer in template.needed:
        steps = pointer.split("/")[1:]
        yield from _missing_at(content, steps, [], template.excused_by)


def _missing_at(value: Any, steps: list[str], path: list[str | int], excused_by: str | None) -> Iterator[FieldFault]:
    if not steps:
        if value is None or (isinstance(value, str) and not value.strip()):
            yield _fault(path, "needed", "is needed before the return is submitted.")
    elif steps[0] == "*":
        for index, row in enumerate(value):
            if excused_by is None or not row.get(excused_by):
                yield from _missing_at(row, steps[1:], [*path, index], excused_by)
    else:
        yield from _missing_at(value.get(steps[0]), steps[1:], [*path, steps[0]], excused_by)


_SESSIONS: Final = ("sessions_possible", "sessions_attended", "sessions_authorised", "sessions_unauthorised")


def fact_faults(row: Content) -> list[FieldFault]:
    """What is wrong with a pupil's attendance of one term as it is pushed, as far as the figures are there."""
    sentences = attendance_faults(*(row.get(name) for name in _SESSIONS))
    return [FieldFault("/sessions_possible", "sessions_add_up", sentence) for sentence in sentences]


def school_warnings(content: Content) -> list[FieldFault]:
    """What a person should look at again in a school's return. It can be submitted all the same.

    A suspension may begin in one term and lose sessions in the next, so these figures need not agree.
    """
    return [
        FieldFault(f"/pupils/{index}/sessions_lost", "suspensions_unusual", sentence)
        for index, pupil in enumerate(content.get("pupils", ()))
        for sentence in suspension_warnings(pupil.get("suspension_count"), pupil.get("sessions_lost"))
    ][:MAX_FAULTS]


def _fault(path: list[str | int], code: str, rest: str) -> FieldFault:
    """A fault of a field: its pointer, and a sentence that begins with its name."""
    steps = [_clip(str(step)) for step in path]
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    return FieldFault(pointer, code, f"{'.'.join(steps) or 'The return'} {rest}")


def _clip(name: str) -> str:
    """A caller can send a name of any length and any characters, and gets it back in the sentence."""
    plain = name.encode("utf-8", "replace").decode()
    return plain if len(plain) <= _MAX_NAME_CHARACTERS else plain[:_MAX_NAME_CHARACTERS] + "..."

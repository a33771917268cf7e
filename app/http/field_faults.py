"""Validation failures in plain English, without the value that failed: that value is often a child's data."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic_core import core_schema

from app.errors import FieldFault

MAX_FAULTS = 100
MAX_NAME_CHARACTERS = 100
# Shorter values ("A", "12") stand in many a sentence by chance and identify nobody.
SHORTEST_QUOTE_CHARACTERS = 4

_BUILT_IN = frozenset(get_args(core_schema.ErrorType))
_PREFIX = "Value error, "

# Pydantic's error type, the stable code that callers see, and the sentence. {name} is the field; the other braces are
# what Pydantic's context holds (limits and allowed values, never the input).
_SENTENCES: dict[str, tuple[str, str]] = {
    "missing": ("required", "{name} is required."),
    "extra_forbidden": ("unknown_field", "{name} is not a field of this request."),
    "none_required": ("must_be_null", "{name} must be null."),
    "string_type": ("not_text", "{name} must be text."),
    "string_too_short": ("too_short", "{name} is too short: the least is {min_length} characters."),
    "string_too_long": ("too_long", "{name} is too long: the most is {max_length} characters."),
    "string_pattern_mismatch": ("wrong_format", "{name} is not in the expected format."),
    "string_unicode": ("not_text", "{name} must be valid Unicode text."),
    "enum": ("unknown_value", "{name} must be {expected}."),
    "literal_error": ("unknown_value", "{name} must be {expected}."),
    "union_tag_invalid": ("unknown_value", "{name} must name one of: {expected_tags}."),
    "union_tag_not_found": ("required", "{name} must say its kind in {discriminator}."),
    "bool_type": ("not_true_or_false", "{name} must be true or false."),
    "bool_parsing": ("not_true_or_false", "{name} must be true or false."),
    "int_type": ("not_a_whole_number", "{name} must be a whole number."),
    "int_parsing": ("not_a_whole_number", "{name} must be a whole number."),
    "int_from_float": ("not_a_whole_number", "{name} must be a whole number."),
    "int_parsing_size": ("out_of_range", "{name} is too large a number."),
    "float_type": ("not_a_number", "{name} must be a number."),
    "float_parsing": ("not_a_number", "{name} must be a number."),
    "finite_number": ("not_a_number", "{name} must be a finite number."),
    "decimal_type": ("not_a_number", "{name} must be a number."),
    "decimal_parsing": ("not_a_number", "{name} must be a number."),
    "decimal_max_digits": ("out_of_range", "{name} may have at most {max_digits} digits."),
    "decimal_max_places": ("out_of_range", "{name} may have at most {decimal_places} decimal places."),
    "decimal_whole_digits": ("out_of_range", "{name} may have at most {whole_digits} digits before the point."),
    "greater_than": ("out_of_range", "{name} must be more than {gt}."),
    "greater_than_equal": ("out_of_range", "{name} must be {ge} or more."),
    "less_than": ("out_of_range", "{name} must be less than {lt}."),
    "less_than_equal": ("out_of_range", "{name} must be {le} or less."),
    "multiple_of": ("out_of_range", "{name} must be a multiple of {multiple_of}."),
    "too_short": ("too_few", "{name} needs at least {min_length} entries."),
    "too_long": ("too_many", "{name} may have at most {max_length} entries."),
    "list_type": ("not_a_list", "{name} must be a list."),
    "set_type": ("not_a_list", "{name} must be a list."),
    "tuple_type": ("not_a_list", "{name} must be a list."),
    "frozen_set_type": ("not_a_list", "{name} must be a list."),
    "dict_type": ("not_an_object", "{name} must be an object."),
    "model_type": ("not_an_object", "{name} must be an object."),
    "model_attributes_type": ("not_an_object", "{name} must be an object."),
    "dataclass_type": ("not_an_object", "{name} must be an object."),
    "url_parsing": ("not_a_url", "{name} must be a URL."),
    "url_type": ("not_a_url", "{name} must be a URL."),
    "url_scheme": ("not_a_url", "{name} must be a URL that begins with {expected_schemes}."),
    "date_past": ("out_of_range", "{name} must be in the past."),
    "date_future": ("out_of_range", "{name} must be in the future."),
    "datetime_past": ("out_of_range", "{name} must be in the past."),
    "datetime_future": ("out_of_range", "{name} must be in the future."),
    "timezone_aware": ("not_a_time", "{name} must say its time zone, as in 2026-11-22T09:30:00Z."),
}
_FAMILIES: tuple[tuple[str, tuple[str, str]], ...] = (
    ("uuid_", ("not_a_uuid", "{name} must be a UUID.")),
    ("datetime_", ("not_a_time", "{name} must be a time as in 2026-11-22T09:30:00Z.")),
    ("date_", ("not_a_date", "{name} must be a date as in 2026-11-22.")),
    ("time_", ("not_a_time_of_day", "{name} must be a time of day as in 09:30.")),
)
_OTHERWISE = ("not_valid", "{name} is not valid.")


def field_faults(errors: Sequence[Mapping[str, Any]], body: Any) -> list[FieldFault]:
    """Pydantic's errors as pointers, codes and sentences.

    Body fields are pointed to from the body's root (`/pupil/upn`); a parameter by where it stands and its name
    (`/query/limit`). `body` serves only to tell field names from the union members that Pydantic puts between them.
    At most 100 are told.
    """
    return [_fault(error, body) for error in errors[:MAX_FAULTS]]


def _fault(error: Mapping[str, Any], body: Any) -> FieldFault:
    place, *path = error["loc"] or ("body",)
    in_body = place == "body"
    names = [_clip(str(part)) for part in (_real_parts(path, body, error["type"]) if in_body else path)]
    code, sentence = _wording(error)
    detail = sentence.replace("{name}", ".".join(names) or "The request body", 1)
    steps = names if in_body else [str(place), *names]
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    return FieldFault(pointer, code, detail)


def _real_parts(path: list[str | int], body: Any, error_type: str) -> list[str | int]:
    """The steps that the body itself has, and the last one when it is what is missing."""
    parts: list[str | int] = []
    here = body
    for index, part in enumerate(path):
        if _holds(here, part):
            here = here[part]
        elif error_type != "missing" or index < len(path) - 1:
            continue
        parts.append(part)
    return parts


def _holds(container: Any, part: str | int) -> bool:
    if isinstance(container, list):
        return isinstance(part, int) and part < len(container)
    return isinstance(container, dict) and part in container


def _wording(error: Mapping[str, Any]) -> tuple[str, str]:
    """The code and the sentence, with `{name}` left open."""
    kind = error["type"]
    if kind == "value_error" or kind not in _BUILT_IN:
        # Our own validators give their own sentence; the prefix of a ValueError's is Pydantic's.
        code = "not_valid" if kind == "value_error" else kind
        sentence = error["msg"].removeprefix(_PREFIX)
        return code, _OTHERWISE[1] if _quotes(sentence, error.get("input")) else sentence
    family = next((wording for prefix, wording in _FAMILIES if kind.startswith(prefix)), _OTHERWISE)
    code, sentence = _SENTENCES.get(kind, family)
    return code, _fill(sentence, error.get("ctx") or {})


def _quotes(sentence: str, value: Any) -> bool:
    """True when a sentence repeats what was sent: `int("...")` inside a validator does so unasked."""
    if isinstance(value, dict):
        return any(_quotes(sentence, member) for member in value.values())
    if isinstance(value, list):
        return any(_quotes(sentence, member) for member in value)
    text = "" if value is None or isinstance(value, bool) else str(value)
    return len(text) >= SHORTEST_QUOTE_CHARACTERS and text in sentence


def _fill(sentence: str, context: Mapping[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda hole: str(context.get(hole[1], hole[0])), sentence)


def _clip(name: str) -> str:
    """A caller can send a name of any length, and gets it back in the sentence."""
    return name if len(name) <= MAX_NAME_CHARACTERS else name[:MAX_NAME_CHARACTERS] + "..."

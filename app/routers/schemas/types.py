"""Types shared by the schemas: dates and times that come as strings only, and bounded text."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

FIRST_YEAR, LAST_YEAR = 1900, 2100


_BAD_DATE = PydanticCustomError("date", "Write the date as YYYY-MM-DD, for example 2026-09-01.")
_BAD_MOMENT = PydanticCustomError(
    "moment", "Write the time as RFC 3339 with an offset, for example 2026-09-01T09:30:00Z."
)


def _has_hyphens(text: str) -> bool:
    """Whether a text begins as YYYY-MM-DD does. Python also reads week dates and dates without hyphens."""
    return text[4:5] == text[7:8] == "-"


def _date_from(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) != len("2026-09-01") or not _has_hyphens(value):
        raise _BAD_DATE
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _BAD_DATE from None


def _moment_from(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) > len("2026-09-01T09:30:00.000000+00:00") or not _has_hyphens(value):
        raise _BAD_MOMENT
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _BAD_MOMENT from None
    if moment.tzinfo is None:
        raise _BAD_MOMENT
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _BAD_MOMENT from None


def _in_range(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("date_range", "The date lies outside the years 1900 to 2100.")
    return value


Date = Annotated[
    date,
    BeforeValidator(_date_from),
    AfterValidator(_in_range),
    WithJsonSchema({"type": "string", "format": "date", "minLength": 10, "maxLength": 10}),
]
"""A date written YYYY-MM-DD. Numbers are refused: 0 is not 1970."""

Moment = Annotated[
    datetime,
    BeforeValidator(_moment_from),
    AfterValidator(_in_range),
    PlainSerializer(lambda moment: moment.astimezone(UTC).isoformat().replace("+00:00", "Z"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 40}),
]
"""A time written as RFC 3339 with its offset."""

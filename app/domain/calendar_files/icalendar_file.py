"""A calendar as iCalendar (RFC 5545): each whole-day event is an entry, told by its summary."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from app.clock import LONDON
from app.domain.calendar_files.entries import Entry, Reading
from app.domain.calendar_files.words import meaning
from app.errors import Invalid

if TYPE_CHECKING:
    from icalendar import Component

_NOT_ICALENDAR: Final = "The file is not iCalendar as RFC 5545 describes it."
_REPEATS: Final = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_MIDNIGHT: Final = time(0)


class _EventError(Exception):
    """What is wrong with an event, as a sentence."""


def read_icalendar(content: bytes) -> Reading:
    """The entries of an iCalendar file, with a remark on each event that is none or is wrong.

    An event counts by its dates (`VALUE=DATE`), or by times that are midnights in England. Repeated events are not
    unfolded: a rule that runs on says less than the days themselves. `line` is that of the event's BEGIN. Raises
    Invalid when the file is no iCalendar.
    """
    reading = Reading()
    for line, event in _events(content):
        name = str(_first(event, "SUMMARY") or "")
        known = meaning(name)
        if known is None:
            reading.leave_out(line, "It is neither a term, half-term or holiday nor a day on which schools are closed.")
        elif str(event.get("STATUS", "")).upper() == "CANCELLED":
            reading.leave_out(line, "The event was cancelled.")
        else:
            kind, number = known
            try:
                first, last = _days(event)
            except _EventError as error:
                reading.refuse(line, str(error))
            except OverflowError:
                reading.refuse(line, "Its dates lie outside the years 1 to 9999.")
            else:
                reading.take(Entry(line, kind, first, last, name.strip()[:200], number))
    return reading


def _events(content: bytes) -> list[tuple[int, "Component"]]:
    """Every event with the line of its BEGIN (0 where that cannot be told). Raises Invalid for no iCalendar."""
    # Reading the library's many modules takes half a second, and nothing but an import needs it.
    from icalendar import Calendar

    plain = content.removeprefix(b"\xef\xbb\xbf")
    try:
        calendars = Calendar.from_ical(plain, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        # The library has no error of its own for what it cannot read, and its sentences quote the file.
        raise Invalid(_NOT_ICALENDAR) from error
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise Invalid(_NOT_ICALENDAR)
    begins = [line for line, text in enumerate(plain.splitlines(), start=1) if text.strip().lower() == b"begin:vevent"]
    return list(zip(begins if len(begins) == len(events) else [0] * len(events), events, strict=True))


def _days(event: "Component") -> tuple[date, date]:
    """The first and the last day of an event. Raises `_EventError` when it is not made of whole days in England."""
    if any(name in event for name in _REPEATS):
        raise _EventError("The event repeats: state each of its days as an event of its own.")
    if event.errors:
        raise _EventError(f"Its {event.errors[0][0] or 'content'} cannot be read.")
    start, end, length = (_value(event, name) for name in ("DTSTART", "DTEND", "DURATION"))
    if not isinstance(start, date):
        raise _EventError("The event has no start (DTSTART).")
    if isinstance(length, timedelta):
        end = start + length
    first = _day(start)
    if not isinstance(end, date):
        # RFC 5545, 3.6.1: a date without an end is that day; a time without an end takes no time at all.
        if isinstance(start, datetime):
            raise _EventError("The event has a start but no end: state its days.")
        return first, first
    after = _day(end)
    if after <= first:
        # Some exports write the last day where the standard has the day after it.
        if after == first:
            return first, first
        raise _EventError("It ends before it starts.")
    return first, after - timedelta(days=1)


def _day(moment: date) -> date:
    """The day of a date, or of a time that is midnight in England; one without a time zone is taken as England's."""
    if not isinstance(moment, datetime):
        return moment
    local = moment.replace(tzinfo=LONDON) if moment.tzinfo is None else moment.astimezone(LONDON)
    if local.time() != _MIDNIGHT:
        raise _EventError(
            "The event has times of the day, or whole days of another time zone: state days (VALUE=DATE), or midnights"
            " in England."
        )
    return local.date()


def _value(event: "Component", name: str) -> object:
    return getattr(_first(event, name), "dt", None)


def _first(event: "Component", name: str) -> object:
    """A property; the first where a file gives several."""
    found = event.get(name)
    return found[0] if isinstance(found, list) and found else found

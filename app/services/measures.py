"""Publishing an authority's own measures. What is published is never altered: a change is a further version.

A version takes effect tomorrow at the earliest, so that the readings of one day are all of one version, and is in force
until the next one's day. Whoever published the wrong thing for a day to come publishes again for that day: the later
version stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.domain.measures import Measure, definition_faults, measures
from app.errors import ActionNotAvailable, FieldFault, NotFound
from app.ids import new_id
from app.models.measures import measure_version
from app.queries import measures as queries
from app.queries.measures import Loaded
from app.queries.parties import every_organisation
from app.queries.writes import Writes
from app.services.events import tell
from app.services.faults import refuse

MOST_KEYS: Final = 100
"""Measures that one authority may have of its own: the list of them comes whole."""
_PUBLISHED: Final = 1
"""The version of every published row, as events count: it never changes."""


async def preview_measure(session: ReadSession, draft: Measure, effective_from: date) -> Loaded:
    """What publishing a draft would put in force; nothing is written. Raises Invalid naming each fault."""
    versions = await queries.versions_of(session, draft.key)
    faults = [*definition_faults(draft), *_day_faults(session, versions, effective_from)]
    if not versions and await queries.key_count(session) >= MOST_KEYS:
        faults.append(FieldFault("/key", "too_many", f"An authority has at most {MOST_KEYS} measures of its own."))
    refuse(faults)
    return Loaded(replace(draft, version=_next_version(versions, draft.key)), new_id(), effective_from)


async def publish_measure(session: WriteSession, writes: Writes, draft: Measure, effective_from: date) -> Loaded:
    """Queue the next version of a measure, in force from a day; it. Raises Invalid naming each fault.

    Of the key of a shipped measure it stands in its place for new readings. Those taken before keep their version.
    """
    loaded = await preview_measure(session, draft, effective_from)
    made = loaded.measure
    version_id = _keep(session, writes, made.key, made.version, made.content(), effective_from)
    await _tell(session, writes, "measure.published", version_id, made.key, effective_from)
    return replace(loaded, version_id=version_id)


async def retire_measure(session: WriteSession, writes: Writes, key: str, effective_from: date) -> None:
    """Say that a measure is no longer asked from a day on, a shipped one too; publishing its key brings it back.

    Raises NotFound for a key that there is none of, ActionNotAvailable for one retired already, Invalid for the day.
    """
    versions = await queries.versions_of(session, key)
    if not versions and key not in measures():
        raise NotFound
    if versions and versions[0]["content"] is None:
        raise ActionNotAvailable("The measure was retired already.")
    refuse(_day_faults(session, versions, effective_from))
    version_id = _keep(session, writes, key, _next_version(versions, key), None, effective_from)
    await _tell(session, writes, "measure.retired", version_id, key, effective_from)


def _next_version(versions: Sequence[Mapping[str, Any]], key: str) -> int:
    """One above whatever there was of the key, what ships included."""
    shipped = measures().get(key)
    known = [row["version"] for row in versions] + ([shipped.version] if shipped else [])
    return max(known, default=0) + 1


def _day_faults(session: ReadSession, versions: Sequence[Mapping[str, Any]], effective_from: date) -> list[FieldFault]:
    if effective_from <= session.today:
        sentence = "A measure takes effect tomorrow at the earliest: today's readings are of the version of today."
        return [FieldFault("/effective_from", "out_of_range", sentence)]
    newest = versions[0]["effective_from"] if versions else effective_from
    if effective_from < newest:
        sentence = f"Another version is announced for {newest.isoformat()}: take effect on that day or later."
        return [FieldFault("/effective_from", "out_of_range", sentence)]
    return []


def _keep(
    session: WriteSession,
    writes: Writes,
    key: str,
    version: int,
    content: dict[str, Any] | None,
    effective_from: date,
) -> UUID:
    version_id = new_id()
    writes.add(
        measure_version,
        id=version_id,
        key=key,
        version=version,
        content=content,
        effective_from=effective_from,
        published_at=session.now,
        published_by_client_id=session.principal.client_id,
    )
    return version_id


async def _tell(
    session: WriteSession, writes: Writes, event_type: str, version_id: UUID, key: str, effective_from: date
) -> None:
    """Everyone is told: providers ask by it, and schools answer it."""
    tell(
        writes,
        session,
        event_type,
        subject=("measure", version_id, _PUBLISHED),
        audience=await every_organisation(session),
        data={"key": key, "effective_from": effective_from.isoformat()},
    )

"""`halfterm simulate`: a half-term, or a school year, of one made-up authority, through the real API.

The authority is drawn from the shape of Norfolk's schools, absence and suspensions, under fictitious names. Separate
processes play the schools' systems, the providers' portals and the authority's dashboard over TCP; this one moves the
business time from working day to working day. At the end it tells what happened and holds the database to its rules.
"""

import asyncio
import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app import clock
from app.simulation.calling import Caller, Credentials, PlayError
from app.simulation.company import Company, Part
from app.simulation.founding import set_up
from app.simulation.invariants import NotTheOwnerError, check_database
from app.simulation.journal import Journal, Summary, acknowledgements
from app.simulation.report import differences, is_told, print_breaches, print_report
from app.simulation.stage import Stage, running_stage, stage, temporary_folder
from app.simulation.world import DEFAULT_PLACES, DEFAULT_SCHOOLS, World

SCHOOL_PROCESSES: Final = 3
_HALF_TERM: Final = 2
"""The second half of the autumn: at its end providers' and schools' returns fall due at once."""
_UNTIL_RETURNS_ARE_IN: Final = 14
"""Working days after the last day of term."""
_AT: Final = (16, 30)
"""When in a day everyone acts: before the working day's end, by which offers are to be answered."""


@dataclass(frozen=True, slots=True)
class Script:
    """How long the play is: the working days on which everyone acts, in order."""

    days: tuple[date, ...]

    @property
    def starts_at(self) -> datetime:
        """When business time starts: the morning before the first day."""
        return clock.london_moment(self.days[0] - timedelta(days=1), 8)


def run(
    *,
    year: bool,
    base_url: str | None,
    seed: int = 7,
    school_count: int = DEFAULT_SCHOOLS,
    place_count: int = DEFAULT_PLACES,
    day_count: int | None = None,
    console: Console | None = None,
) -> int:
    """Play; 0 when the play went as it should and every invariant holds, else 1.

    Without `base_url` the service is started for it, and ended. `day_count` cuts the play short after so many working
    days.
    """
    out = console or Console()
    world = World(seed, school_count, place_count)
    script = Script(_days(world, year=year)[:day_count])
    before = signal.signal(signal.SIGTERM, _end)
    started = clock.monotonic()
    try:
        with ExitStack() as ending:
            folder = ending.enter_context(temporary_folder())
            out.print(f"Starting: {len(world.schools)} schools, {world.supply.place_count} places, seed {seed}")
            where = (
                running_stage(base_url, os.environ)
                if base_url
                else ending.enter_context(stage(f"{world.authority_name}, simulated", script.starts_at, folder))
            )
            status = _play(world, script, where, folder, out, whole_year=year and day_count is None)
    except PlayError as fault:
        out.print(str(fault), markup=False, highlight=False)
        status = 1
    finally:
        signal.signal(signal.SIGTERM, before)
    out.print(f"Wall time {clock.monotonic() - started:.1f} s, from nothing to the last check")
    return status


def _days(world: World, *, year: bool) -> tuple[date, ...]:
    """The working days of the play: from the first day of the year or half-term until its returns are in."""
    calendar = world.days.calendar
    half_terms = calendar.half_terms_of(world.academic_year)
    first, last = (half_terms[0], half_terms[-1]) if year else (half_terms[_HALF_TERM - 1],) * 2
    days, day = [], calendar.add_working_days(first.starts_on, 0)
    end = calendar.add_working_days(last.ends_on, _UNTIL_RETURNS_ARE_IN)
    while day <= end:
        days.append(day)
        day = calendar.add_working_days(day, 1)
    return tuple(days)


def _play(world: World, script: Script, where: Stage, folder: Path, out: Console, *, whole_year: bool) -> int:
    journals = folder / "journals"
    journals.mkdir()
    with Journal("setting up", folder / "setting-up.jsonl") as journal:
        clients = asyncio.run(set_up(where.base_url, where.officer, world, journal))
        out.print(f"Played on {where.base_url} from {script.days[0]} to {script.days[-1]}")
        played = clock.monotonic()
        summaries = asyncio.run(_all_days(_parts(world, script, where, clients, journals), script, where, journal))
        played = clock.monotonic() - played
    figures = print_report(out, [*summaries, journal.summary])
    out.print(f"{len(script.days)} working days played in {played:.1f} s")
    faults = [surprise for summary in summaries for surprise in summary.surprises]
    faults += [f"GraphQL and REST differ: {difference}" for difference in differences(figures)]
    faults += [f"There is no figure for {measure}." for measure in is_told(figures)] if whole_year else []
    for fault in faults:
        out.print(fault, markup=False, highlight=False)
    return 0 if _holds(where, journals, out) and not faults else 1


async def _all_days(parts: list[Part], script: Script, where: Stage, journal: Journal) -> list[Summary]:
    """Every day in turn: business time first, then everyone at once."""
    progress = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with httpx.AsyncClient(base_url=where.base_url, timeout=120) as http:
        officer = Caller(http, where.officer, journal)
        with Company(parts) as company, progress:
            task = progress.add_task("Days", total=len(script.days))
            for day in script.days:
                progress.update(task, description=day.strftime("%a %d %b %Y"))
                await _advance(officer, day)
                company.play_day(day)
                progress.advance(task)
            company.drain(script.days[-1])
            return company.finish()


async def _advance(officer: Caller, day: date) -> None:
    moment = clock.london_moment(day, *_AT)
    answer = await officer.post("advance_clock", "/v1/sandbox/advance", {"to": moment.isoformat()}, expect=(200,))
    if answer.status_code != 200:
        raise PlayError(f"Business time could not be moved to {moment.isoformat()}: {answer.text}")
    for name, count in answer.json()["ran"].items():
        officer.journal.count(name.replace("_", " "), count)


def _parts(world: World, script: Script, where: Stage, clients: dict[str, Credentials], journals: Path) -> list[Part]:
    """Who plays what: some processes of several schools each, one per provider, and the authority's."""

    def part(name: str, plays: str, keys: list[str]) -> Part:
        return Part(
            name=name,
            plays=plays,
            base_url=where.base_url,
            world=(world.seed, world.school_count, world.place_count),
            starts_on=script.days[0],
            folder=journals,
            credentials={key: clients[key] for key in keys},
        )

    urns = [school.urn for school in world.schools]
    return [
        *(part(f"schools-{n + 1}", "schools", urns[n::SCHOOL_PROCESSES]) for n in range(SCHOOL_PROCESSES)),
        *(part(f"portal-{provider.key}", provider.key, [provider.key]) for provider in world.supply.providers),
        part("dashboard", "authority", ["authority"]),
    ]


def _holds(where: Stage, journals: Path, out: Console) -> bool:
    """Whether every invariant holds, as the owner of the tables sees it."""
    if where.owner_url is None:
        out.print("The invariants were not checked: set HALFTERM_OWNER_DATABASE_URL.")
        return True
    told = list(acknowledgements(journals))
    started = clock.monotonic()
    try:
        found = asyncio.run(check_database(where.owner_url, told))
    except NotTheOwnerError as error:
        out.print(str(error), markup=False)
        return False
    print_breaches(out, found)
    words = "every invariant holds" if not found else f"{len(found)} breaches"
    out.print(f"{len(told)} acknowledged writes and events compared; {words} ({clock.monotonic() - started:.1f} s)")
    return not found


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(1)

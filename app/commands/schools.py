"""`halfterm schools import`: a school register into the national one, with progress and a report."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.services.school_register import RegisterReport, import_register
from app.serving import databases
from app.serving.databases import Access
from app.serving.faults import StartError
from app.settings import Settings

_FAULTS_SHOWN = 50


def import_file(settings: Settings, file: Path, out: Console, error_out: Console) -> bool:
    """Take a register file; whether it held any school. Rows that are not right are told and left out.

    Raises Invalid for a file of no known layout, and StartError without the owner's URL.
    """
    with databases.database_access(settings) as access:
        report = _with_progress(access, file, error_out)
    for fault in report.faults[:_FAULTS_SHOWN]:
        where = f"line {fault.line}" + (f", {fault.column}" if fault.column else "")
        error_out.print(f"{where}: {fault.detail}", markup=False, highlight=False, soft_wrap=True)
    if len(report.faults) > _FAULTS_SHOWN:
        error_out.print(f"... and {len(report.faults) - _FAULTS_SHOWN:,} more rows like these", highlight=False)
    left_out = sum(not fault.row_kept for fault in report.faults)
    out.print(
        f"{report.read_count:,} schools read: {report.added_count:,} new, {report.changed_count:,} changed,"
        f" {report.unchanged_count:,} as before; {report.closed_count:,} others marked closed;"
        f" {left_out:,} rows left out",
        highlight=False,
        soft_wrap=True,
    )
    return report.read_count > 0


def _with_progress(access: Access, file: Path, error_out: Console) -> RegisterReport:
    if access.owner_url is None:
        raise StartError("The national register belongs to the owner: set HALFTERM_OWNER_DATABASE_URL.")
    columns = (
        TextColumn("Reading"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[schools]:,} schools"),
        TimeElapsedColumn(),
    )
    with file.open("rb") as stream, Progress(*columns, console=error_out, transient=True) as progress:
        task = progress.add_task("read", total=file.stat().st_size, schools=0)

        def told(count: int) -> None:
            progress.update(task, completed=stream.raw.tell(), schools=count)

        return databases.run(import_register(access.owner_url, stream, told))

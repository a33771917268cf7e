"""`halfterm serve`, from the port to the last process."""

import os
import signal
import sys
import threading
from contextlib import ExitStack
from importlib import import_module
from types import FrameType

from rich.console import Console

from app import clock
from app.db import Database
from app.serving import databases
from app.serving.databases import Access
from app.serving.demo import Demo, prepare_demo
from app.serving.listener import listen
from app.serving.prepare import Tell, prepare
from app.serving.processes import serve_until_told
from app.serving.welcome import welcome
from app.settings import Settings


def serve(settings: Settings, console: Console) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit status.

    Raises StartError, EmbeddedPostgresError or NotReady with a sentence for people.
    """
    signal.signal(signal.SIGTERM, _end)
    started = clock.monotonic()

    def tell(text: str) -> None:
        console.print(f"[dim]{clock.monotonic() - started:5.1f} s[/dim]  {text}", soft_wrap=True, highlight=False)

    if settings.workers == 1:
        # It takes a second or more, which passes while PostgreSQL starts.
        threading.Thread(target=import_module, args=("app.main",), name="early import", daemon=True).start()
    embedded = databases.is_embedded(settings)
    if embedded and "sandbox" not in settings.model_fields_set:
        settings = settings.model_copy(update={"sandbox": True})
    try:
        with ExitStack() as stack:
            # The port comes first: nothing is started for a service that could not be reached.
            listener = stack.enter_context(listen(settings.host, settings.port))
            if embedded:
                access = stack.enter_context(databases.start_embedded(settings))
                tell(f"PostgreSQL started in {access.where}")
            else:
                access = stack.enter_context(databases.database_access(settings))
            settings = settings.model_copy(update={"database_url": access.application_url})
            demo = databases.run(_make_ready(access, settings, tell))
            _put_into_environment(settings)
            tell("Ready")
            welcome(console, settings, access, demo)
            return serve_until_told(settings, listener)
    except KeyboardInterrupt:
        return 0


async def _make_ready(access: Access, settings: Settings, tell: Tell) -> Demo | None:
    await prepare(access, settings, tell)
    if not settings.sandbox:
        return None
    database = Database(access.application_url, settings)
    try:
        demo = await prepare_demo(database, settings)
    finally:
        await database.dispose()
    tell("Sandbox: a made-up authority with schools, providers and places")
    return demo


def _put_into_environment(settings: Settings) -> None:
    """What was decided here, for the server processes. The owner's URL is no business of theirs."""
    os.environ.pop("HALFTERM_OWNER_DATABASE_URL", None)
    os.environ["HALFTERM_DATABASE_URL"] = settings.database_url or ""
    os.environ["HALFTERM_SANDBOX"] = str(settings.sandbox).lower()


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)

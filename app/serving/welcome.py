"""What a person sees when the service has started. No line is wrapped, so that every command can be copied whole."""

import os
import shlex
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule

from app.access import Kind
from app.serving.databases import Access
from app.serving.demo import Demo, DemoClient
from app.settings import Settings


def token_command(settings: Settings, client: DemoClient) -> str:
    """The command that gets a token."""
    credentials = f"{client.client_id}:{client.secret}"
    return f"curl -s -u {credentials} -d grant_type=client_credentials {settings.base_url}/oauth/token"


def referral_command(settings: Settings, demo: Demo) -> str:
    """The command that posts the referral to try; it finds the token in $TOKEN."""
    return (
        f'curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -H "Idempotency-Key: try-1" '
        f"-d @{shlex.quote(_short(demo.referral_file))} {settings.base_url}/v1/referrals"
    )


def welcome(console: Console, settings: Settings, access: Access, demo: Demo | None) -> None:
    """Print where the service is, what to try, where the data is and how to stop."""

    def line(text: str = "") -> None:
        console.print(text, soft_wrap=True, highlight=False)

    base = settings.base_url
    console.print(Rule("Halfterm", align="left"))
    line(f"Serving   [bold]{base}[/bold]")
    line(f"Documents {base}/docs (REST)  {base}/graphql (GraphQL)  {base}/openapi.json")
    line(f"Data      {escape(access.where)}; keys and this machine's secrets in {escape(_short(settings.data_dir))}")
    if demo is not None:
        school = demo.clients[Kind.SCHOOL.value]
        line()
        line("[bold]1. Get a token[/bold] as a school of the sandbox authority")
        line(escape(token_command(settings, school)))
        line(f"[bold]   or take this one[/bold], which works for {settings.token_lifetime_seconds // 60} minutes")
        line(f"TOKEN={school.token}")
        line("[bold]2. Refer a (made-up) pupil[/bold]")
        line(escape(referral_command(settings, demo)))
        line()
        line("Other clients of the sandbox, as id:secret")
        for client in demo.clients.values():
            line(f"  {client.kind:<10} {client.client_id}:{client.secret}  {escape(client.organisation)}")
    line()
    line("Ctrl-C stops it; the data stays." if demo is not None else "SIGTERM or Ctrl-C stops it.")
    console.print(Rule())


def _short(path: Path) -> str:
    """A path as short as it works from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative

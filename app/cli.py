"""The `halfterm` command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from app.embedded import EmbeddedPostgresError
from app.errors import HalftermError
from app.serving.faults import StartError
from app.settings import Settings

app = typer.Typer(
    help="Halfterm brokers commissioned family support between schools, providers and a local authority.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
authorities = typer.Typer(help="Authorities.", no_args_is_help=True)
clients = typer.Typer(help="Machine clients: who gets tokens.", no_args_is_help=True)
schools = typer.Typer(help="The national school register.", no_args_is_help=True)
keys = typer.Typer(help="The keys that sign access tokens.", no_args_is_help=True)
app.add_typer(authorities, name="authority")
app.add_typer(clients, name="client")
app.add_typer(schools, name="schools")
app.add_typer(keys, name="keys")

out = Console()
error_out = Console(stderr=True)


@app.command()
def serve() -> None:
    """Serve the API: with PostgreSQL and a sandbox authority of its own, or with HALFTERM_DATABASE_URL.

    HALFTERM_PORT, HALFTERM_DATA_DIR and the other settings come from the environment.
    """
    from app.serving.run import serve as serve_until_told

    with _plain_faults():
        status = serve_until_told(_settings(), out)
    raise typer.Exit(status)


@app.command()
def migrate() -> None:
    """Make the roles, the schema and the national school register, as the owner (HALFTERM_OWNER_DATABASE_URL)."""
    from app.commands.database import migrate_database

    with _plain_faults():
        migrate_database(_settings(), out)


@app.command()
def simulate(
    year: Annotated[bool, typer.Option("--year", help="A school year instead of a half-term.")] = False,
    base_url: Annotated[
        str | None, typer.Option(help="A running sandbox to play against; else one is started.")
    ] = None,
) -> None:
    """Play an authority's half-term through the real API with client processes of three kinds, and check it."""
    from app.simulation.run import run

    with _plain_faults():
        status = run(year=year, base_url=base_url)
    raise typer.Exit(status)


@authorities.command("create")
def create_authority(
    la_code: Annotated[str, typer.Argument(help="The DfE code, three digits.")],
    name: Annotated[str | None, typer.Option(help="Known for English authorities.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Its business time can be moved.")] = False,
    starts_at: Annotated[
        str | None, typer.Option(help="When a sandbox's clock starts, for example 2026-11-02T08:00:00Z; else now.")
    ] = None,
) -> None:
    """Found an authority, and print its id."""
    from app.commands.parties import create_authority as create
    from app.serving import databases

    with _plain_faults(), databases.database_access(_settings()) as access:
        moment = _moment(starts_at) if starts_at else None
        authority_id, title = databases.run(
            create(access, _settings(), la_code=la_code, name=name, sandbox=sandbox, starts_at=moment)
        )
        _say(f"{title}: {authority_id}")
        _say(f"Next: halfterm client create --authority {la_code}")


@clients.command("create")
def create_client(
    authority: Annotated[str, typer.Option(help="Id, DfE code or name.")],
    organisation: Annotated[
        str | None, typer.Option(help="Id, URN or name; the authority itself unless given.")
    ] = None,
    scopes: Annotated[
        list[str] | None, typer.Option(help="Separated by commas; all that the organisation can use unless given.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the client is called in lists.")] = "Made at the command line",
) -> None:
    """Make a client, and print its id and its secret. The secret is shown this once and kept nowhere."""
    from app.commands.parties import create_party_client
    from app.serving import databases

    with _plain_faults(), databases.database_access(_settings()) as access:
        party, made = databases.run(
            create_party_client(
                access,
                _settings(),
                authority=authority,
                organisation=organisation,
                scopes=scopes or [],
                name=name,
            )
        )
        _say(f"{party.name} ({party.kind}): {' '.join(made.client['scopes'])}")
        _say(f"client_id     {made.client['id']}")
        _say(f"client_secret {made.secret}")


@schools.command("import")
def import_schools(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A register as CSV.")],
) -> None:
    """Take a school register into the national one: the GIAS download as it comes, or another known layout."""
    from app.commands.schools import import_file

    with _plain_faults():
        kept = import_file(_settings(), file, out, error_out)
    raise typer.Exit(0 if kept else 1)


@app.command()
def openapi(
    check: Annotated[bool, typer.Option("--check", help="Compare instead of writing; 1 if anything is wrong.")] = False,
) -> None:
    """Write openapi/openapi.json and openapi/schema.graphql from the code."""
    from app.commands import documents

    if not check:
        for path in documents.write():
            _say(f"Wrote {path.name}")
    found = list(documents.faults())
    for fault in found:
        error_out.print(fault, markup=False, highlight=False, soft_wrap=True)
    if not found:
        _say("openapi.json and schema.graphql are what the code says, and sound.")
    raise typer.Exit(1 if found else 0)


@keys.command("rotate")
def rotate_key() -> None:
    """Sign new tokens with a new key. Tokens in use stay good: their key still verifies them."""
    from app.http.signing_keys import rotate

    with _plain_faults():
        path = _keys_path()
        _say(f"New tokens are signed with {rotate(path)}. Retire an older key when its last token has ended.")


# A key's id may begin with a hyphen: it is not an option.
@keys.command("retire", context_settings={"ignore_unknown_options": True})
def retire_key(kid: Annotated[str, typer.Argument(help="The key's id, as in /.well-known/jwks.json.")]) -> None:
    """Take a key that no longer signs out of use: tokens signed with it stop working."""
    from app.http.signing_keys import retire

    with _plain_faults():
        retire(_keys_path(), kid)
        _say(f"{kid} is retired.")


def _keys_path() -> Path:
    path = _settings().keys_path
    if not path.exists():
        raise StartError(f"There are no keys in {path}: the first `halfterm serve` makes them.")
    return path


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        faults = [f"HALFTERM_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in error.errors()]
        raise StartError("Settings that are not right. " + "; ".join(faults)) from error


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise StartError(f"{text} is not a time like 2026-11-02T08:00:00Z.") from error


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _plain_faults() -> Iterator[None]:
    """Tell what stops a command in a sentence, with exit status 1, instead of a stack."""
    from app.http.signing_keys import SigningKeysFault

    try:
        yield
    except (StartError, EmbeddedPostgresError, HalftermError, SigningKeysFault) as error:
        error_out.print(f"[red]{escape(str(error))}[/red]", highlight=False, soft_wrap=True)
        for fault in getattr(error, "errors", []):
            error_out.print(f"  {fault.detail}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()

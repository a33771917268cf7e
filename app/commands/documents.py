"""`halfterm openapi`: the committed descriptions of the service, written or compared."""

import difflib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.commands.openapi_check import openapi_faults
from app.main import create_app
from app.settings import Settings

FOLDER = Path(__file__).resolve().parents[2] / "openapi"
_SHOWN_LINES = 40


def generated() -> dict[str, str]:
    """The files' contents by name, the same from the same code: the keys of objects are sorted."""
    from app.graphql.schema import sdl

    return {"openapi.json": json_text(openapi_document()), "schema.graphql": sdl().rstrip("\n") + "\n"}


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of every route, the sandbox's too. Touches no database and none of the user's keys."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url="postgresql://nobody@localhost/nowhere",
            data_dir=Path(folder),
            signing_keys_file=None,
            sandbox=True,
            log_level="WARNING",
        )
        return create_app(settings).openapi()


def json_text(document: dict[str, Any]) -> str:
    """A document as it is committed."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the files; those that changed."""
    folder.mkdir(exist_ok=True)
    changed = []
    for name, content in generated().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            changed.append(path)
    return changed


def faults(folder: Path = FOLDER) -> Iterator[str]:
    """What is wrong with the committed files: how each differs from the code, and what makes the OpenAPI unsound."""
    for name, content in generated().items():
        path = folder / name
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        if committed != content:
            yield f"{path.name} is not what the code generates: run `halfterm openapi` and commit it."
            difference = difflib.unified_diff(
                committed.splitlines(), content.splitlines(), "committed", "generated", lineterm="", n=1
            )
            yield from list(difference)[:_SHOWN_LINES]
        if name.endswith(".json"):
            yield from openapi_faults(json.loads(content))

"""The committed documents are what the code generates, and they are whole."""

import json
from pathlib import Path

from app.commands.documents import generated

FOLDER = Path(__file__).resolve().parents[2] / "openapi"


def test_the_committed_documents_are_the_codes() -> None:
    for name, text in generated().items():
        assert (FOLDER / name).read_text() == text, f"run `halfterm openapi`: {name} is behind"


def test_every_operation_says_what_it_does_and_how_it_fails() -> None:
    document = json.loads((FOLDER / "openapi.json").read_text())
    seen = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            assert operation.get("tags"), f"{method} {path} has no tag"
            assert operation.get("description") or operation.get("summary"), f"{method} {path} says nothing"
            if path.startswith("/v1/"):
                assert {"401", "403", "503"} <= set(operation["responses"]), f"{method} {path}"
                assert operation["security"]

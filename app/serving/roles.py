"""The passwords of application roles that we made ourselves, kept in `roles.json` of the data folder (mode 0600)."""

import json
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from app.schema import database_of, with_parts
from app.serving.faults import StartError

_BYTES = 24


def application_role(database: str) -> str:
    """The name of the application role that we make for a database."""
    return f"{database}_application"


def application_url(admin_url: str, data_dir: Path) -> str:
    """The URL of our own application role on an administrator's server, with a password that lasts.

    Raises StartError when the file of passwords cannot be read or written.
    """
    role = application_role(database_of(admin_url))
    server = urlsplit(admin_url).netloc.rpartition("@")[2] or "local"
    password = _kept_password(data_dir / "roles.json", f"{role}@{server}")
    return with_parts(admin_url, user=role, password=password)


def _kept_password(path: Path, name: str) -> str:
    try:
        kept = json.loads(path.read_text()) if path.exists() else {}
        if name not in kept:
            kept[name] = secrets.token_urlsafe(_BYTES)
            write_private(path, json.dumps(kept, indent=1, sort_keys=True))
        return str(kept[name])
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise StartError(f"The passwords in {path} cannot be read or written: {error}.") from error


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step by one that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)

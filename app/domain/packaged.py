"""The one way to read a CSV file that ships inside the package."""

import csv
from importlib import resources


def packaged_rows(file_name: str) -> list[dict[str, str]]:
    """Return the rows of `app/data/<file_name>`, each a mapping of column name to text.

    Raises FileNotFoundError when the package carries no such file.
    """
    text = resources.files("app.data").joinpath(file_name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))

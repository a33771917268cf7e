"""Conditions of a list, put together with their arguments. Texts are ours; only values come from a caller."""

from uuid import UUID


class Filters:
    """The conditions that follow `authority_id = $1`, and every argument from `$1` on."""

    def __init__(self, authority_id: UUID) -> None:
        self.arguments: list[object] = [authority_id]
        self.sql = ""

    def mark(self, value: object) -> str:
        """Take a value as an argument; its mark, such as `$3`."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def add(self, condition: str, *values: object) -> None:
        """Add a condition that names its values `{0}`, `{1}` ..."""
        self.sql += " AND " + condition.format(*(self.mark(value) for value in values))

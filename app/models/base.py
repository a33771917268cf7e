"""The metadata, the naming of constraints, and the two shapes of table: tenant and national."""

from enum import StrEnum
from typing import Any, Final, get_args

from sqlalchemy import Column, ForeignKeyConstraint, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import UserDefinedType

from app.models.policies import RowPolicy

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ROW_POLICIES: Final[dict[str, RowPolicy]] = {}
"""The row policy of every tenant table, by table name."""


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The DDL name."""
        return "xid8"


def uuid(name: str, *, nullable: bool = False) -> Column[Any]:
    """A UUID column."""
    return Column(name, UUID(as_uuid=True), nullable=nullable)


def tenant_table(name: str, *items: SchemaItem, policy: RowPolicy, key: tuple[str, ...] = ("id",)) -> Table:
    """A table whose every row belongs to one authority.

    `authority_id` leads the primary key, and so every foreign key to it, which leaves the data free to be partitioned
    or sharded by authority. `id` is added when the key asks for it.
    """
    columns: list[SchemaItem] = [uuid("authority_id")]
    if "id" in key:
        columns.append(uuid("id"))
    table = Table(
        name,
        metadata,
        *columns,
        *items,
        PrimaryKeyConstraint("authority_id", *key),
        *([ForeignKeyConstraint(["authority_id"], ["authority.id"])] if name != "authority" else []),
    )
    ROW_POLICIES[name] = policy
    return table


def one_of(column: str, words: Any) -> str:
    """Predicate: the column holds one of a Literal's words."""
    return f"{column} IN ({', '.join(repr(word) for word in get_args(words))})"


def words(column: str, listed: type[StrEnum]) -> str:
    """Predicate: the column holds one of the words of a closed list."""
    return f"{column} IN ({', '.join(repr(word.value) for word in listed)})"


def reference(target: str, *columns: str, to: tuple[str, ...] = ("id",), **options: Any) -> ForeignKeyConstraint:
    """A foreign key within the authority: `(authority_id, columns...)` to `target(authority_id, to...)`."""
    return ForeignKeyConstraint(
        ["authority_id", *columns], [f"{target}.authority_id", *(f"{target}.{column}" for column in to)], **options
    )


_PARTIES: Final = (
    "organisation_id",
    "provider_id",
    "school_id",
    "referring_organisation_id",
    "case_provider_id",
    "owed_by_id",
    "lot_id",
)


def statistics(table: Table) -> list[str]:
    """The DDL that tells the planner which columns of a table say its authority too.

    An organisation and a lot are of one authority. Taken as independent, a condition on both would seem to leave a
    handful of rows where it leaves thousands, and plans would read and sort a party's whole history for each page.
    """
    columns = [name for name in _PARTIES if name in table.c]
    if "authority_id" not in table.c or not columns:
        return []
    names = ", ".join(f'"{name}"' for name in ("authority_id", *columns))
    return [f'CREATE STATISTICS "st_{table.name}_parties" (dependencies) ON {names} FROM "{table.name}"']

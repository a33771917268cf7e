"""The database that is measured: durable, migrated, seeded, with the service's own roles."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from app import schema
from app.embedded import EmbeddedPostgres
from bench.seed import Seeded, seed

DATABASE = "halfterm_bench"
OWNER = "halfterm_bench_owner"
ROLES = schema.roles_for("halfterm_bench_app")
PASSWORD = "made-up"
_SEEDING: dict[str, str | int | bool] = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": 0,
}
_SHARED: dict[str, str | int | bool] = {"shared_buffers": "1GB", "max_wal_size": "8GB", "max_connections": 200}


@dataclass(frozen=True, slots=True)
class Ground:
    """URLs of one database as its three users."""

    admin_url: str

    @property
    def owner_url(self) -> str:
        """As the owner of the tables, whose row policy is `true`: what the bare scripts connect as."""
        return schema.with_parts(self.admin_url, user=OWNER, password=PASSWORD)

    @property
    def application_url(self) -> str:
        """As the service."""
        return schema.with_parts(self.admin_url, user=ROLES.application, password=PASSWORD)


@contextmanager
def open_ground(rows: int, given_url: str | None, data_dir: Path | None) -> Iterator[Ground]:
    """A seeded database: on the server of an administrator's URL, else embedded, in `data_dir` to be used again."""
    if given_url is not None:
        ground = Ground(schema.with_parts(given_url, database=f"{DATABASE}_{rows}"))
        asyncio.run(_fill(ground, rows))
        yield ground
        return
    with tempfile.TemporaryDirectory(prefix="halfterm-bench-") as folder:
        home = data_dir or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711)
        # Seeded without waiting for the disk, then started anew with durable commits.
        with EmbeddedPostgres(home, {**_SHARED, **_SEEDING}) as server:
            asyncio.run(_fill(_on(server, rows), rows))
        with EmbeddedPostgres(home, _SHARED) as server:
            yield _on(server, rows)


def _on(server: EmbeddedPostgres, rows: int) -> Ground:
    return Ground(schema.with_parts(server.admin_url, database=f"{DATABASE}_{rows}"))


async def _fill(ground: Ground, rows: int) -> None:
    await schema.provision(ground.admin_url, owner=OWNER, roles=ROLES, password=PASSWORD)
    await schema.migrate(ground.owner_url, ROLES)
    admin = await asyncpg.connect(ground.admin_url)
    try:
        present = await admin.fetchval("SELECT count(*) FROM referral") if await _seeded(admin) else 0
    finally:
        await admin.close()
    if present == 0:
        seeded: Seeded = await seed(ground.admin_url, rows)
        print(f"seeded {seeded.referrals:,} referrals ({seeded.rows:,} rows) in {seeded.seconds:.0f} s", flush=True)
    elif present != rows:
        raise SystemExit(f"The database holds {present} referrals and not {rows}: drop it, or name another folder.")


async def _seeded(admin: asyncpg.Connection) -> bool:
    return bool(await admin.fetchval("SELECT EXISTS (SELECT FROM authority)"))

"""The catalogue of a migrated database against the models: tables, columns, constraints, policies, grants."""

import re

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, pool
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.ext.asyncio import create_async_engine

from app import schema
from app.domain import vocabulary
from app.domain.referral import TRANSITIONS
from app.models import ROW_POLICIES, metadata
from app.models.base import statistics
from app.models.functions import FUNCTIONS
from app.models.policies import APPEND_ONLY, parts
from app.schema import sqlalchemy_url
from tests.conftest import Template


@pytest.fixture
async def owner(template: Template):
    connection = await asyncpg.connect(template.url(template.owner))
    yield connection
    await connection.close()


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
async def test_the_models_are_the_migrations(template: Template) -> None:
    engine = create_async_engine(sqlalchemy_url(template.url(template.owner)), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), metadata)
        )
    await engine.dispose()
    assert differences == []


async def test_every_named_constraint_stands_in_the_catalogue_and_the_reverse(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT conname, contype FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace"
        " WHERE n.nspname = 'public' AND contype IN ('c', 'x', 'f', 'u', 'p') "
        " AND conrelid <> 'alembic_version'::regclass"
    )
    catalogue = {row["conname"] for row in rows}
    from sqlalchemy.dialects import postgresql

    preparer = postgresql.dialect().identifier_preparer
    models = {
        preparer.format_constraint(constraint)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint | ExcludeConstraint) or constraint.name
    }
    assert {name.strip('"') for name in models} == catalogue


async def test_the_functions_are_the_migrations(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT p.proname, p.prosrc, p.prosecdef, p.proacl::text AS acl FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    assert {row["proname"] for row in rows} == set(FUNCTIONS)
    for row in rows:
        assert row["prosrc"] in FUNCTIONS[row["proname"]], row["proname"]
        assert not row["prosecdef"], "a function runs as its caller, under row policy"
        assert not re.search(r"[{,]=", row["acl"]), "the public may not call it"


def test_there_is_one_head(template: Template) -> None:
    script = ScriptDirectory.from_config(schema.alembic_config(template.url(), template.roles))
    assert len(script.get_heads()) == 1


async def test_up_down_up(template: Template) -> None:
    import asyncio

    name = await template.clone()
    config = schema.alembic_config(template.url(template.owner, name), template.roles)
    await asyncio.to_thread(command.downgrade, config, "base")
    connection = await asyncpg.connect(template.url(template.owner, name))
    left = await connection.fetchval(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    await connection.close()
    assert left == 0
    await asyncio.to_thread(command.upgrade, config, "head")
    await template.drop_clone(name)


async def test_every_tenant_table_has_a_forced_policy_and_its_authority_leads_its_key(
    owner: asyncpg.Connection,
) -> None:
    rows = await owner.fetch(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND relkind = 'r'"
    )
    forced = {row["relname"] for row in rows if row["relrowsecurity"] and row["relforcerowsecurity"]}
    tenant = {name for name, table in metadata.tables.items() if "authority_id" in table.c} | {"authority"}
    assert forced == tenant == set(ROW_POLICIES)
    for name in tenant - {"authority"}:
        assert next(iter(metadata.tables[name].primary_key.columns)).name == "authority_id", name
        for key in metadata.tables[name].foreign_key_constraints:
            if key.referred_table.name in tenant - {"authority"}:
                assert key.column_keys[0] == "authority_id", f"{name}: {key.name}"


async def test_every_policy_is_the_models(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'")
    names = {row["policyname"] for row in rows}
    wanted = {f"{table}_{part}" for table, policy in ROW_POLICIES.items() for part in ("owner", *parts(policy))}
    assert wanted <= names
    assert {name for name in names - wanted if "_worker" not in name} == set()


async def test_every_policy_says_what_the_models_say(owner: asyncpg.Connection, template: Template) -> None:
    """Each policy is made again from the models beside the migrated one: PostgreSQL then prints both alike."""
    transaction = owner.transaction()
    await transaction.start()
    try:
        for table, policy in ROW_POLICIES.items():
            for part, clause in parts(policy).items():
                made = clause.format(role=template.roles.application)
                await owner.execute(f'CREATE POLICY "again_{table}_{part}" ON "{table}" {made}')
        rows = await owner.fetch(
            "SELECT policyname, cmd, roles::text, qual, with_check FROM pg_policies WHERE schemaname = 'public'"
        )
        said = {row["policyname"]: tuple(row)[1:] for row in rows}
        stale = [name for name in said if f"again_{name}" in said and said[name] != said[f"again_{name}"]]
        assert stale == []
    finally:
        await transaction.rollback()


async def test_a_connection_without_context_sees_no_row_of_any_table(template: Template) -> None:
    connection = await asyncpg.connect(template.url(template.roles.application))
    try:
        for table in ROW_POLICIES:
            assert await connection.fetchval(f'SELECT count(*) FROM "{table}"') == 0
    finally:
        await connection.close()


async def test_the_application_role_adds_to_the_record_and_never_changes_it(template: Template) -> None:
    connection = await asyncpg.connect(template.url(template.roles.application))
    try:
        for table in APPEND_ONLY:
            for statement in (f'DELETE FROM "{table}"', f'UPDATE "{table}" SET authority_id = authority_id'):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_worker_role_reads_that_something_happened_and_never_what(template: Template) -> None:
    connection = await asyncpg.connect(template.url(template.roles.application))
    try:
        await connection.execute(f'SET ROLE "{template.roles.worker}"')
        await connection.fetch("SELECT authority_id, organisation_id, xid, seq FROM event_audience")
        for statement in ("SELECT * FROM event", "SELECT * FROM referral", "SELECT event_id FROM event_audience"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_database_holds_the_same_moves(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch("SELECT from_state, to_state, event_type FROM referral_transition")
    assert {tuple(row) for row in rows} == {(str(move.source), str(move.target), move.event) for move in TRANSITIONS}


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("ck_offer_decline_reason", vocabulary.DeclineReason),
        ("ck_referral_outcome", vocabulary.ClosureOutcome),
        ("ck_referral_agreement_status", vocabulary.AgreementStatus),
        ("ck_intervention_contact_result", vocabulary.ContactResult),
    ],
)
async def test_the_database_checks_the_same_words(owner: asyncpg.Connection, constraint: str, words) -> None:
    definition = await owner.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", constraint
    )
    assert set(re.findall(r"'([a-z_]+)'::text", definition)) == {word.value for word in words}


async def test_the_planner_knows_that_a_party_is_of_one_authority(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch("SELECT stxname FROM pg_statistic_ext WHERE stxnamespace = 'public'::regnamespace")
    assert {row["stxname"] for row in rows} == {
        f"st_{table.name}_parties" for table in metadata.sorted_tables if statistics(table)
    }

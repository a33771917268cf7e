"""The small commands of `halfterm`, run as a person runs them, and what they rest on."""

import asyncio
import copy
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from app import schema
from app.cli import app
from app.commands import documents
from app.commands.openapi_check import openapi_faults
from app.domain.referral_facts import referral_faults, referral_warnings
from app.http.signing_keys import SigningKeys
from app.routers.schemas.referrals import ReferralIn
from app.serving.databases import Access
from app.serving.demo import example_referral
from app.serving.roles import application_url
from tests.conftest import Template

Run = Callable[..., Result]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "PORT", "SIGNING_KEYS_FILE"):
        monkeypatch.delenv(f"HALFTERM_{name}", raising=False)
    monkeypatch.setenv("HALFTERM_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(data_dir: Path) -> Run:
    """A command line in this process, on the settings of the test."""

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    return invoke


@pytest.fixture
def migrated(template: Template, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A migrated database that the commands use; its owner's URL."""
    name = asyncio.run(template.clone())
    monkeypatch.setenv("HALFTERM_DATABASE_URL", template.url(template.roles.application, name))
    monkeypatch.setenv("HALFTERM_OWNER_DATABASE_URL", template.url(template.owner, name))
    yield template.url(template.owner, name)
    asyncio.run(template.drop_clone(name))


def rows(url: str, sql: str) -> list[asyncpg.Record]:
    async def ask() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_authority_and_clients_are_made_and_the_secret_is_told_once(run: Run, migrated: str) -> None:
    founded = run("authority", "create", "926")
    assert founded.exit_code == 0, founded.stderr
    assert founded.stdout.startswith("Norfolk: ")
    twice = run("authority", "create", "926")
    assert twice.exit_code == 1
    assert "already" in twice.stderr

    for known_as in ("926", "norfolk", founded.stdout.split()[1]):
        made = run("client", "create", "--authority", known_as, "--scopes", "supply.read, admin")
        assert made.exit_code == 0, made.stderr
        assert "Norfolk (authority): admin supply.read" in made.stdout
    secret = re.search(r"^client_secret (hts_\S+)$", made.stdout, re.MULTILINE)
    assert secret is not None
    kept = rows(migrated, "SELECT encode(digest, 'escape') AS digest FROM client_secret")
    assert len(kept) == 3
    assert all(secret[1] not in row["digest"] for row in kept)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("authority", "create", "777"), "not the DfE code"),
        (("client", "create", "--authority", "777"), "no authority called 777"),
        (("client", "create", "--authority", "926", "--organisation", "Nobody"), "no organisation called Nobody"),
        (("client", "create", "--authority", "926", "--scopes", "referrals.write,fly"), "fly"),
    ],
)
def test_what_cannot_be_made_is_told_in_a_sentence(
    run: Run, migrated: str, arguments: tuple[str, ...], sentence: str
) -> None:
    run("authority", "create", "926")
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert sentence in refused.stderr
    assert rows(migrated, "SELECT 1 FROM client") == []


def test_schools_are_imported_with_a_report_of_what_was_left_out(run: Run, migrated: str, tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    header = "urn,laestab,la_code,la_name,name,status,phase,type,source\n"
    good = "900301,9992301,999,Made up,One,open,primary,Community school,test\n"
    file.write_text(header + good + "9,9992302,999,Made up,Two,open,primary,Community school,test\n")
    done = run("schools", "import", str(file))
    assert done.exit_code == 0, done.stderr
    assert "1 schools read: 1 new, 0 changed, 0 as before; 0 others marked closed; 1 rows left out" in done.stdout
    assert "line 3, urn: '9' is not a number of 6 digits." in done.stderr
    assert [row["urn"] for row in rows(migrated, "SELECT urn FROM school_register")] == ["900301"]

    file.write_text(header)
    nothing = run("schools", "import", str(file))
    assert nothing.exit_code == 1
    assert "0 schools read" in nothing.stdout
    file.write_text("colour,shape\nred,round\n")
    unknown = run("schools", "import", str(file))
    assert unknown.exit_code == 1
    assert not isinstance(unknown.exception, AssertionError)
    assert rows(migrated, "SELECT count(*) AS n FROM school_register")[0]["n"] == 1


def test_import_without_the_owner_says_whose_table_it_is(
    run: Run, migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HALFTERM_OWNER_DATABASE_URL")
    file = tmp_path / "register.csv"
    file.write_text("urn\n")
    refused = run("schools", "import", str(file))
    assert refused.exit_code == 1
    assert "HALFTERM_OWNER_DATABASE_URL" in refused.stderr


def test_keys_are_rotated_and_only_one_that_no_longer_signs_is_retired(run: Run, data_dir: Path) -> None:
    missing = run("keys", "rotate")
    assert missing.exit_code == 1
    assert "halfterm serve" in missing.stderr
    path = data_dir / "signing-keys.json"
    before = SigningKeys(path).ring().signing.kid
    assert run("keys", "rotate").exit_code == 0
    after = SigningKeys(path).ring().signing.kid
    assert after != before
    assert run("keys", "retire", str(after)).exit_code == 1
    assert run("keys", "retire", str(before)).exit_code == 0
    assert set(SigningKeys(path).ring().verifying) == {after}
    unknown = run("keys", "retire", "-x3GSR1NdX6dKfOVEMfzz9nD")
    assert unknown.exit_code == 1, "an id that begins with a hyphen is read as one"


def test_settings_that_are_not_right_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALFTERM_PORT", "99999")
    for url, sentence in (("mysql://a@b/c", "postgresql://"), ("postgresql:///c", "names no user")):
        monkeypatch.setenv("HALFTERM_PORT", "8000")
        monkeypatch.setenv("HALFTERM_DATABASE_URL", url)
        refused = run("migrate")
        assert refused.exit_code == 1
        assert sentence in refused.stderr
    monkeypatch.setenv("HALFTERM_PORT", "99999")
    refused = run("migrate")
    assert refused.exit_code == 1
    assert "HALFTERM_PORT" in refused.stderr


def test_generated_documents_are_written_once_and_a_change_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "generated", lambda: {"openapi.json": documents.json_text(SOUND)})
    assert [path.name for path in documents.write(tmp_path)] == ["openapi.json"]
    assert documents.write(tmp_path) == []
    assert list(documents.faults(tmp_path)) == []
    (tmp_path / "openapi.json").write_text(documents.json_text(SOUND).replace("Things", "Other things"))
    first, *difference = documents.faults(tmp_path)
    assert first.startswith("openapi.json is not what the code generates")
    assert any(line.startswith("+") and "Things" in line for line in difference)


def test_the_services_own_description_is_sound_and_the_same_every_time() -> None:
    document = documents.openapi_document()
    assert list(openapi_faults(document)) == []
    assert documents.json_text(document) == documents.json_text(documents.openapi_document())
    assert "/v1/sandbox/advance" in document["paths"], "the sandbox's routes are described too"


SOUND: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things/{id}": {
            "get": {
                "operationId": "get_thing",
                "security": [{"oauth": []}],
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "The thing.",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Thing"},
                                "examples": {"one": {"value": {"name": "a"}}},
                            }
                        },
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {"Thing": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}}},
        "securitySchemes": {"oauth": {"type": "http", "scheme": "bearer"}},
    },
}
OPERATION = ("paths", "/things/{id}", "get")


def changed(path: tuple[str, ...], value: object) -> dict[str, Any]:
    document = copy.deepcopy(SOUND)
    place: Any = document
    for step in path[:-1]:
        place = place[int(step) if isinstance(place, list) else step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("openapi",), "3.0.3", "OpenAPI 3.1"),
        (("info", "title"), "", "title"),
        (("components", "schemas", "Thing"), None, "leads nowhere"),
        (("components", "schemas", "Thing", "type"), "thing", "no JSON Schema"),
        (("components", "securitySchemes", "oauth"), None, "oauth is not described"),
        ((*OPERATION, "operationId"), None, "operationId"),
        ((*OPERATION, "parameters"), None, "the path names ['id']"),
        ((*OPERATION, "parameters", "0", "schema"), None, "has no schema"),
        ((*OPERATION, "parameters", "0", "required"), None, "must be required"),
        ((*OPERATION, "responses"), {}, "no responses"),
        ((*OPERATION, "responses", "200", "description"), None, "no description"),
        ((*OPERATION, "responses", "ok"), {"description": "x"}, "ok is no status"),
        ((*OPERATION, "requestBody"), {"content": {}}, "no content"),
        (
            (*OPERATION, "responses", "200", "content", "application/json", "examples", "one", "value"),
            {"name": "too long"},
            "the example one is not right at $.name",
        ),
    ],
)
def test_each_way_of_being_unsound_is_found(path: tuple[str, ...], value: object, sentence: str) -> None:
    assert list(openapi_faults(SOUND)) == []
    assert any(sentence in fault for fault in openapi_faults(changed(path, value)))


def test_the_referral_to_try_is_right_on_every_day_of_a_year() -> None:
    for days in range(0, 366, 5):
        today = date(2026, 8, 20) + timedelta(days=days)
        facts = ReferralIn.model_validate(json.loads(json.dumps(example_referral(today)))).model_dump()
        assert referral_faults(facts, today) == [], today
        assert referral_warnings(facts, today) == [], today


def test_our_own_application_role_keeps_its_password_and_the_owners_is_never_told(tmp_path: Path) -> None:
    admin = "postgresql://postgres:s%40cret@db.example:5433/halfterm"
    url = application_url(admin, tmp_path)
    assert schema.user_of(url) == "halfterm_application"
    assert application_url(admin, tmp_path) == url
    elsewhere = application_url(admin.replace("db.example", "other.example"), tmp_path)
    assert schema.password_of(elsewhere) != schema.password_of(url)
    where = Access(url, admin, admin, None).where
    assert where == "database halfterm on db.example:5433"


@pytest.mark.parametrize("password", ["plain", "it's", "back\\slash", "'; DROP TABLE pupil; --", "\\'", "snow\u2603"])
def test_a_password_is_one_literal_whatever_is_in_it(server_url: str, password: str) -> None:
    assert rows(server_url, f"SELECT {schema._literal(password)} AS word")[0]["word"] == password

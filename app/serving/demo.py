"""The sandbox authority with a client of each kind, and a referral to try."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from app import clock
from app.access import GRANTABLE, Kind, Principal
from app.db import Database
from app.domain.academic_year import academic_year_start
from app.errors import InvalidClient
from app.http.access_tokens import issue
from app.http.signing_keys import SigningKeys
from app.queries.authorities import one_of_each_kind
from app.queries.writes import Writes
from app.services.authorities import KnownOrganisation
from app.services.clients import create_client, sign_in
from app.serving.roles import write_private
from app.settings import Settings
from app.simulation.authority import ensure_sandbox

Credentials = tuple[UUID, str]
_YEAR_7_AGE: Final = 11


@dataclass(frozen=True, slots=True)
class DemoClient:
    """Credentials of one organisation of the sandbox, with a token that works at once."""

    kind: str
    organisation: str
    client_id: str
    secret: str
    token: str


@dataclass(frozen=True, slots=True)
class Demo:
    """What a person tries the service with."""

    clients: dict[str, DemoClient]
    referral_file: Path


async def prepare_demo(database: Database, settings: Settings) -> Demo:
    """The sandbox authority and its demonstration clients, made on first use and kept in the data folder."""
    today = clock.london_date(clock.real_now())
    officer = await ensure_sandbox(database, today)
    kept = settings.data_dir / "demo-clients.json"
    known = _read(kept)
    clients: dict[str, DemoClient] = {}
    async with database.read(officer) as session:
        rows = await one_of_each_kind(session)
    keys = SigningKeys(settings.keys_path)
    for row in rows:
        organisation = KnownOrganisation(row["id"], Kind(row["kind"]), row["name"])
        credentials = known.get(organisation.kind.value)
        principal = await _principal(database, credentials) if credentials else None
        if credentials is None or principal is None:
            credentials = await _new_client(database, officer, organisation)
            principal = await sign_in(database, *credentials, None)
        token = _token(settings, keys, principal)
        clients[organisation.kind.value] = DemoClient(
            organisation.kind.value, organisation.name, str(credentials[0]), credentials[1], token
        )
    write_private(kept, json.dumps({kind: [one.client_id, one.secret] for kind, one in clients.items()}, indent=1))
    return Demo(clients, _referral_file(settings.data_dir, today))


def example_referral(today: date) -> dict[str, Any]:
    """A referral of a made-up Year 7 pupil, right on any date."""
    start_year = academic_year_start(today)
    agreed_on = (today - timedelta(days=2)).isoformat()
    return {
        "sender_reference": "TRY-1",
        "pupil": {
            "upn": "J926999924001",
            "mis_id": "P-1042",
            "given_name": "Robin",
            "family_name": "Sampleton",
            "date_of_birth": date(start_year - _YEAR_7_AGE - 1, 11, 9).isoformat(),
            "year_group": "7",
            "first_language": "ENG",
            "free_school_meals": True,
        },
        "contacts": [
            {
                "name": "Alex Sampleton",
                "relationship": "mother",
                "parental_responsibility": True,
                "lives_with_child": True,
                "phones": ["01632 960123"],
            }
        ],
        "safe_contact": {"channels": ["phone_call"], "safe_times": "after 16:00", "voicemail_allowed": False},
        "referrer": {"name": "Sam Testwell", "role": "Attendance lead", "email": "s.testwell@school.example"},
        "agreement": {
            "status": "given",
            "given_by": "Alex Sampleton",
            "parental_responsibility": True,
            "how": "in_person",
            "agreed_on": agreed_on,
        },
        "lawful_basis": {
            "purpose": "Early help for the family",
            "basis": "public_task",
            "told_by": "Sam Testwell",
            "told_on": agreed_on,
        },
        "immediate_danger": False,
        "safeguarding": {"designated_lead": "Jo Exemplar"},
        "needs": [{"code": "attendance", "about": "child", "words": "Mornings are hard since the move."}],
        "attendance": {
            "from_on": (today - timedelta(days=42)).isoformat(),
            "to_on": (today - timedelta(days=3)).isoformat(),
            "sessions_possible": 50,
            "sessions_attended": 36,
            "sessions_authorised": 5,
            "sessions_unauthorised": 9,
        },
        "band": "P2",
        "language": "ENG",
        "modes": ["home", "school"],
        "child_view": "I like art. I would like mornings to be calmer.",
    }


async def _principal(database: Database, credentials: Credentials) -> Principal | None:
    """Who signs in with credentials of an earlier start; None when the database is not the one they were made in."""
    try:
        return await sign_in(database, *credentials, None)
    except InvalidClient:
        return None


async def _new_client(database: Database, officer: Principal, organisation: KnownOrganisation) -> Credentials:
    async with database.write(officer) as session:
        made = await create_client(
            session,
            Writes(),
            organisation_id=organisation.id,
            name="Demonstration",
            scopes=GRANTABLE[organisation.kind],
        )
    return made.client["id"], made.secret


def _token(settings: Settings, keys: SigningKeys, principal: Principal) -> str:
    return issue(
        keys,
        issuer=settings.base_url,
        audience=settings.base_url,
        client_id=str(principal.client_id),
        organisation_id=principal.organisation_id,
        authority_id=principal.authority_id,
        organisation_kind=principal.kind.value,
        scopes=frozenset(scope.value for scope in principal.scopes),
        now=clock.real_now(),
        lifetime_seconds=settings.token_lifetime_seconds,
    )


def _read(path: Path) -> dict[str, Credentials]:
    """The credentials kept by an earlier start; none where the file is missing or damaged: new ones are made."""
    try:
        return {str(kind): (UUID(pair[0]), str(pair[1])) for kind, pair in json.loads(path.read_text()).items()}
    except (FileNotFoundError, ValueError, AttributeError, IndexError, TypeError, KeyError):
        return {}


def _referral_file(data_dir: Path, today: date) -> Path:
    """The referral to try. Written once: the same body sent again with its key gets the same answer."""
    path = data_dir / "referral.json"
    if not path.exists():
        path.write_text(json.dumps(example_referral(today), indent=2) + "\n")
    return path

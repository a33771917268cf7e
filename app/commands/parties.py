"""`halfterm authority create` and `halfterm client create`: who may use the service."""

from datetime import datetime

from app.access import GRANTABLE, Kind, Scope
from app.commands.database import application_database
from app.domain.local_authorities import local_authorities
from app.errors import AlreadyExists, FieldFault, Invalid, NotFound
from app.queries.writes import Writes
from app.services.authorities import KnownOrganisation, find_authority, find_organisation
from app.services.authority import Founding, found_authority
from app.services.clients import ClientWithSecret, create_client
from app.serving.databases import Access
from app.settings import Settings


async def create_authority(
    access: Access,
    settings: Settings,
    *,
    la_code: str,
    name: str | None,
    sandbox: bool,
    starts_at: datetime | None = None,
) -> tuple[str, str]:
    """Found an authority; its id and name. The name and ONS code of an English authority are known by its code.

    `starts_at` is the business moment, aware, at which a sandbox's clock starts. Raises Invalid for an unknown code
    without a name and for a clock that is not a sandbox's, and AlreadyExists for a code that is there.
    """
    if starts_at is not None and not (sandbox and starts_at.tzinfo):
        raise Invalid("Only a sandbox's clock can start at another time than now, stated with its offset from UTC.")
    known = local_authorities().get(la_code)
    if known is None and not name:
        raise Invalid(f"{la_code} is not the DfE code of an English authority: give its name with --name.")
    title = name or (known.name if known else "")
    async with application_database(access, settings) as database:
        if await find_authority(database, la_code) is not None:
            raise AlreadyExists(f"There is an authority with the code {la_code} already.")
        founding = Founding(
            name=title,
            la_code=la_code,
            gss_code=known.gss_code if known else None,
            sandbox=sandbox,
            starts_at=starts_at,
        )
        officer = await found_authority(database, founding)
    return str(officer.authority_id), title


async def create_party_client(
    access: Access, settings: Settings, *, authority: str, organisation: str | None, scopes: list[str], name: str
) -> tuple[KnownOrganisation, ClientWithSecret]:
    """Make a client of an organisation (the authority itself unless named) with a secret that is shown once.

    No scopes: all that the organisation's kind can use. Raises NotFound and Invalid.
    """
    async with application_database(access, settings) as database:
        officer = await find_authority(database, authority)
        if officer is None:
            raise NotFound(f"There is no authority called {authority}: give its id, DfE code or name.")
        async with database.write(officer) as session:
            party = await find_organisation(session, organisation)
            wanted = _scopes(scopes, party.kind) if scopes else GRANTABLE[party.kind]
            made = await create_client(session, Writes(), organisation_id=party.id, name=name, scopes=wanted)
    return party, made


def _scopes(words: list[str], kind: Kind) -> frozenset[Scope]:
    """Scopes as typed: separated by commas or spaces, in one option or several."""
    typed = {word for words_of_one in words for word in words_of_one.replace(",", " ").split()}
    unknown = sorted(typed - {scope.value for scope in GRANTABLE[kind]})
    if unknown:
        allowed = ", ".join(sorted(GRANTABLE[kind]))
        sentence = f"{', '.join(unknown)}: no scope for a {kind}. Choose among: {allowed}."
        raise Invalid(sentence, errors=[FieldFault("/scopes", "scope_not_grantable", sentence)])
    return frozenset(Scope(word) for word in typed)

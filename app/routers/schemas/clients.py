"""Machine credentials over the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.access import Kind, Scope
from app.routers.schemas.base import In, Out, ShortText

_CLIENT: dict[str, Any] = {
    "id": "019352a4-8c00-7000-8000-000000000001",
    "organisation_id": "019352a4-8c00-7000-8000-000000000002",
    "organisation_name": "Fernbank Primary (made up)",
    "organisation_kind": "school",
    "name": "School MIS",
    "scopes": ["referrals.read", "referrals.write"],
    "created_at": "2026-11-22T09:30:00Z",
    "revoked_at": None,
    "version": 1,
    "secrets": [{"created_at": "2026-11-22T09:30:00Z", "expires_at": None}],
}
_MAX_OVERLAP_SECONDS = 30 * 24 * 3600


class ClientIn(In):
    """A client to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{name: _CLIENT[name] for name in ("organisation_id", "name", "scopes")}]}
    )

    organisation_id: UUID = Field(description="The organisation that the client acts for, and no other.")
    name: ShortText = Field(description="What the client is, in words: shown in lists.")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] = Field(
        description="The most that its tokens may be granted. Each must be of use to this kind of organisation."
    )


class RotationIn(In):
    """How a secret is changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_seconds": 86_400}]})

    overlap_seconds: int = Field(
        86_400,
        strict=True,
        ge=0,
        le=_MAX_OVERLAP_SECONDS,
        description="How long the present secret still works beside the new one. 0 ends it at once (a leak).",
    )


class SecretOut(Out):
    """A live secret: its times only. The secret itself is shown once, when it is made."""

    created_at: datetime
    expires_at: datetime | None = Field(description="When it stops working; null for the newest.")


class ClientOut(Out):
    """A client, without its secrets."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CLIENT]})

    id: UUID = Field(description="The `client_id` for `POST /oauth/token`.")
    organisation_id: UUID
    organisation_name: str = Field(max_length=200)
    organisation_kind: Kind
    name: str = Field(max_length=200)
    scopes: list[Scope] = Field(max_length=50)
    created_at: datetime
    revoked_at: datetime | None = Field(description="From then on it gets no token.")
    version: int = Field(ge=1)
    secrets: list[SecretOut] = Field(max_length=2, description="Its live secrets, oldest first: two in a rotation.")


class ClientWithSecretOut(ClientOut):
    """A client and its new secret."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [_CLIENT | {"client_secret": "hts_made-up-secret-for-this-example"}]}
    )

    client_secret: str | None = Field(
        max_length=200,
        description=(
            "Shown in this answer and never again: keep it now. Null when a retry with the same Idempotency-Key is "
            "answered, because the service itself does not keep it; rotate if the first answer was lost."
        ),
    )


class ClientPage(Out):
    """A page of clients."""

    data: list[ClientOut] = Field(max_length=200)
    next_cursor: str | None = Field(max_length=1024, description="Send it as `cursor` for the next page.")

"""The audit trail over the wire."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from app.routers.schemas.base import Out


class AuditEntryOut(Out):
    """Who read or changed what. Names of fields, never their values."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019352a4-8c00-7000-8000-000000000009",
                    "recorded_at": "2026-11-22T09:30:00Z",
                    "organisation_id": "019352a4-8c00-7000-8000-000000000002",
                    "client_id": "019352a4-8c00-7000-8000-000000000001",
                    "action": "get_referral",
                    "subject_kind": "referral",
                    "subject_id": "019352a4-8c00-7000-8000-000000000007",
                    "fields": ["family_name", "upn"],
                    "request_id": "d2f7c1e0a9b84c11",
                }
            ]
        }
    )

    id: UUID
    recorded_at: datetime = Field(description="Real time, also in a sandbox whose business time was moved.")
    organisation_id: UUID = Field(description="The organisation on whose behalf it was done.")
    client_id: UUID = Field(description="The client that did it; the zero UUID is the operator's command line.")
    action: str = Field(max_length=64, description="The operation, by its operationId.")
    subject_kind: str = Field(max_length=64)
    subject_id: UUID | None = Field(description="Null for a list or a search.")
    fields: list[str] = Field(max_length=200)
    request_id: str = Field(max_length=64, description="The `X-Request-Id` of the request.")


class AuditPage(Out):
    """A page of the audit trail, newest first."""

    data: list[AuditEntryOut] = Field(max_length=200)
    next_cursor: str | None = Field(max_length=1024, description="Send it as `cursor` for the next, older page.")

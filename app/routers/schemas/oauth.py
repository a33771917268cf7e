"""The token endpoint's form and answers (RFC 6749), and the two discovery documents."""

from typing import Any, Final, Literal

from pydantic import Field

from app.access import Scope
from app.http.token_requests import FORM
from app.routers.schemas.base import Out

_EXAMPLE_CLIENT: Final = "019352a4-8c00-7000-8000-000000000001"
_EXAMPLE_SECRET: Final = "hts_made-up-secret-for-this-example"  # noqa: S105 - an example in the documents

TOKEN_FORM: Final[dict[str, Any]] = {
    "required": True,
    "description": "A form. Send the client id and secret by HTTP Basic (preferred) or as two fields, not both.",
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "title": "TokenRequest",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"type": "string", "enum": ["client_credentials"], "maxLength": 64},
                    "scope": {
                        "type": "string",
                        "maxLength": 1000,
                        "description": "The scopes wanted, with a space between two. Left out: all of the client's.",
                    },
                    "client_id": {"type": "string", "maxLength": 64, "description": "Without HTTP Basic: the id."},
                    "client_secret": {
                        "type": "string",
                        "maxLength": 200,
                        "format": "password",
                        "description": "Without HTTP Basic: the secret.",
                    },
                    "resource": {
                        "type": "string",
                        "maxLength": 500,
                        "description": "What the token is for (RFC 8707): this service's own URL, or nothing.",
                    },
                },
            },
            "examples": {
                "basic": {
                    "summary": "With HTTP Basic",
                    "value": {"grant_type": "client_credentials", "scope": "referrals.read referrals.write"},
                },
                "body": {
                    "summary": "With the secret in the body",
                    "value": {
                        "grant_type": "client_credentials",
                        "client_id": _EXAMPLE_CLIENT,
                        "client_secret": _EXAMPLE_SECRET,
                    },
                },
            },
        }
    },
}


class TokenOut(Out):
    """An access token (RFC 6749, section 5.1)."""

    access_token: str = Field(
        max_length=4096, description="A signed JWT (RFC 9068). Send it as `Authorization: Bearer <token>`."
    )
    token_type: Literal["Bearer"]
    expires_in: int = Field(ge=1, le=3600, description="Seconds until the token ends. There is no refresh: ask anew.")
    scope: str = Field(max_length=1000, description="The scopes granted, with a space between two.")


class TokenErrorOut(Out):
    """A refusal of the token endpoint (RFC 6749, section 5.2)."""

    error: Literal[
        "invalid_request",
        "invalid_client",
        "invalid_scope",
        "invalid_target",
        "unsupported_grant_type",
        "temporarily_unavailable",
    ]
    error_description: str = Field(max_length=500, description="One plain sentence for a developer.")


class AuthorizationServerOut(Out):
    """Authorization server metadata (RFC 8414)."""

    issuer: str = Field(max_length=500)
    token_endpoint: str = Field(max_length=500)
    jwks_uri: str = Field(max_length=500)
    service_documentation: str = Field(max_length=500)
    grant_types_supported: list[str] = Field(max_length=10)
    response_types_supported: list[str] = Field(max_length=10, description="Empty: no one signs in by browser.")
    token_endpoint_auth_methods_supported: list[str] = Field(max_length=10)
    scopes_supported: list[Scope] = Field(max_length=50)


class PublicKeyOut(Out):
    """One public RSA key (RFC 7517)."""

    kty: Literal["RSA"]
    kid: str = Field(max_length=100)
    use: Literal["sig"]
    alg: Literal["RS256"]
    n: str = Field(max_length=2000)
    e: str = Field(max_length=20)


class PublicKeysOut(Out):
    """The keys that verify access tokens, newest first (RFC 7517)."""

    keys: list[PublicKeyOut] = Field(max_length=50)

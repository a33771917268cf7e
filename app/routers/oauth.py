"""Signing in: the token endpoint (RFC 6749, client credentials) and the documents that describe it."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import clock
from app.access import Principal, Scope
from app.errors import HalftermError, InvalidClient, TokenRequestRejected, TooManyRequests
from app.http.access_tokens import issue
from app.http.answers import JSON, to_bytes
from app.http.problems import problem_response
from app.http.runtime import Runtime, runtime_of
from app.http.token_requests import GRANT, TokenRequest, read_token_request
from app.routers.schemas.oauth import (
    TOKEN_FORM,
    AuthorizationServerOut,
    PublicKeysOut,
    TokenErrorOut,
    TokenOut,
)
from app.services.clients import sign_in

router = APIRouter(tags=["sign-in"])

_NOT_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_KEPT_A_WHILE: Final = {"Cache-Control": "public, max-age=300"}


@router.post(
    "/oauth/token",
    operation_id="get_token",
    response_model=TokenOut,
    responses={
        400: {"model": TokenErrorOut, "description": "The request is not right: see `error`."},
        401: {"model": TokenErrorOut, "description": "The client id and secret are not right."},
        429: {"model": TokenErrorOut, "description": "Too many sign-ins failed: wait as long as `Retry-After` says."},
    },
    openapi_extra={"requestBody": TOKEN_FORM, "security": [{"client": []}, {}]},
)
async def get_token(request: Request) -> Response:
    """Get an access token with a client id and secret (OAuth 2.0 client credentials).

    The token acts for the one organisation that the client belongs to. Keep it and use it until it ends: asking for a
    token with every call is slow. Refusals have the shape of RFC 6749, section 5.2.
    """
    runtime = runtime_of(request)
    try:
        asked = await read_token_request(request, audience=runtime.settings.base_url)
        principal = await _signed_in(request, runtime, asked)
    except (InvalidClient, TokenRequestRejected, TooManyRequests) as refusal:
        return _refused(refusal)
    return Response(to_bytes(_token(runtime, principal)), 200, _NOT_KEPT, JSON)


@router.get(
    "/.well-known/oauth-authorization-server",
    operation_id="get_authorization_server",
    response_model=AuthorizationServerOut,
)
async def get_authorization_server(request: Request) -> Response:
    """Where and how to sign in, for OAuth libraries (RFC 8414)."""
    base = runtime_of(request).settings.base_url
    document = AuthorizationServerOut(
        issuer=base,
        token_endpoint=f"{base}/oauth/token",
        jwks_uri=f"{base}/.well-known/jwks.json",
        service_documentation=f"{base}/docs",
        grant_types_supported=[GRANT],
        response_types_supported=[],
        token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
        scopes_supported=list(Scope),
    )
    return Response(to_bytes(document), 200, _KEPT_A_WHILE, JSON)


@router.get("/.well-known/jwks.json", operation_id="get_public_keys", response_model=PublicKeysOut)
async def get_public_keys(request: Request) -> Response:
    """The public keys that verify access tokens (RFC 7517). A rotation adds one: look again on an unknown `kid`."""
    return Response(to_bytes(runtime_of(request).keys.public_jwks()), 200, _KEPT_A_WHILE, JSON)


async def _signed_in(request: Request, runtime: Runtime, asked: TokenRequest) -> Principal:
    address = request.client.host if request.client else None
    runtime.sign_ins.check(address, asked.client_id)
    try:
        return await sign_in(runtime.database, asked.client_id, asked.client_secret, asked.scopes)
    except InvalidClient:
        runtime.sign_ins.failed(address, asked.client_id)
        raise


def _token(runtime: Runtime, principal: Principal) -> TokenOut:
    settings = runtime.settings
    scopes = sorted(scope.value for scope in principal.scopes)
    token = issue(
        runtime.keys,
        issuer=settings.base_url,
        audience=settings.base_url,
        client_id=str(principal.client_id),
        organisation_id=principal.organisation_id,
        authority_id=principal.authority_id,
        organisation_kind=principal.kind.value,
        scopes=frozenset(scopes),
        now=clock.real_now(),
        lifetime_seconds=settings.token_lifetime_seconds,
    )
    return TokenOut(
        access_token=token,
        token_type="Bearer",  # noqa: S106 - the name of a token type
        expires_in=settings.token_lifetime_seconds,
        scope=" ".join(scopes),
    )


def _refused(refusal: HalftermError) -> Response:
    """The refusal in the shape of RFC 6749, with the headers (challenge, `Retry-After`) that it has as a problem."""
    code = "temporarily_unavailable" if isinstance(refusal, TooManyRequests) else refusal.code
    body = {"error": refusal.extra.get("error", code), "error_description": refusal.detail}
    headers = {
        name: value for name, value in problem_response(refusal).headers.items() if not name.startswith("content-")
    }
    return Response(to_bytes(body), refusal.status, {**headers, **_NOT_KEPT}, JSON)

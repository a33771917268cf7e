"""Reading a token request as RFC 6749 wants it read: a form, one way of authenticating, nothing said twice."""

from base64 import b64decode
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from starlette.requests import Request

from app.errors import InvalidClient, TokenRequestRejected

FORM: Final = "application/x-www-form-urlencoded"
GRANT: Final = "client_credentials"
MAX_FORM_BYTES: Final = 16_384
MAX_FIELDS: Final = 32


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a client asks for. `scopes` None: all that it has."""

    client_id: UUID
    client_secret: str = field(repr=False)
    scopes: frozenset[str] | None


async def read_token_request(request: Request, *, audience: str) -> TokenRequest:
    """The token request in an HTTP request.

    Raises TokenRequestRejected, with the error code of RFC 6749 in `extra`, and InvalidClient when there is no
    readable client id and secret.
    """
    form = await _form(request)
    grant = form.get("grant_type")
    if grant is None:
        raise TokenRequestRejected("The parameter grant_type is needed.")
    if grant != GRANT:
        raise _rejected("unsupported_grant_type", f"The only grant_type here is {GRANT}.")
    if form.get("resource", audience).rstrip("/") != audience:
        raise _rejected("invalid_target", f"The only resource here is {audience}.")
    client_id, secret = _credentials(request, form)
    scope = form.get("scope")
    return TokenRequest(_uuid(client_id), secret, None if scope is None else frozenset(scope.split()))


async def _form(request: Request) -> dict[str, str]:
    """The body's parameters; one without a value counts as left out (RFC 6749, section 3.2)."""
    if request.url.query:
        raise TokenRequestRejected("Parameters belong in the body, not in the URL.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise TokenRequestRejected(f"The body must be sent as {FORM}.")
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        raise TokenRequestRejected(f"The body may have at most {MAX_FORM_BYTES} bytes.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise TokenRequestRejected("The body is not a form that can be read.") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise TokenRequestRejected("A parameter is sent more than once.")
    return {name: value for name, value in form.items() if value}


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Client id and secret, by HTTP Basic or in the body, never both (RFC 6749, section 2.3)."""
    headers = request.headers.getlist("authorization")
    if not headers:
        if "client_id" not in form or "client_secret" not in form:
            raise InvalidClient("Send the client id and secret by HTTP Basic, or as client_id and client_secret.")
        return form["client_id"], form["client_secret"]
    if len(headers) > 1 or "client_secret" in form:
        raise TokenRequestRejected("Send the client id and secret in one way only.")
    client_id, secret = _basic(headers[0])
    if form.get("client_id", client_id) != client_id:
        raise TokenRequestRejected("The client_id of the body is not that of the Authorization header.")
    return client_id, secret


def _basic(header: str) -> tuple[str, str]:
    """Both parts of an HTTP Basic header. Each was form-encoded before the two were joined (RFC 6749, 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("The Authorization header must be HTTP Basic here.")
    try:
        text = b64decode(encoded.strip(), validate=True).decode()
        client_id, colon, secret = text.partition(":")
        if not colon:
            raise InvalidClient("The HTTP Basic header holds no colon.")
        return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError:
        raise InvalidClient("The HTTP Basic header cannot be read.") from None


def _uuid(text: str) -> UUID:
    """A client id as a UUID. What is none becomes the id of no client, and costs what any unknown client costs."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _rejected(code: str, sentence: str) -> TokenRequestRejected:
    return TokenRequestRejected(sentence, extra={"error": code})

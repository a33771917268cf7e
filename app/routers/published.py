"""What an authority publishes, for whoever asks: no token, and nothing in it about anybody."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Request
from starlette.responses import Response

from app.domain.policy_published import transparency_record
from app.domain.transparency_text import record_text
from app.errors import NotFound
from app.http.answers import to_bytes
from app.http.conditional import is_unchanged
from app.http.negotiation import HTML, JSON, MARKDOWN, preferred
from app.http.plain_pages import PAGE_POLICY, html_page
from app.http.runtime import runtime_of
from app.queries import policies as queries
from app.routers.schemas.policies import TransparencyRecordOut
from app.services.policies import page_text, public_reader, published

router = APIRouter(tags=["published"])

Accept = Annotated[str | None, Header(max_length=1024, description="`text/markdown` for Markdown.")]
LaCode = Annotated[str, Path(min_length=3, max_length=3, pattern="^[0-9]{3}$", description="The authority's DfE code.")]
Version = Annotated[
    str, Path(max_length=7, pattern="^(current|[1-9][0-9]{0,6})$", description="`current`, or a version's number.")
]

_TEXT: Final = {"schema": {"type": "string"}}
PAGE_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The page.", "content": {HTML: _TEXT, MARKDOWN: _TEXT}}
}
RECORD_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": TransparencyRecordOut, "description": "The record.", "content": {MARKDOWN: _TEXT}}
}

# Anybody may keep it; a new version shows within five minutes of the day that it takes effect.
_PUBLIC: Final = {"Cache-Control": "public, max-age=300"}


@router.get(
    "/policies/{la_code}/{version}",
    operation_id="get_published_policy",
    response_class=Response,
    responses=PAGE_ANSWERS,
)
async def get_published_policy(request: Request, la_code: LaCode, version: Version, accept: Accept = None) -> Response:
    """How an authority decides who gets which place, for the public: HTML, or Markdown where `Accept` prefers it.

    Any version that was published can be read, so that a family can read the one by which it was decided.
    """
    row = await _published(request, la_code, version)
    links = [("The algorithmic transparency record of this policy", f"{row['number']}/transparency-record")]
    return policy_page(request, row, accept, links, _PUBLIC)


@router.get(
    "/policies/{la_code}/{version}/transparency-record",
    operation_id="get_published_transparency_record",
    responses=RECORD_ANSWERS,
)
async def get_published_transparency_record(
    request: Request, la_code: LaCode, version: Version, accept: Accept = None
) -> Response:
    """The algorithmic transparency record of a policy, for the public: JSON, or Markdown where `Accept` prefers it."""
    return policy_record(request, await _published(request, la_code, version), accept, _PUBLIC)


def policy_page(
    request: Request,
    row: Mapping[str, Any],
    accept: str | None,
    links: list[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page of a stored version, in the form that the caller prefers, with `links` to what belongs to it."""
    return page_document(request, row["authority_name"], page_text(row), accept, links, headers)


def page_document(
    request: Request,
    authority: str,
    text: str,
    accept: str | None,
    links: list[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page of a policy, out of its Markdown, in the form that the caller prefers."""
    if preferred(accept, (HTML, MARKDOWN)) == MARKDOWN:
        return _document(request, text.encode(), MARKDOWN, headers)
    page = html_page(f"How {authority} decides who gets which place", text, links or ()).encode()
    return _document(request, page, HTML, {**(headers or {}), "Content-Security-Policy": PAGE_POLICY})


def policy_record(
    request: Request, row: Mapping[str, Any], accept: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    """The transparency record of a stored version, in the form that the caller prefers."""
    record = transparency_record(*published(row))
    if preferred(accept, (JSON, MARKDOWN)) == MARKDOWN:
        return _document(request, record_text(record).encode(), MARKDOWN, headers)
    return _document(request, to_bytes(record), JSON, headers)


async def _published(request: Request, la_code: str, version: str) -> Mapping[str, Any]:
    runtime = runtime_of(request)
    reader = await public_reader(runtime.worker, la_code)
    async with runtime.database.read(reader) as session:
        if version == "current":
            row: Mapping[str, Any] | None = await queries.policy_on(session, session.today)
        else:
            row = await queries.numbered_policy(session, int(version))
    if row is None:
        raise NotFound
    return row


def _document(request: Request, body: bytes, media_type: str, headers: Mapping[str, str] | None) -> Response:
    """A document, tagged by its content; 304 when the caller has it already."""
    tag = f'"{sha256(body).hexdigest()[:20]}"'
    told = {**(headers or {}), "ETag": tag, "Vary": "Accept"}
    if is_unchanged(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=told)
    return Response(body, 200, told, media_type)

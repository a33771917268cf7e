"""A document of the record as an answer: HTML, or PDF where the caller asks for it."""

from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import Response

from app.documents import html, pdf
from app.documents.model import Document
from app.http.conditional import is_unchanged
from app.http.negotiation import HTML, PDF, preferred

Form = Annotated[Literal["html", "pdf"] | None, Query(alias="format", description="`pdf`, or `html`; before `Accept`.")]
Accept = Annotated[str | None, Header(max_length=1024, description="`application/pdf` for a PDF.")]

DOCUMENT_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The document.",
        "content": {HTML: {"schema": {"type": "string"}}, PDF: {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""For a route's `responses`."""

_FORMS: Final = {"html": HTML, "pdf": PDF}


async def document_answer(
    request: Request, document: Document, *, name: str, form: Literal["html", "pdf"] | None, accept: str | None
) -> Response:
    """The document in the form asked for; 304 when the caller has it already. `name` is the file's, without its ending.

    A name of ASCII letters that names nobody: it stands in logs and download folders.
    """
    media_type = _FORMS[form] if form else preferred(accept, (HTML, PDF)) or HTML
    body = await pdf.file(document) if media_type == PDF else html.page(document).encode()
    tag = f'"{sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Vary": "Accept"}
    if is_unchanged(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    if media_type == PDF:
        headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    else:
        headers["Content-Security-Policy"] = html.PAGE_POLICY
    return Response(body, 200, headers, media_type)

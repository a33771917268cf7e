"""The two pages that people read and try the API with, Swagger UI and GraphiQL, served without any other network.

Their scripts ship inside the package (`static/README.md` says from where), so they work on a closed network and no
outside server learns who reads them. The content policy allows scripts from this service alone and none inline.
"""

from functools import cache
from hashlib import sha256
from html import escape
from importlib import resources
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.errors import NotFound
from app.http.conditional import is_unchanged

ASSETS_PATH = "/docs/assets"
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
}

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}


class _Asset(NamedTuple):
    content: bytes
    media_type: str
    digest: str


def docs_routes(openapi_path: str = "openapi.json") -> list[Route]:
    """The routes of `/docs` and of the files that it and GraphiQL load.

    `openapi_path` is relative to `/`, as are all links, so that the pages also work behind a proxy's path prefix.
    """
    page = swagger_html(openapi_path)

    async def docs(_request: Request) -> Response:
        return HTMLResponse(page, headers=PAGE_HEADERS)

    return [Route("/docs", docs), Route(ASSETS_PATH + "/{name:path}", _serve_asset)]


def swagger_html(openapi_path: str) -> str:
    """The Swagger UI page for an OpenAPI document."""
    return _page(
        "Halfterm API",
        f'<div id="swagger-ui" data-openapi="{escape(openapi_path)}"></div>',
        styles=["swagger-ui/swagger-ui.css"],
        scripts=["swagger-ui/swagger-ui-bundle.js", "swagger-ui/start.js"],
    )


def graphiql_html(endpoint: str = "graphql") -> str:
    """The GraphiQL page for a GraphQL endpoint, a path relative to `/`. Send it with `PAGE_HEADERS`."""
    return _page(
        "Halfterm GraphiQL",
        f'<div id="graphiql" data-endpoint="{escape(endpoint)}"></div>',
        styles=["graphiql/page.css", "graphiql/graphiql.min.css"],
        scripts=[
            "graphiql/react.production.min.js",
            "graphiql/react-dom.production.min.js",
            "graphiql/graphiql.min.js",
            "graphiql/start.js",
        ],
    )


async def _serve_asset(request: Request) -> Response:
    asset = _assets().get(request.path_params["name"])
    if asset is None:
        raise NotFound
    tag = f'"{asset.digest}"'
    # The pages name the content in the link, so that a file may be kept for ever; any other link asks again.
    fixed = request.query_params.get("v") == asset.digest
    headers = {"ETag": tag, "Cache-Control": "public, max-age=31536000, immutable" if fixed else "public, no-cache"}
    if is_unchanged(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


@cache
def _assets() -> dict[str, _Asset]:
    """The shipped files by name. Only these names are served, so no path can lead out of the folder."""
    assets: dict[str, _Asset] = {}
    for folder in ("swagger-ui", "graphiql"):
        for file in resources.files("app.http").joinpath("static", folder).iterdir():
            media_type = next((kind for suffix, kind in _MEDIA_TYPES.items() if file.name.endswith(suffix)), None)
            if media_type is not None:
                content = file.read_bytes()
                assets[f"{folder}/{file.name}"] = _Asset(content, media_type, sha256(content).hexdigest()[:20])
    return assets


def _page(title: str, body: str, *, styles: list[str], scripts: list[str]) -> str:
    links = [f'<link rel="stylesheet" href="{_link(name)}">' for name in styles]
    sources = [f'<script src="{_link(name)}"></script>' for name in scripts]
    return "\n".join(
        [
            '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<title>{escape(title)}</title><link rel="icon" href="data:,">',
            *links,
            f"</head><body>{body}",
            *sources,
            "</body></html>",
        ]
    )


def _link(name: str) -> str:
    return f"{ASSETS_PATH.removeprefix('/')}/{name}?v={_assets()[name].digest}"

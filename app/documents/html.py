"""A document as one HTML page that loads nothing and runs nothing, and prints well."""

from base64 import b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, Final

from markupsafe import Markup

from app.documents.model import Block, Bullets, Document, Facts, Heading, Lines, Paragraph, Quote, Table
from app.documents.words import shown

_STYLE: Final = (
    "body{margin:0;font:1.1875rem/1.5 system-ui,sans-serif;color:#0b0c0c;background:#fff}"
    "main{max-width:44rem;margin:0 auto;padding:1rem 1.25rem}"
    "h1{font-size:2rem;line-height:1.2}h2{font-size:1.5rem;margin-top:2rem}"
    "p,dd,td,blockquote{white-space:pre-line;overflow-wrap:anywhere}"
    "blockquote{margin:1rem 0;padding:.25rem 0 .25rem 1rem;border-left:.3rem solid #505a5f}blockquote p{margin:0}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:bold}"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid #b1b4b6}"
    "dt{font-weight:bold}dd{margin:0 0 .6rem}address{font-style:normal;margin:1rem 0}"
    "@media print{body{font-size:11pt}main{max-width:none;padding:0}h2{break-after:avoid}"
    "tr,blockquote{break-inside:avoid}}"
)
PAGE_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The `Content-Security-Policy` to send a page with."""

# The templates below are our own; every word that `format` puts into a Markup is escaped by it.
_PAGE: Final = Markup(
    '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{title}</title><style>{style}</style></head>\n"
    '<body><main>\n<h1 dir="auto">{title}</h1>\n{blocks}\n</main></body></html>\n'
)


def page(document: Document) -> str:
    """A whole page. Words keep their own direction, so that a line of Urdu reads as it should among English ones."""
    return _PAGE.format(
        language=document.language,
        title=shown(document.title),
        style=Markup(_STYLE),  # noqa: S704 - our own style sheet
        blocks=Markup("\n").join(_BLOCKS[type(block)](block) for block in document.blocks),
    )


def _each(template: str, values: Iterable[str]) -> Markup:
    return Markup().join(Markup(template).format(shown(value)) for value in values)  # noqa: S704 - our own templates


def _heading(block: Heading) -> Markup:
    return _each('<h2 dir="auto">{}</h2>', [block.text])


def _paragraph(block: Paragraph) -> Markup:
    return _each('<p dir="auto">{}</p>', [block.text])


def _lines(block: Lines) -> Markup:
    return Markup("<address>{}</address>").format(_each('<div dir="auto">{}</div>', block.lines))


def _quote(block: Quote) -> Markup:
    return Markup('<blockquote><p dir="auto">{}</p><footer dir="auto">{}</footer></blockquote>').format(
        shown(block.text), shown(block.said_by)
    )


def _bullets(block: Bullets) -> Markup:
    return Markup("<ul>{}</ul>").format(_each('<li dir="auto">{}</li>', block.items))


def _facts(block: Facts) -> Markup:
    rows = (Markup('<dt>{}</dt><dd dir="auto">{}</dd>').format(shown(name), shown(value)) for name, value in block.rows)
    return Markup("<dl>{}</dl>").format(Markup().join(rows))


def _table(block: Table) -> Markup:
    return Markup("<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
        shown(block.caption),
        _each('<th scope="col">{}</th>', block.columns),
        Markup().join(Markup("<tr>{}</tr>").format(_each('<td dir="auto">{}</td>', row)) for row in block.rows),
    )


_BLOCKS: Final[dict[type[Block], Callable[[Any], Markup]]] = {
    Heading: _heading,
    Paragraph: _paragraph,
    Lines: _lines,
    Quote: _quote,
    Bullets: _bullets,
    Facts: _facts,
    Table: _table,
}

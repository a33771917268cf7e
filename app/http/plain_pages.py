"""Pages of text alone: a published document in plain Markdown, as HTML that loads nothing and runs nothing.

Of Markdown it knows what our own published texts are written in (headings, paragraphs, lists, bold, code). Everything
is escaped before it is marked up, so that words of an authority's own can never be more than words. The content policy
allows the page's one style sheet, by its hash, and nothing else.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Final

_STYLE: Final = (
    "body{margin:0;font:1.1875rem/1.5 system-ui,sans-serif;color:#0b0c0c;background:#fff}"
    "main,nav{max-width:40rem;margin:0 auto;padding:1rem 1.25rem}"
    "h1{font-size:2rem;line-height:1.2}h2{font-size:1.5rem;margin-top:2rem}h3,h4{font-size:1.1875rem}"
    "code{font-size:.85em;overflow-wrap:anywhere}li{margin:.4rem 0}a{color:#1d70b8}"
    "a:focus{outline:3px solid #fd0;color:#0b0c0c}"
    ".skip{position:absolute;left:-999rem}.skip:focus{position:static}"
)
PAGE_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The `Content-Security-Policy` to send a page with."""

_HEADING: Final = re.compile(r"(#{1,4}) (.+)")
_BULLET: Final = re.compile(r"- (.+)")
_NUMBER: Final = re.compile(r"\d+\. (.+)")
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")
_CODE: Final = re.compile(r"`(.+?)`")


def html_page(title: str, markdown: str, links: Iterable[tuple[str, str]] = ()) -> str:
    """A whole page in English: the text, and below it `links`, as (words, address relative to the page)."""
    below = "".join(f'<li><a href="{escape(address)}">{escape(words)}</a></li>' for words, address in links)
    return "\n".join(
        [
            '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head>",
            '<body><a class="skip" href="#content">Skip to the text</a><main id="content">',
            html_of(markdown),
            "</main>",
            f'<nav aria-label="Related pages"><ul>{below}</ul></nav>' if below else "",
            "</body></html>",
        ]
    )


def html_of(markdown: str) -> str:
    """The body of a text, block by block."""
    return "\n".join(_block(block) for block in markdown.strip().split("\n\n"))


def _block(block: str) -> str:
    lines = block.split("\n")
    if len(lines) == 1 and (heading := _HEADING.fullmatch(block)):
        level = len(heading[1])
        return f"<h{level}>{_inline(heading[2])}</h{level}>"
    for pattern, tag in ((_BULLET, "ul"), (_NUMBER, "ol")):
        items = [pattern.fullmatch(line) for line in lines]
        if all(items):
            return f"<{tag}>{''.join(f'<li>{_inline(item[1])}</li>' for item in items if item)}</{tag}>"
    return f"<p>{_inline(' '.join(lines))}</p>"


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", _BOLD.sub(r"<strong>\1</strong>", escape(text)))

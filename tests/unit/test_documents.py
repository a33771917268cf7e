"""Documents: words stay words in HTML and PDF, in any script, and the same content is the same file."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from html.parser import HTMLParser

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents import html, pdf
from app.documents.model import (
    KINDS,
    Bullets,
    Document,
    Facts,
    Heading,
    Lines,
    Paragraph,
    Quote,
    Table,
    as_data,
    from_data,
)
from app.documents.words import runs_from_right, shown

POLISH, URDU, UNKNOWN = "Zażółć gęślą jaźń", "ہم اب پرسکون ہیں", "我們"
_LETTERS = "<>&\"'`*#-_=[]{}()/\\$@~ \n\t\x00\x0b\x1f1.aP\u00e9\u0627\u06c1\u202e"
ANY_WORDS = st.text(alphabet=st.sampled_from(_LETTERS), max_size=40)


def document(words: str = "Words") -> Document:
    """A document with a block of each kind, and the words in every place that takes some."""
    blocks = (
        Heading(words),
        Paragraph(words),
        Lines((words, words)),
        Quote(words, words, "ref"),
        Bullets((words,)),
        Facts(((words, words),)),
        Table(words, (words, words), ((words, words), (words, words))),
    )
    return Document(words, date(2026, 11, 24), blocks)


class _Reader(HTMLParser):
    """The tags of a page, and its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def test_every_kind_of_block_is_tried_here() -> None:
    assert {type(block) for block in document().blocks} == set(KINDS.values())


@given(ANY_WORDS)
def test_no_words_become_markup(words: str) -> None:
    assert read(html.page(document(words))).tags == read(html.page(document())).tags


@given(ANY_WORDS)
def test_every_word_is_on_the_page(words: str) -> None:
    page = html.page(document(words))
    assert unescape(re.sub(r"<[^>]*>", "", page)).count(shown(words)) >= 14


@settings(max_examples=25)
@given(ANY_WORDS)
def test_any_words_make_a_pdf(words: str) -> None:
    assert pdf.set_document(document(words)).startswith(b"%PDF-")


@given(ANY_WORDS)
def test_a_document_comes_back_from_its_data(words: str) -> None:
    stored = orjson.dumps(as_data(document(words)))
    assert from_data(orjson.loads(stored)) == document(words)


def test_the_same_content_is_the_same_file_and_another_is_not() -> None:
    assert pdf.set_document(document()) == pdf.set_document(document())
    assert pdf.set_document(document()) != pdf.set_document(replace(document(), issued_on=date(2026, 11, 25)))


@pytest.mark.parametrize("words", [POLISH, URDU, f"{POLISH} {URDU}"])
def test_polish_and_urdu_are_set_in_letters_of_their_own(words: str) -> None:
    """What claims PDF/UA-1 has a letter for every sign: Typst refuses it otherwise."""
    made = pdf.set_document(document(words))
    assert b"pdfuaid" in made
    assert b"/Lang" in made
    assert b"/StructTreeRoot" in made


def test_a_letter_without_a_form_is_a_box_and_claims_nothing() -> None:
    made = pdf.set_document(document(UNKNOWN))
    assert b"pdfuaid" not in made
    assert b"/StructTreeRoot" in made


def test_direction_is_that_of_the_first_letter() -> None:
    assert runs_from_right(f"1. {URDU} {POLISH}")
    assert not runs_from_right(f"{POLISH} {URDU}")
    assert not runs_from_right("12 3")


def test_a_row_that_is_not_as_wide_as_its_table_is_refused() -> None:
    with pytest.raises(ValueError, match="one cell"):
        Table("caption", ("a", "b"), (("1",),))


def test_the_page_policy_allows_the_pages_own_style_and_no_other() -> None:
    from base64 import b64encode
    from hashlib import sha256

    style = re.search(r"<style>(.*?)</style>", html.page(document()), re.DOTALL)
    assert style
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html.PAGE_POLICY

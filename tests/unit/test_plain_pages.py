"""A page of text alone: whatever the words, they stay words."""

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from app.http.plain_pages import html_of, html_page

TAGS = re.compile(r"</?(?:h[1-4]|p|ul|ol|li|strong|code)>")


@given(st.text(alphabet=st.sampled_from("<>&\"'`*#- \n1.aP\u00e9/=()"), max_size=60))
def test_no_words_become_markup_of_their_own(words: str) -> None:
    text = f"## Criteria\n\n- **P1**: {words}"
    left = TAGS.sub("", html_of(text))
    assert not set("<>\"'") & set(left)


@given(st.text(alphabet=st.sampled_from("<>&\"'# -1.aP\u00e9/=()"), max_size=60))
def test_no_word_on_a_line_is_lost(words: str) -> None:
    text = f"## Criteria\n\n- **P1**: {words}"
    assert unescape(TAGS.sub("", html_of(text))) == f"Criteria\nP1: {words}".rstrip()


def test_each_kind_of_block_is_marked_up_as_what_it_is() -> None:
    text = "# One\n\nTwo `three`\nfour\n\n- **P1**: a\n- b\n\n1. c\n2. d\n\n### Five\n\n#not a heading\n\n- e\nand f"
    assert html_of(text) == (
        "<h1>One</h1>\n<p>Two <code>three</code> four</p>\n<ul><li><strong>P1</strong>: a</li><li>b</li></ul>\n"
        "<ol><li>c</li><li>d</li></ol>\n<h3>Five</h3>\n<p>#not a heading</p>\n<p>- e and f</p>"
    )


def test_title_and_links_are_escaped_too() -> None:
    page = html_page("<b>", "x", [("<i>", '"><script>')])
    assert "<title>&lt;b&gt;</title>" in page
    assert '<a href="&quot;&gt;&lt;script&gt;">&lt;i&gt;</a>' in page
    assert "<nav" not in html_page("t", "x")

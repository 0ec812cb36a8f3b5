"""Titles are hostile text, in tips and in prompts."""

import pytest
from hypothesis import given

from ml.generation.titles import (
    MAX_PROMPT_BYTES,
    UNTITLED,
    display_title,
    has_link,
    has_markup,
    is_plain,
    prompt_title,
)
from oo.domain.context import MAX_TITLE
from tests.unit.ml.generation_strategies import titles, unhurried


@unhurried
@given(titles)
def test_a_shown_title_is_one_plain_line_without_link_or_markup(title: str) -> None:
    shown = display_title(title)
    assert is_plain(shown)
    assert not has_link(shown)
    assert not has_markup(shown)
    assert 0 < len(shown) <= MAX_TITLE
    assert not set("“”\n\r\t") & set(shown)
    assert display_title(shown) == shown


@pytest.mark.parametrize(
    "title",
    [
        "Buy milk",
        "Pay Anna's rent (2/3)!",
        "[work] rename user_id ~30 min",
        'Read "Emma"',
        "買い物",
    ],
)
def test_an_ordinary_title_is_shown_as_it_is(title: str) -> None:
    assert display_title(title) == title


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Read https://a.example/x?y=1 today", "Read … today"),
        ("see evil.com/login", "see …"),
        ("<b>Bold</b> move", "Bold move"),
        ("**Bold** `code` [x](y) {{z}}", "Bold code [xy) z"),
        ("javascript:alert(1)", UNTITLED),
        ("\u200b\u202e", UNTITLED),
        ("two\nlines", "two lines"),
    ],
)
def test_links_markup_and_hidden_characters_are_taken_out(title: str, shown: str) -> None:
    assert display_title(title) == shown


@unhurried
@given(titles)
def test_a_prompt_title_cannot_leave_its_quotes(title: str) -> None:
    text = prompt_title(title)
    assert not set('“”"<>{}|\n\r') & set(text)
    assert len(text.encode()) <= MAX_PROMPT_BYTES + len("…".encode())

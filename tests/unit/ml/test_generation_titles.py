"""Titles are hostile text, in tips and in prompts."""

import sys
import unicodedata

import pytest
from hypothesis import given

from ml.generation.links import has_link
from ml.generation.titles import (
    MAX_PROMPT_BYTES,
    UNTITLED,
    display_title,
    is_plain,
    prompt_title,
)
from oo.domain.context import MAX_TITLE
from oo.domain.text import one_line
from oo.integrations.sources._text import title_of
from tests.unit.ml.generation_strategies import titles, unhurried

# letters, marks that stand on a letter, numbers, punctuation and symbols
KEPT = frozenset(
    {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"}
    | {"Sm", "Sc", "Sk", "So"}
)
BLANK = frozenset("\u2800\u3164\uffa0")


@unhurried
@given(titles)
def test_a_shown_title_is_one_plain_line_without_link(title: str) -> None:
    shown = display_title(title)
    assert is_plain(shown)
    assert not has_link(shown)
    assert 0 < len(shown) <= MAX_TITLE
    assert not set("\n\r\t") & set(shown)
    assert display_title(shown) == shown


@pytest.mark.parametrize(
    "title",
    [
        "Buy milk",
        "Pay Anna's rent (2/3)!",
        "[work] rename user_id ~30 min",
        'Read "Emma"',
        "買い物",
        "%(priority)s {0} {{q}} “quoted” ”",
        "x < y > z, 2*3*4, 50% #1 & <3",
        "Call Mom: data: tel:555 1/2",
        "می\u200cخواهم",
        "👩\u200d👩\u200d👧 family",
        "क्\u200dष",
        "🎉🎉",
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
        ("**Bold** `code` [x](y) {{z}}", "Bold code x {{z}}"),
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


@pytest.mark.parametrize("around", ["{}", "a{}b", "1 {} 2", "Pay {}{} now", "é{}"])
def test_no_word_number_or_sign_of_unicode_is_removed_or_changed(around: str) -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) in KEPT and char not in BLANK:
            typed = around.replace("{}", char)
            for shown in (one_line(typed), title_of(typed), display_title(typed)):
                assert shown.split() == typed.split() or shown == UNTITLED, hex(code)


def test_characters_that_only_deceive_are_not_shown() -> None:
    for code in (0x200B, 0x2060, 0xFEFF, 0x202E, 0x2066, 0xAD, 0xE0041, 0x180E):
        assert display_title(f"pay{chr(code)}ment") == "payment"
    assert display_title("1\u200d2 a\u200cb") == "12 ab"

"""Markdown and HTML in what people typed: marks go, words, numbers and signs stay.

A mark is taken for one only where it comes in a pair around words, so that "2*3*4", "snake_case",
"x < y" and "`" stay as they are.
"""

import re

MAX_PASSES = 4  # marks nest: **[~~x~~](y)**
MAX_TEXT = 2000  # longer texts are left alone: no title is

_LINK = re.compile(
    r"!?\[(?P<text>[^\[\]]*)\]\((?P<address>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?: \"[^\"]*\")?\)"
)
_WIKI = re.compile(r"!?\[\[(?:[^\[\]|]*\|)?(?P<text>[^\[\]|]+)\]\]")
_PAIRS = tuple(
    (
        first,
        re.compile(
            rf"(?<![\w{first}]){mark}(?=[^\s{first}])(?P<text>(?:(?!{mark}).)+?)(?<=\S){mark}(?![\w{first}])"
        ),
    )
    for mark, first in (
        (r"\*\*", r"*"),
        ("__", "_"),
        ("~~", "~"),
        ("==", "="),
        (r"\*", r"*"),
        ("_", "_"),
    )
)
_CODE = re.compile(r"(?<!`)(`{1,2})(?P<text>[^`]+)\1(?!`)")
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|br|center|code|dd|del|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|kbd"
    r"|li|mark|ol|p|pre|s|script|small|span|strike|strong|style|sub|sup|svg|table|tbody|td|th|tr|tt"
    r"|u|ul|iframe|object|embed|form|input|button|video|audio)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def without_markup(text: str) -> str:
    """`text` with links by their text, and without the marks of bold, code and strike-through."""
    if len(text) > MAX_TEXT:
        return text
    for _ in range(MAX_PASSES):
        plain = _once(text)
        if plain == text:
            break
        text = plain
    return text


def _once(text: str) -> str:
    text = _TAG.sub("", text) if "<" in text else text
    if "[" in text:
        text = _LINK.sub(lambda found: found["text"].strip() or found["address"], text)
        text = _WIKI.sub(lambda found: found["text"].strip(), text)
    text = _CODE.sub(lambda found: found["text"], text) if "`" in text else text
    for first, pair in _PAIRS:
        text = pair.sub(lambda found: found["text"], text) if first in text else text
    return text


def is_struck(text: str) -> bool:
    """Whether the whole of `text` is struck through."""
    stripped = text.strip()
    inner = stripped[2:-2]
    return (
        len(stripped) > 4
        and stripped.startswith("~~")
        and stripped.endswith("~~")
        and "~~" not in inner
    )

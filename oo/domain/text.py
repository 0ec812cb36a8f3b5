"""What people typed, on one line: the one definition of which characters are shown.

Nothing here removes or changes a word, a number or a sign. What goes are characters that nobody
sees and that make a text read otherwise than it is: overrides of direction, zero-width spaces,
tags, controls. Joiners stay where the script or an emoji needs them.
"""

import re
import unicodedata

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_JOINERS = frozenset({_ZWNJ, _ZWJ})
_BLANK = frozenset({"\u2800", "\u3164", "\uffa0"})  # look like a space and are called otherwise
# format characters (Cf) that are signs of their own: Arabic and Kaithi number signs, hieroglyphs
_SEEN_FORMATS = frozenset(
    chr(code)
    for first, last in (
        (0x0600, 0x0605), (0x06DD, 0x06DD), (0x070F, 0x070F), (0x0890, 0x0891), (0x08E2, 0x08E2),
        (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F),
    )
    for code in range(first, last + 1)
)  # fmt: skip
_JOINED_SCRIPTS = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1aaf\u1b00-\u1c4f"
    "\ua840-\ua8df\ua980-\ua9df\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00010d3f"
    "\U00011000-\U000117ff\U0001e900-\U0001e95f]"
)
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f")
_SPACE = re.compile(r"\s+")
_PLAIN = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u02ff]*")


def visible(text: str) -> str:
    """`text` without characters that only deceive; controls and line ends become spaces."""
    if _PLAIN.fullmatch(text):
        return text
    flags = {place for found in _FLAG.finditer(text) for place in range(*found.span())}
    kept: list[str] = []
    for place, char in enumerate(text):
        if place in flags:
            kept.append(char)
        elif char in _JOINERS:
            following = text[place + 1] if place + 1 < len(text) else ""
            if kept and _belongs(char, kept[-1], following):
                kept.append(char)
        else:
            kept.append(_shown(char, kept[-1] if kept else ""))
    return "".join(kept)


def one_line(text: str) -> str:
    """`text` on one line, without characters that only deceive, single spaces between words."""
    return _SPACE.sub(" ", visible(text)).strip()


def is_shown(text: str) -> bool:
    """Whether nothing in `text` is hidden."""
    return visible(text) == text


def is_joined(text: str, place: int) -> bool:
    """Whether the character at `place` reads as one with that before it."""
    if not 0 < place < len(text):
        return False
    here, before = text[place], text[place - 1]
    return here in _JOINERS or before in _JOINERS or unicodedata.category(here) in ("Mn", "Me")


def _shown(char: str, before: str) -> str:
    category = unicodedata.category(char)
    if char in _BLANK or category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cs":
        return ""
    if category == "Cf":
        return char if char in _SEEN_FORMATS else ""
    if "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return char if before and _takes_variation(before, char) else ""
    return char


def _takes_variation(before: str, selector: str) -> bool:
    if selector >= "\U000e0100":
        return unicodedata.category(before) == "Lo"  # the variants of ideographs
    return unicodedata.category(before) not in ("Mn", "Zs", "Cc")


def _belongs(joiner: str, before: str, following: str) -> bool:
    if not following:
        return False
    if _JOINED_SCRIPTS.match(before) and _JOINED_SCRIPTS.match(following):
        return True
    return joiner == _ZWJ and _is_pictorial(before) and _is_pictorial(following)


def _is_pictorial(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk") or char in "\ufe0f\u2640\u2642\u20e3"

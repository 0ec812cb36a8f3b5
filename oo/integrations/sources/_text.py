"""Titles from elsewhere are hostile text: one line, bounded, without characters that mislead."""

import unicodedata

MAX_TITLE = 500
MAX_PROJECT = 300
_MISLEADING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])


def one_line(text: str) -> str:
    """`text` on one line without control characters or marks that reorder what is around them."""
    plain = text.translate(_MISLEADING)
    return " ".join(
        "".join(" " if unicodedata.category(char) == "Cc" else char for char in plain).split()
    )

"""Titles from elsewhere are hostile text: one line, bounded, without characters that mislead."""

from oo.domain.markup import without_markup
from oo.domain.text import one_line, visible

MAX_TITLE = 500
MAX_PROJECT = 300
MAX_LABEL = 100

__all__ = ["MAX_LABEL", "MAX_PROJECT", "MAX_TITLE", "name_of", "one_line", "title_of"]


def title_of(text: str) -> str:
    """The title in `text`: its words as they were typed, without marks, on one line."""
    return one_line(without_markup(visible(text)))


def name_of(text: str) -> str | None:
    """The name of a project or a section; None where there is none."""
    return title_of(text)[:MAX_PROJECT].strip() or None

"""Task titles are hostile text: how one is shown in a tip, and how it is put into a prompt."""

import re
from functools import lru_cache

from ml.generation.links import has_link, without_links
from oo.domain.context import MAX_TITLE, cut
from oo.domain.markup import without_markup
from oo.domain.text import is_shown, one_line

UNTITLED = "Untitled"
MAX_PROMPT_CHARS = 48
MAX_PROMPT_BYTES = 64

_MARKUP = re.compile(
    r"<[^<>]*>|[<>`*\\]|\]\(|\]\[|!\[|~~|\{[{%#]|[%#}]\}|(?<![^\W_])_|_(?![^\W_])|&#?\w+;|^#+(?=\s)"
)
_PROMPT = str.maketrans('‘’‚‛“”„‟«»"<>[{]}|_~^`*\\', "'" * 11 + "()(())" + " " * 7)

_TOKEN = re.compile(r"<[^<>]*>")


def has_markup(text: str) -> bool:
    """Whether `text`, written by a model, holds HTML, Markdown or template characters."""
    return _MARKUP.search(text) is not None


def is_plain(text: str) -> bool:
    """Whether nothing in `text` is hidden; joiners that a script or an emoji needs are not."""
    return is_shown(text)


@lru_cache(2_000)  # a person's lines quote each of their titles many times
def display_title(title: str) -> str:
    """The title as a tip quotes it: as it was typed, on one line, without what deceives.

    A link leaves its text or else an ellipsis, marks of bold, code and strike-through leave what
    they mark; words, numbers and signs stay. A title of which nothing is left is ``Untitled``.
    """
    text = one_line(title)
    for _ in range(3):  # taking a part out can bring a new link or a new mark together
        plain = one_line(without_links(without_markup(text)))
        if plain == text:
            break
        text = plain
    if has_link(text):
        return UNTITLED
    text = cut(text, MAX_TITLE).strip()
    return text if text.strip("… ") else UNTITLED


def prompt_title(title: str) -> str:
    """The title as a prompt line holds it, short in characters and in bytes.

    No character of it can close the quotation, end the line or form a chat-template token.
    """
    text = prompt_text(display_title(title))
    short = text[:MAX_PROMPT_CHARS].encode()[:MAX_PROMPT_BYTES].decode(errors="ignore").rstrip()
    return short if short == text else f"{short}…"


def prompt_text(text: str, keep: str = "") -> str:
    """Foreign words as a prompt may hold them, on one line: nothing hidden, nothing to break out.

    A prompt is no place for what looks like a token of it, even if it is what was typed. Characters
    in `keep` stay: those that close nothing where the text goes.
    """
    table = {code: sign for code, sign in _PROMPT.items() if chr(code) not in keep}
    return " ".join(_TOKEN.sub("", one_line(text)).translate(table).split())

"""Task titles are hostile text: how one is shown in a tip, and how it is put into a prompt."""

import re
import unicodedata

from oo.domain.context import MAX_TITLE

UNTITLED = "Untitled"
MAX_PROMPT_CHARS = 48
MAX_PROMPT_BYTES = 64

_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:/{1,2}|www\.|(?:javascript|data|mailto|tel):)\S*"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|app|info|biz|ru|cn|de|fr|uk|me|co|xyz|ly)\b(?:/\S*)?",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"<[^<>]*>|[<>`*\\]|\]\(|\]\[|!\[|~~|\{[{%#]|[%#}]\}|(?<![^\W_])_|_(?![^\W_])|&#?\w+;|^#+(?=\s)"
)
_QUOTES = str.maketrans({"“": "‘", "”": "’", "„": "‘", "‟": "’"})
_PROMPT = str.maketrans('‘’«»"[{]}|_~^', "'''''(())    ")
_SPACE = re.compile(r"\s+")


def has_link(text: str) -> bool:
    """Whether a reader's device could turn a part of `text` into a link."""
    return _LINK.search(text) is not None


def has_markup(text: str) -> bool:
    """Whether `text` holds HTML, Markdown or template characters."""
    return _MARKUP.search(text) is not None


def is_plain(text: str) -> bool:
    """Whether `text` is free of control, format, surrogate and unassigned characters."""
    return not any(unicodedata.category(char) in _HIDDEN for char in text)


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def display_title(title: str) -> str:
    """The title as a tip quotes it: one plain line without link, markup or hidden characters.

    An ordinary title comes back as it is. What is taken out leaves an ellipsis if it was a link
    and nothing otherwise; a title of which nothing is left is ``Untitled``.
    """
    text = unicodedata.normalize("NFC", title.translate(_QUOTES))
    text = "".join(" " if char.isspace() else char for char in text)
    text = "".join(char for char in text if char == " " or is_plain(char))
    for _ in range(3):  # taking a part out can bring a new link together
        text = _MARKUP.sub("", _LINK.sub("…", text))
    if has_link(text) or has_markup(text):
        return UNTITLED
    text = _SPACE.sub(" ", text).strip()[:MAX_TITLE].strip()
    return text if any(char.isalnum() for char in text) else UNTITLED


def prompt_title(title: str) -> str:
    """The title as a prompt line holds it, short in characters and in bytes.

    No character of it can close the quotation, end the line or form a chat-template token.
    """
    text = display_title(title).translate(_PROMPT)
    cut = text[:MAX_PROMPT_CHARS].encode()[:MAX_PROMPT_BYTES].decode(errors="ignore").rstrip()
    return cut if cut == text else f"{cut}…"

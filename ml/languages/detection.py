"""Which language a person's list is written in."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from ml.languages.language import FALLBACK, Language, languages

# those that a list may well be in: beside few, a short title is not taken for a rare language
CANDIDATES = (
    *("ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hu", "it", "ja", "ko"),
    *("nl", "no", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh"),
)
CLEAR = 2.0  # how much likelier, in log odds, than English
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_EASTERN = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff]")
VERB = 3.0  # what a title says for a language whose verb it has, in log odds


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(CANDIDATES))
    return identifier


def _by_script(text: str) -> str:
    """The language whose script alone tells it, among mostly Japanese or Chinese characters.

    Kana tell it, of which a list of short titles has few or none; or characters that Japan's
    standard has side by side and neither of the two Chinese ones: as 会 and 議, of which mainland
    China writes the second otherwise, Taiwan the first. By all others it reads as Chinese.
    """
    letters = sum(char.isalpha() for char in text)
    eastern = "".join(_EASTERN.findall(text))
    if 2 * len(eastern) < letters:
        return ""
    is_japanese = _has_all("shift_jis", eastern) and not any(
        _has_all(standard, eastern) for standard in ("gb2312", "big5")
    )
    return "ja" if is_japanese or _KANA.search(text) else ""


def _has_all(standard: str, text: str) -> bool:
    """Whether the national standard has all these characters."""
    try:
        text.encode(standard)
    except UnicodeEncodeError:
        return False
    return True


def language_of(titles: Sequence[str], verbs: Callable[[str], Collection[str]]) -> Language:
    """The language of these titles, English where it is none of ours or not clear.

    `verbs` tells which languages have a verb of a title. Titles are short: their letters and their
    verbs are added up over the list.
    """
    known = languages()
    text = "\n".join(titles).strip()
    if not any(char.isalpha() for char in text):
        return known[FALLBACK]
    if (own := _by_script(text)) in known:
        return known[own]
    ranked: dict[str, float] = dict(_identifier().rank(text))
    for title in titles:
        for code in verbs(title):
            ranked[code] += VERB
    best = max(ranked, key=lambda code: ranked[code])
    is_clear = ranked[best] - ranked[FALLBACK] >= CLEAR
    return known[best] if is_clear and best in known else known[FALLBACK]

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
    """The language whose script alone tells it: kana among mostly Japanese or Chinese characters.

    A list of short titles has few of them, and by the other characters it reads as Chinese.
    """
    letters = sum(char.isalpha() for char in text)
    is_eastern = 2 * len(_EASTERN.findall(text)) >= letters
    return "ja" if is_eastern and _KANA.search(text) else ""


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

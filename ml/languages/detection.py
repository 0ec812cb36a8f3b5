"""Which language a person's list is written in."""

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
VERB = 3.0  # what a title says for a language whose verb it has, in log odds


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(CANDIDATES))
    return identifier


def language_of(titles: Sequence[str], verbs: Callable[[str], Collection[str]]) -> Language:
    """The language of these titles, English where it is none of ours or not clear.

    `verbs` tells which languages have a verb of a title. Titles are short: their letters and their
    verbs are added up over the list.
    """
    known = languages()
    text = "\n".join(titles).strip()
    if not any(char.isalpha() for char in text):
        return known[FALLBACK]
    ranked: dict[str, float] = dict(_identifier().rank(text))
    for title in titles:
        for code in verbs(title):
            ranked[code] += VERB
    best = max(ranked, key=lambda code: ranked[code])
    is_clear = ranked[best] - ranked[FALLBACK] >= CLEAR
    return known[best] if is_clear and best in known else known[FALLBACK]

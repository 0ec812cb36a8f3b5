"""Words in a title that tell its kind of work; a sentence encoder follows topics, not verbs."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from ml.activities.activity import Activity

_LATIN = re.compile(r"[a-z]")
_GAP = r"(?:\S+ ){0,3}"
VERB = 0.3
NOUN = 0.08


def plain(text: str) -> str:
    """`text` in one case and form, Latin letters without accents."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept: list[str] = []
    for char in folded:
        if unicodedata.combining(char) and kept and _LATIN.match(kept[-1]):
            continue
        kept.append(char)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


class Cues:
    """The cues of all activities, in every language at once."""

    def __init__(self, activities: Mapping[str, Activity]) -> None:
        self._patterns = [
            (name, weight, pattern)
            for name, activity in activities.items()
            for weight, words in (
                (VERB, [cue for w in activity.wordings.values() for cue in w.verbs]),
                (NOUN, [cue for w in activity.wordings.values() for cue in w.nouns]),
            )
            if (pattern := _pattern(words)) is not None
        ]
        codes = {code for activity in activities.values() for code in activity.wordings}
        self._verbs = {
            code: pattern
            for code in sorted(codes)
            if (pattern := _pattern(_verbs(activities.values(), code))) is not None
        }

    def languages(self, title: str) -> frozenset[str]:
        """The languages that have a verb of the title among their cues."""
        text = plain(title)
        return frozenset(code for code, verbs in self._verbs.items() if verbs.search(text))

    def of(self, title: str) -> dict[str, float]:
        """What the title's words say for each activity that they name at all.

        Longer cues weigh more, so that "call back" goes before "call"; so does the first word,
        with which most people name what is to be done.
        """
        text = plain(title)
        found: dict[str, float] = {}
        for name, weight, pattern in self._patterns:
            best = max(
                (
                    weight
                    + 0.01 * min(match.end() - match.start(), 12)
                    + (0.1 if weight == VERB and match.start() == 0 else 0)
                    for match in pattern.finditer(text)
                ),
                default=0.0,
            )
            if best:
                found[name] = found.get(name, 0.0) + best
        return found


def _verbs(activities: Iterable[Activity], code: str) -> list[str]:
    return [
        verb
        for activity in activities
        if code in activity.wordings
        for verb in activity.wordings[code].verbs
    ]


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    parts = sorted({_part(plain(word)) for word in words if word.strip()}, key=len, reverse=True)
    return re.compile("|".join(parts)) if parts else None


@cache
def _part(word: str) -> str:
    if not _LATIN.search(word):
        return re.escape(word)  # scripts that do not part their words
    text = re.escape(word).replace(r"\ \*\ ", f" {_GAP}").replace(r"\*", r"\w*")
    return rf"(?<!\w){text}(?!\w)"

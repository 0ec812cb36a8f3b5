"""Words in a title that tell its kind of work; a sentence encoder follows topics, not verbs."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from ml.activities.activity import Activity

_LATIN = re.compile(r"[a-z]")
_GAP = r"(?:\S+ ){0,3}"
_START = re.compile(r"(?<!\w)\w|[^\x00-\x7f]")  # of a word, or of one in a script without gaps
KEY = 3
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
        rules = [
            (name, weight, pattern, _keys(words))
            for name, activity in activities.items()
            for weight, words in (
                (VERB, [cue for w in activity.wordings.values() for cue in w.verbs]),
                (NOUN, [cue for w in activity.wordings.values() for cue in w.nouns]),
            )
            if (pattern := _pattern(words)) is not None
        ]
        self._rules = [rule[:3] for rule in rules]
        # of nearly 200 patterns a title can match a few: those that begin as one of its words does
        self._by_key: dict[str, list[int]] = {}
        for number, (*_, keys) in enumerate(rules):
            for key in keys:
                self._by_key.setdefault(key, []).append(number)
        codes = {code for activity in activities.values() for code in activity.wordings}
        self._verbs: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for code in sorted(codes):
            by_key: dict[str, list[str]] = {}
            for verb in _verbs(activities.values(), code):
                for key in _keys([verb]):
                    by_key.setdefault(key, []).append(verb)
            for key, verbs in by_key.items():
                self._verbs.setdefault(key, []).append((code, tuple(verbs)))

    def languages(self, title: str) -> frozenset[str]:
        """The languages that have a verb of the title among their cues."""
        text = plain(title)
        possible = (verbs for key in _begins(text) for verbs in self._verbs.get(key, ()))
        return frozenset(code for code, verbs in possible if _has_one(text, verbs))

    def of(self, title: str) -> dict[str, float]:
        """What the title's words say for each activity that they name at all.

        Longer cues weigh more, so that "call back" goes before "call"; so does the first word,
        with which most people name what is to be done.
        """
        text = plain(title)
        found: dict[str, float] = {}
        for number in self._possible(text):
            name, weight, pattern = self._rules[number]
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

    def _possible(self, text: str) -> list[int]:
        """The rules of which a cue may begin somewhere in the text."""
        return sorted({number for key in _begins(text) for number in self._by_key.get(key, ())})


def _begins(text: str) -> set[str]:
    """The keys of all that may begin somewhere in the text."""
    found = {""}
    for match in _START.finditer(text):
        at = match.start()
        found.update(text[at : at + length] for length in range(1, KEY + 1))
    return found


def _keys(words: Iterable[str]) -> set[str]:
    """How what these cues match begins; the empty one where it may begin anyhow."""
    return {_key(plain(word)) for word in words if word.strip()}


def _key(word: str) -> str:
    start = word.partition("*")[0] if _LATIN.search(word) else word
    return start[:KEY] if _START.match(start) and (start[0] > "~" or _LATIN.match(start)) else ""


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
def _known_pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """The same, made when it is first needed: of thousands, titles come to need some hundred."""
    return _pattern(words)


def _has_one(text: str, words: tuple[str, ...]) -> bool:
    pattern = _known_pattern(words)
    return pattern is not None and pattern.search(text) is not None


@cache
def _part(word: str) -> str:
    if not _LATIN.search(word):
        return re.escape(word)  # scripts that do not part their words
    text = re.escape(word).replace(r"\ \*\ ", f" {_GAP}").replace(r"\*", r"\w*")
    return rf"(?<!\w){text}(?!\w)"

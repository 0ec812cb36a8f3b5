"""A text in a language that nothing here can prove is refused as a whole.

Two kinds of evidence, by words: one that is at home in another language only, and a clause without
any word of a language that can be proven. Statistical detectors were tried: on clauses of two to
five words they take plain English for a dozen other languages, and miss a foreign clause behind an
English one.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ml.generation.language import bank
from ml.generation.refusals._rule import Rule
from oo.kit.yaml_files import read_yaml

PROVABLE = frozenset({"en"})
"""The languages whose statements the other rules and `ml.generation.claims` find."""

_FILE = Path(__file__).with_name("words.yaml")
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_CLAUSE = re.compile(r"[,;:.!?—–]+")
_LONG = 3  # words of a clause that needs evidence of its own


class _Lexicon(NamedTuple):
    home: frozenset[str]
    foreign: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    lists: dict[str, str] = read_yaml(_FILE)
    words = {language: frozenset(text.split()) for language, text in lists.items()}
    home = frozenset().union(*(words[language] for language in PROVABLE))
    if "en" in PROVABLE:
        home |= _words_of_the_bank()
    others = (words[language] for language in words.keys() - PROVABLE)
    return _Lexicon(home, frozenset().union(*others) - home)


def _words_of_the_bank() -> frozenset[str]:
    groups = bank()
    steps = (step for work in groups.classes.values() for step in (*work.day, *work.night))
    frames = (
        frame for kind in groups.frames.values() for frame in (*kind.any, *kind.day, *kind.night)
    )
    slots = (text for texts in groups.slots.values() for text in texts)
    return frozenset(
        word.lower()
        for text in (*steps, *frames, *slots)
        for word in _WORD.findall(re.sub(r"\{\w+\}", " ", text))
    )


def _is_foreign(word: str) -> bool:
    parts = word.split("-")
    return not word.replace("’", "").isascii() or _lexicon().foreign.issuperset(parts)


def _is_home(word: str) -> bool:
    """Whether the word, or the one that it is a plain form of, is of a language to be proven."""
    home = _lexicon().home
    stem = re.sub(r"’(?:s|re|ve|ll|d|t|m)$", "", word)
    return any(form in home for form in (word, stem, *stem.split("-"), *_plain(stem)))


def _plain(word: str) -> tuple[str, ...]:
    for ending in ("ing", "ed", "es", "er", "est", "ly", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            return stem, f"{stem}e", stem[:-1] if stem[-1] == stem[-2] else stem
    return ()


def _find(text: str) -> list[str]:
    found = []
    for sentence in _SENTENCE.split(text):
        said = _words(sentence)
        strange = [word for word in said if _is_foreign(word)]
        if strange:
            found.append(" ".join(strange))
        elif said and not any(map(_is_home, said)):
            found.append(sentence.strip())
        else:
            found.extend(filter(None, map(_unknown, _CLAUSE.split(sentence))))
    return found


def _words(text: str) -> list[str]:
    return [word.lower().replace("'", "’") for word in _WORD.findall(text)]


def _unknown(clause: str) -> str:
    words = _words(clause)
    known = sum(map(_is_home, words))
    return clause.strip() if len(words) >= _LONG and 2 * known < len(words) else ""


RULE = Rule("unproven language", _find)

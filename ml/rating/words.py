"""The words of a tip: what of a title they hold, what they begin with, which times they name."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import get_day_names

from ml.activities.activity import activities
from ml.activities.casebook import casebook
from ml.languages.language import languages
from oo.kit.yaml_files import read_yaml

FILE = Path(__file__).with_name("words.yaml")
STEM = 4  # letters that two forms of one word share, as a rule
SHORTEST = 3  # of a word that says something
_WORD = re.compile(r"[^\W_]+")
_JAPANESE = re.compile(r"[^\W_ぁ-ん]{2,}")  # runs of what is no hiragana: those carry the meaning
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s*")
_ENDING = 3


def stems(text: str, language: str) -> frozenset[str]:
    """What its words have in common with their other forms; pairs of characters in Japanese."""
    if not languages()[language].gap:
        runs = _JAPANESE.findall(text)
        pairs = {run[at : at + 2] for run in runs for at in range(len(run) - 1)}
        return frozenset(pairs) | frozenset(numbers(text))
    words = (word.casefold() for word in _WORD.findall(text))
    ordinary = _lists()["ordinary"][language]
    return frozenset(
        word[:STEM]
        for word in words
        if (len(word) >= SHORTEST or word.isdigit()) and word not in ordinary
    )


def about(tip: str, titles: Sequence[str], language: str) -> tuple[float, ...]:
    """How much of each title the tip names: the share of its words, 0 to 1."""
    said = stems(tip, language)
    return tuple(
        len(said & named) / len(named) if (named := stems(title, language)) else 0.0
        for title in titles
    )


def without(tip: str, titles: Sequence[str], language: str) -> str:
    """The tip without the words of the titles; the tip itself where nothing would be left."""
    named = frozenset().union(*(stems(title, language) for title in titles))
    if not languages()[language].gap:
        left = tip
        for pair in sorted(named):
            left = left.replace(pair, "")
    else:
        left = _WORD.sub(lambda word: "" if word[0].casefold()[:STEM] in named else word[0], tip)
    return left.strip() if any(char.isalpha() for char in left) else tip


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [part for part in _SENTENCE.split(text.strip()) if part]


def is_action(sentence: str, language: str) -> bool:
    """Whether it tells the reader to do something: it begins, or in Japanese ends, as steps do."""
    if not languages()[language].gap:
        return sentence.strip(" 。！」")[-_ENDING:] in _openings(language)
    first = _WORD.search(sentence)
    return first is not None and first[0].casefold() in _openings(language)


def times(text: str, language: str) -> int:
    """How many days, hours and parts of the day it names."""
    return len(_times(language).findall(text))


def numbers(text: str) -> list[str]:
    """The whole numbers in a text, as they are written."""
    return re.findall(r"\d+", text)


@cache
def _openings(language: str) -> frozenset[str]:
    """How the steps of all kinds of work begin, or end, that are written down."""
    steps = [
        step
        for activity in activities().values()
        if language in activity.wordings
        for texts in activity.wordings[language].steps.values()
        for step in texts
    ] + [case.step for case in casebook() if case.language == language]
    if not languages()[language].gap:
        return frozenset(step.strip(" 。！")[-_ENDING:] for step in steps)
    first = (_WORD.search(step) for step in steps)
    return frozenset(found[0].casefold() for found in first if found)


@cache
def _times(language: str) -> re.Pattern[str]:
    days = get_day_names("wide", context="format", locale=Locale.parse(language)).values()
    named = (*days, *_lists()["times"][language])
    if not languages()[language].gap:
        return re.compile("|".join([*map(re.escape, named), r"\d+(?:時|日|分|週)"]))
    words = "|".join(map(re.escape, named))
    return re.compile(rf"\b(?:{words}|\d{{1,2}}:\d\d)\b", re.IGNORECASE)


@cache
def _lists() -> dict[str, dict[str, list[str]]]:
    body: dict[str, dict[str, list[str]]] = read_yaml(FILE)
    return body

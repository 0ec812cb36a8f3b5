"""What can be read off a tip, each a number from 0 to about 1: the terms of the rule's score.

None knows how a tip was made. Most are counts of words; two ask whether what the tip says, without
the words of its task's title, would suit that title more than any other.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.composing.evaluation import held_out
from ml.embedding.embedder import Embedder, Vectors
from ml.languages.language import languages
from ml.rating.reading import Reading
from ml.rating.words import about, is_action, numbers, sentences, stems, times, without

Floats = NDArray[np.float64]

NAMES_IT = 0.3  # of a title's words, from which on the tip speaks of the task
LONG = 140  # characters; those of Japanese count twice
MANY = 3  # sentences, and times


def _names(one: Reading) -> float:
    """The share of the title's words that it names."""
    return max(about(one.tip, one.titles, one.language), default=0.0)


def _quotes(one: Reading) -> float:
    """Whether it quotes a title as it stands."""
    opening, _ = languages()[one.language].quotes
    return float(any(f"{opening}{title}" in one.tip for title in one.titles))


def _joins(one: Reading) -> float:
    """How many tasks it takes together: two as 0.5, three as 1."""
    named = sum(share >= NAMES_IT for share in about(one.tip, one.titles, one.language))
    return min(max(named - 1, 0), 2) / 2


def _begins(one: Reading) -> float:
    """Whether its first sentence tells the reader what to do."""
    return float(any(is_action(part, one.language) for part in sentences(one.tip)[:1]))


def _acts(one: Reading) -> float:
    """The share of its sentences that do."""
    parts = sentences(one.tip)
    return sum(is_action(part, one.language) for part in parts) / max(len(parts), 1)


def _times(one: Reading) -> float:
    """How many days and hours it names; three as 1."""
    return min(times(one.tip, one.language), MANY) / MANY


def _figures(one: Reading) -> float:
    """Whether it names a number that is in the list."""
    known = {str(abs(n)) for item in one.items for n in (item.due, item.age) if n}
    known |= {n for title in one.titles for n in numbers(title)}
    return float(any(n in known for n in numbers(one.tip)))


def _length(one: Reading) -> float:
    """Its length beside LONG characters."""
    wide = 1 if languages()[one.language].gap else 2
    return min(len(one.tip) * wide / LONG, 1.5)


def _parts(one: Reading) -> float:
    """How many sentences it has; three as 1."""
    return min(len(sentences(one.tip)), MANY) / MANY


def _own(one: Reading) -> float:
    """How much it says beyond the titles."""
    titles = frozenset().union(*(stems(title, one.language) for title in one.titles))
    said = stems(one.tip, one.language)
    return len(said - titles) / max(len(said), 1)


def _no_task(one: Reading) -> float:
    """Whether it speaks of no task."""
    return float(one.task is None)


BY_WORDS: dict[str, Callable[[Reading], float]] = {
    "names": _names,
    "quotes": _quotes,
    "joins": _joins,
    "begins": _begins,
    "acts": _acts,
    "times": _times,
    "figures": _figures,
    "length": _length,
    "parts": _parts,
    "own": _own,
    "no_task": _no_task,
}
MEASURES = (*BY_WORDS, "fits", "step_fits")
"""The names of the measures, in the order of the columns."""


class Measures:
    """Measures tips; titles are compared by an encoder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def __call__(self, readings: Sequence[Reading]) -> Floats:
        """One row per tip: shape (n, MEASURES)."""
        by_words = [[measure(one) for measure in BY_WORDS.values()] for one in readings]
        said = [without(one.tip, one.titles, one.language) for one in readings]
        steps = [(sentences(text) or [text])[-1] for text in said]
        fits, step_fits = self._fits(readings, said), self._fits(readings, steps)
        rows = [[*row, *two] for row, *two in zip(by_words, fits, step_fits, strict=True)]
        return np.array(rows, np.float64).reshape(len(readings), len(MEASURES))

    def _fits(self, readings: Sequence[Reading], said: Sequence[str]) -> list[float]:
        """The share of other people's titles that the text is farther from than from its own; 0
        where it is about no task."""
        texts = self._embedder(said)
        titles = self._embedder(
            ["" if one.task is None else one.items[one.task].title for one in readings]
        )
        return [
            0.0
            if one.task is None
            else float(np.mean(self._others[one.language] @ text < title @ text))
            for one, text, title in zip(readings, texts, titles, strict=True)
        ]

    @cached_property
    def _others(self) -> dict[str, Vectors]:
        return {
            code: self._embedder([one.title for one in held_out() if one.language == code])
            for code in languages()
        }

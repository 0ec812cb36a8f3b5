"""Words of titles, weighted by how rare they are: what two texts share beside their topic.

A sentence encoder follows the topic; that "mark 8B essays" and "Mark student essays" are the same
errand is told by the words that they share (inverse document frequency, Spärck Jones 1972).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from math import log, sqrt
from typing import NamedTuple

from ml.activities.cues import plain

STEM = 5  # letters that forms of one word share, near enough
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-z]")
_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")


def stems(text: str) -> frozenset[str]:
    """How the words begin; in scripts without gaps, the pairs of characters."""
    found: set[str] = set()
    for word in _WORD.findall(plain(text)):
        if _LATIN.match(word):
            found.update([word[:STEM]] if len(word) > 1 else [])
            continue
        for run in _RUN.findall(word) or [word]:
            found.update(run[at : at + 2] for at in range(max(1, len(run) - 1)))
    return frozenset(found)


class Shared(NamedTuple):
    """How much of the weight of their words two texts share, each between 0 and 1."""

    cosine: float
    of_first: float
    of_second: float


NOTHING = Shared(0.0, 0.0, 0.0)


class Words:
    """How rare each stem is in a collection of texts, given the stems of each."""

    def __init__(self, texts: Collection[frozenset[str]]) -> None:
        self._counts = Counter(stem for found in texts for stem in found)
        self._size = max(1, len(texts))

    def weight(self, found: Iterable[str]) -> float:
        """How rare the stems are together; one that no text has is as rare as can be."""
        return sum(log(1 + self._size / (1 + self._counts[stem])) for stem in found)

    def shared(self, first: frozenset[str], second: frozenset[str]) -> Shared:
        """What two texts share, given their stems."""
        both = first & second
        if not both:
            return NOTHING
        weight, one, other = self.weight(both), self.weight(first), self.weight(second)
        return Shared(weight / sqrt(one * other), weight / one, weight / other)

    def core(self, text: str) -> str:
        """The text without the words that no other has: names, codes and numbers, mostly.

        Where less than two words would be left, the text as it is.
        """
        words = text.split()
        kept = [word for word in words if (of := stems(word)) and of <= self._counts.keys()]
        return " ".join(kept) if len(kept) >= min(2, len(words)) else text

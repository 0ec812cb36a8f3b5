"""Which of the casebook's first steps suit a title, and how surely.

Nearness of titles alone follows the topic. So what the encoder says of title, case and step, what
the words say, and what is known of the kinds of work are weighed together by a logistic model,
fitted on titles and steps that readers judged (`suiting.yaml`, :mod:`ml.activities.fitting`).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from ml.activities.casebook import Case
from ml.activities.recogniser import Evidence, Recogniser
from ml.activities.words import Words, stems
from ml.embedding.embedder import Embedder, Vectors
from oo.kit.yaml_files import read_yaml

WEIGHTS = Path(__file__).with_name("matching.yaml")
NEAREST = 24  # cases that are looked at for a title, by each of the two ways of being near
AT_MOST = 3  # steps for a title
REMEMBERED = 20_000
FEATURES = (
    "titles",  # cosine of the two titles
    "cores",  # and without names, codes and numbers
    "words",  # cosine of the titles' words
    "of_title",  # share of the title's words that the case has
    "of_case",
    "in_step",  # share of the title's words that the step has
    "kind",  # how much the title speaks for the case's kind of work
    "kind_gap",  # how much less than for its best kind
    "cue_gap",  # the same by its verbs and nouns alone
)

Features = NDArray[np.float64]


class Model(BaseModel):
    """A logistic model over FEATURES: one mean, scale and weight for each.

    `least` is the probability from which on a step is said.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    least: float
    intercept: float
    mean: dict[str, float]
    scale: dict[str, float]
    weight: dict[str, float]

    def probability(self, features: Features) -> Features:
        """How surely each step suits; `features` has shape (n, len(FEATURES))."""
        mean, scale, weight = (
            np.array([of[name] for name in FEATURES]) for of in (self.mean, self.scale, self.weight)
        )
        logits = self.intercept + ((features - mean) / scale) @ weight
        found: Features = 1 / (1 + np.exp(-logits))
        return found


@cache
def fitted(path: Path = WEIGHTS) -> Model:
    """The model in use."""
    return Model.model_validate(read_yaml(path))


class Suiting(NamedTuple):
    """A case whose step may suit, and how surely it does."""

    case: Case
    probability: float


class Matched(NamedTuple):
    """The cases whose step suits a title, the likeliest first; and of each kind of work that has a
    case near it, how surely the likeliest suits.
    """

    suiting: tuple[Suiting, ...]
    kinds: Mapping[str, float]


class _Shelf:
    """The cases of one language."""

    def __init__(self, cases: Sequence[Case], titles: Vectors) -> None:
        self.cases = cases
        self.titles = titles
        self.title_stems = [stems(case.title) for case in cases]
        self.step_stems = [stems(case.plain) for case in cases]
        self.kinds = frozenset(case.activity for case in cases)
        self.words = Words([*self.title_stems, *self.step_stems])
        self.having: dict[str, list[int]] = {}
        for place, found in enumerate(self.title_stems):
            for stem in found:
                self.having.setdefault(stem, []).append(place)

    def near(self, similar: Vectors, of_title: frozenset[str]) -> list[int]:
        """Places of cases worth a look: by the encoder, and by rare words in common."""
        count = min(NEAREST, len(similar))
        found = np.argpartition(-similar, count - 1)[:count].tolist()
        shared: dict[int, float] = {}
        for stem in of_title:
            weight = self.words.weight([stem])
            for place in self.having.get(stem, ()):
                shared[place] = shared.get(place, 0.0) + weight
        found += sorted(shared, key=lambda place: -shared[place])[:NEAREST]
        return list(dict.fromkeys(found))


class Matcher:
    """Finds steps for titles; one per process, since it remembers titles."""

    def __init__(
        self, cases: Sequence[Case], embedder: Embedder, recogniser: Recogniser, model: Model
    ) -> None:
        self._embedder = embedder
        self.recogniser = recogniser
        self._model = model
        self._known: LRUCache[tuple[str, str], Matched] = LRUCache(REMEMBERED)
        self._cases = cases
        self._shelves: dict[str, _Shelf] = {}  # of the languages that somebody's list is in

    def __call__(self, titles: Sequence[str], language: str) -> list[Matched]:
        """For each title what is near it: at most AT_MOST steps."""
        new = [title for title in dict.fromkeys(titles) if (title, language) not in self._known]
        for title, looked in zip(new, self.looked_at(new, language), strict=True):
            good = [found for found in looked if found.probability >= self._model.least]
            kinds = {one.case.activity: one.probability for one in reversed(looked)}
            self._known[title, language] = Matched(tuple(good[:AT_MOST]), kinds)
        return [self._known[title, language] for title in titles]

    def kinds_of(self, language: str) -> frozenset[str]:
        """The kinds of work that have cases in that language."""
        return self._shelf(language).kinds

    def looked_at(self, titles: Sequence[str], language: str) -> list[list[Suiting]]:
        """Every case that was weighed for each title, the likeliest first."""
        found = []
        for cases, features in self.features(titles, language):
            probabilities = self._model.probability(features).tolist() if cases else []
            suiting = map(Suiting, cases, probabilities)
            found.append(sorted(suiting, key=lambda one: -one.probability))
        return found

    def features(self, titles: Sequence[str], language: str) -> list[tuple[list[Case], Features]]:
        """The cases near each title with their FEATURES: shape (n, len(FEATURES))."""
        shelf = self._shelf(language)
        if not shelf.cases or not titles:
            return [([], np.zeros((0, len(FEATURES)))) for _ in titles]
        evidence = self.recogniser.evidence(titles)
        whole = np.array([one.vector for one in evidence]) @ shelf.titles.T
        similar = np.stack((whole, self._by_core(shelf, titles, whole)), axis=1)
        return [self._of(shelf, *row) for row in zip(titles, similar, evidence, strict=True)]

    def _by_core(self, shelf: _Shelf, titles: Sequence[str], whole: Vectors) -> Vectors:
        """The cosines of what is left of each title; `whole` are those of the titles."""
        cores = [shelf.words.core(title) for title in titles]
        others = [row for row, title in enumerate(titles) if cores[row] != title]
        found = whole.copy()
        if others:  # most cores are the title itself
            found[others] = self._embedder([cores[row] for row in others]) @ shelf.titles.T
        return found

    def _shelf(self, language: str) -> _Shelf:
        if language not in self._shelves:
            places = [at for at, case in enumerate(self._cases) if case.language == language]
            titles = self.recogniser.case_titles[places]
            self._shelves[language] = _Shelf([self._cases[at] for at in places], titles)
        return self._shelves[language]

    @staticmethod
    def _of(
        shelf: _Shelf,
        title: str,
        similar: Vectors,
        evidence: Evidence,
    ) -> tuple[list[Case], Features]:
        of_title, (kinds, cues, _) = stems(title), evidence
        best, best_cue = max(kinds.values()), max(cues.values(), default=0.0)
        places = shelf.near(similar.max(axis=0), of_title)
        rows = []
        for at in places:
            kind = kinds.get(shelf.cases[at].activity, 0.0)
            cue = cues.get(shelf.cases[at].activity, 0.0)
            words = shelf.words.shared(of_title, shelf.title_stems[at])
            in_step = shelf.words.shared(of_title, shelf.step_stems[at]).of_first
            rows.append(
                [*similar[:, at].tolist(), *words, in_step, kind, kind - best, cue - best_cue]
            )
        return [shelf.cases[at] for at in places], np.array(rows).reshape(-1, len(FEATURES))

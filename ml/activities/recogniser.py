"""Which kind of work a title names: nearest examples, and what its own words say."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache

from ml.activities.activity import Activity
from ml.activities.casebook import Case
from ml.activities.cues import Cues
from ml.embedding.embedder import Embedder, Vectors

THRESHOLD = 0.62
BY_CUES = 0.25  # the threshold without an encoder: one verb is enough
MARGIN = 0.04
SURE = 0.2  # above the threshold
NEAREST = 0.75  # of the nearest example; the rest is the second's
REMEMBERED = 20_000
ALIKE = 0.57  # how near a case must be for its step to suit
NEARLY_AS = 0.06  # how much farther another may be


class Recognised(NamedTuple):
    """The activity that a title names; None where it names none clearly enough.

    `score` is that of the best activity, whether it was enough or not. What is stated of a task by
    its kind, and not only proposed, needs one that `is_sure`. `steps` are those of the cases that
    the title is near, by language, the nearest first.
    """

    activity: Activity | None
    score: float
    is_sure: bool = False
    steps: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class Recogniser:
    """Tells activities by title; without an `embedder`, by cues alone."""

    def __init__(
        self,
        activities: Mapping[str, Activity],
        embedder: Embedder | None,
        cases: Sequence[Case] = (),
    ) -> None:
        self._activities = activities
        self._names = tuple(activities)
        self._place = {name: number for number, name in enumerate(self._names)}
        self._cues = Cues(activities)
        self._embedder = embedder
        self._known: LRUCache[str, Recognised] = LRUCache(REMEMBERED)
        if embedder is not None:
            examples = [
                (place, title)
                for place, activity in enumerate(activities.values())
                for wording in activity.wordings.values()
                for title in wording.titles
            ]
            self._cases: dict[str, list[tuple[int, Case]]] = {}  # with the place of the example
            for case in cases:
                if case.activity in self._place:
                    self._cases.setdefault(case.activity, []).append((len(examples), case))
                    examples.append((self._place[case.activity], case.title))
            self._examples = embedder([title for _, title in examples])
            places = np.array([place for place, _ in examples])
            self._of_each = [np.flatnonzero(places == place) for place in range(len(self._names))]

    def __call__(self, titles: Sequence[str]) -> list[Recognised]:
        """What each title names."""
        new = [title for title in dict.fromkeys(titles) if title not in self._known]
        found = dict(zip(new, self._recognise(new), strict=True)) if new else {}
        self._known.update(found)
        return [found.get(title) or self._known[title] for title in titles]

    def languages(self, title: str) -> frozenset[str]:
        """The languages whose verbs the title has."""
        return self._cues.languages(title)

    def _similar(self, titles: Sequence[str]) -> Vectors | None:
        return None if self._embedder is None else self._embedder(titles) @ self._examples.T

    def _scores(self, titles: Sequence[str], similar: Vectors | None) -> Vectors:
        """How much each title speaks for each activity: shape (titles, activities)."""
        total = np.zeros((len(titles), len(self._names)), np.float32)
        if similar is not None:
            total += self._near(similar)
        for row, title in enumerate(titles):
            for name, weight in self._cues.of(title).items():
                total[row, self._place[name]] += weight
        return total

    def _near(self, similar: Vectors) -> Vectors:
        found = np.zeros((len(similar), len(self._names)), np.float32)
        for place, examples in enumerate(self._of_each):
            second = max(0, len(examples) - 2)  # from the end, as far as there are two
            nearest = np.partition(similar[:, examples], second, axis=1)[:, second:]
            best = nearest.max(axis=1)
            found[:, place] = NEAREST * best + (1 - NEAREST) * nearest.min(axis=1)
        return found

    def _recognise(self, titles: Sequence[str]) -> list[Recognised]:
        similar = self._similar(titles)
        scores = self._scores(titles, similar)
        least = THRESHOLD if self._embedder is not None else BY_CUES
        found = []
        for number, row in enumerate(scores):
            best, second = np.sort(row)[::-1][:2] if len(row) > 1 else (row[0], 0.0)
            is_clear = best >= least and best - second >= MARGIN
            activity = self._activities[self._names[int(row.argmax())]] if is_clear else None
            is_sure = is_clear and best >= least + SURE
            steps = self._steps(activity, similar[number]) if similar is not None else {}
            found.append(Recognised(activity, float(best), bool(is_sure), steps))
        return found

    def _steps(self, activity: Activity | None, similar: Vectors) -> dict[str, tuple[str, ...]]:
        """The steps of the cases of that kind which the title is near."""
        if activity is None:
            return {}
        near: dict[str, list[tuple[float, str]]] = {}
        for place, case in self._cases.get(activity.name, ()):
            alike = float(similar[place])
            if alike >= ALIKE:
                near.setdefault(case.language, []).append((alike, case.step))
        return {
            language: tuple(step for alike, step in ranked if alike >= ranked[0][0] - NEARLY_AS)
            for language, steps in near.items()
            if (ranked := sorted(steps, reverse=True))
        }

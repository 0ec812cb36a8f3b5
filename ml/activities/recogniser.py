"""Which kind of work a title names: nearest examples, and what its own words say."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache

from ml.activities.activity import Activity
from ml.activities.cues import Cues
from ml.embedding.embedder import Embedder

THRESHOLD = 0.6
BY_CUES = 0.25  # the threshold without an encoder: one verb is enough
MARGIN = 0.03
SURE = 0.2  # above the threshold
NEAREST = 0.75  # of the nearest example; the rest is the second's
REMEMBERED = 20_000


class Recognised(NamedTuple):
    """The activity that a title names; None where it names none clearly enough.

    `score` is that of the best activity, whether it was enough or not. What is stated of a task by
    its kind, and not only proposed, needs one that `is_sure`.
    """

    activity: Activity | None
    score: float
    is_sure: bool = False


class Recogniser:
    """Tells activities by title; without an `embedder`, by cues alone."""

    def __init__(self, activities: Mapping[str, Activity], embedder: Embedder | None) -> None:
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

    def scores(self, titles: Sequence[str]) -> np.ndarray:
        """How much each title speaks for each activity: shape (titles, activities)."""
        total = np.zeros((len(titles), len(self._names)), np.float32)
        if self._embedder is not None:
            total += self._near(titles)
        for row, title in enumerate(titles):
            for name, weight in self._cues.of(title).items():
                total[row, self._place[name]] += weight
        return total

    def _near(self, titles: Sequence[str]) -> np.ndarray:
        assert self._embedder is not None  # noqa: S101 - asked by the caller
        similar = self._embedder(titles) @ self._examples.T
        found = np.zeros((len(titles), len(self._names)), np.float32)
        for place, examples in enumerate(self._of_each):
            nearest = np.sort(similar[:, examples], axis=1)[:, ::-1][:, :2]
            found[:, place] = NEAREST * nearest[:, 0] + (1 - NEAREST) * nearest[:, -1]
        return found

    def _recognise(self, titles: Sequence[str]) -> list[Recognised]:
        scores = self.scores(titles)
        least = THRESHOLD if self._embedder is not None else BY_CUES
        found = []
        for row in scores:
            best, second = np.sort(row)[::-1][:2] if len(row) > 1 else (row[0], 0.0)
            is_clear = best >= least and best - second >= MARGIN
            activity = self._activities[self._names[int(row.argmax())]] if is_clear else None
            is_sure = is_clear and best >= least + SURE
            found.append(Recognised(activity, float(best), bool(is_sure)))
        return found

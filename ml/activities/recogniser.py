"""Which kind of work a title names: nearest examples, and what its own words say."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache

from ml.activities.activity import Activity
from ml.activities.casebook import Case
from ml.activities.cues import Cues
from ml.embedding.embedder import Embedder, Vectors
from ml.embedding.kept import kept

THRESHOLD = 0.62
BY_CUES = 0.25  # the threshold without an encoder: one verb is enough
MARGIN = 0.04
SURE = 0.2  # above the threshold
NEAREST = 0.75  # of the nearest example; the rest is the second's
REMEMBERED = 20_000
LATELY = 200  # titles; what is known of one takes 20 kB


class Recognised(NamedTuple):
    """The activity that a title names; None where it names none clearly enough.

    `score` is that of the best activity, whether it was enough or not. What is stated of a task by
    its kind, and not only proposed, needs one that `is_sure`.
    """

    activity: Activity | None
    score: float
    is_sure: bool = False


class Evidence(NamedTuple):
    """How much a title speaks for each kind of work, and what of that its words alone say.

    `vector` is the encoder's, where there is one.
    """

    kinds: Mapping[str, float]
    cues: Mapping[str, float]
    vector: Vectors | None


class Recogniser:
    """Tells activities by title; without an `embedder`, by cues alone.

    The titles of `cases` are examples too; `case_titles` are their vectors, a row for each.
    """

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
        # who asks for steps has just had the same titles recognised, and encoding costs most
        self._lately: LRUCache[str, Evidence] = LRUCache(LATELY)
        if embedder is not None:
            examples = [
                (place, title)
                for place, activity in enumerate(activities.values())
                for wording in activity.wordings.values()
                for title in wording.titles
            ]
            examples += [(self._place[case.activity], case.title) for case in cases]
            self._examples = kept(embedder, [title for _, title in examples])
            self.case_titles = self._examples[len(examples) - len(cases) :]
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

    def evidence(self, titles: Sequence[str]) -> list[Evidence]:
        """What speaks for each kind of work, for each title."""
        found = {title: self._lately[title] for title in titles if title in self._lately}
        new = [title for title in dict.fromkeys(titles) if title not in found]
        found |= zip(new, self._look(new), strict=True) if new else {}
        self._lately.update(found)
        return [found[title] for title in titles]

    def _look(self, titles: Sequence[str]) -> list[Evidence]:
        vectors = None if self._embedder is None else self._embedder(titles)
        total = np.zeros((len(titles), len(self._names)), np.float32)
        if vectors is not None:
            total += self._near(vectors @ self._examples.T)
        found = []
        for number, (row, title) in enumerate(zip(total, titles, strict=True)):
            cues = self._cues.of(title)
            for name, weight in cues.items():
                row[self._place[name]] += weight
            kinds = dict(zip(self._names, row.tolist(), strict=True))
            found.append(Evidence(kinds, cues, None if vectors is None else vectors[number]))
        return found

    def _near(self, similar: Vectors) -> Vectors:
        found = np.zeros((len(similar), len(self._names)), np.float32)
        for place, examples in enumerate(self._of_each):
            second = max(0, len(examples) - 2)  # from the end, as far as there are two
            nearest = np.partition(similar[:, examples], second, axis=1)[:, second:]
            best = nearest.max(axis=1)
            found[:, place] = NEAREST * best + (1 - NEAREST) * nearest.min(axis=1)
        return found

    def _recognise(self, titles: Sequence[str]) -> list[Recognised]:
        least = THRESHOLD if self._embedder is not None else BY_CUES
        found = []
        for evidence in self.evidence(titles):
            row = np.fromiter(evidence.kinds.values(), np.float32)
            best, second = np.sort(row)[::-1][:2] if len(row) > 1 else (row[0], 0.0)
            is_clear = best >= least and best - second >= MARGIN
            activity = self._activities[self._names[int(row.argmax())]] if is_clear else None
            is_sure = is_clear and best >= least + SURE
            found.append(Recognised(activity, float(best), bool(is_sure)))
        return found

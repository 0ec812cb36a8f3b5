"""The rule: measures weighed as readers did, less the faults; the same tip, the same score."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ml.activities.recogniser import Recogniser
from ml.composing.writing import knowing_composer
from ml.embedding.embedder import sentence_encoder
from ml.generation.completion import Completer
from ml.rating.calibration import VERSION, coefficients
from ml.rating.judging import LEAST, MOST, Opinion
from ml.rating.measures import MEASURES, Measures
from ml.rating.reading import Reading, faults_of

FAULT = 1.0  # what each fault takes off; too few of the tips that readers judged had one to fit it


@dataclass(frozen=True, slots=True)
class Rule:
    """Scores a tip by what can be read off it, less what is wrong with it."""

    name: str = "rule"
    version: str = VERSION

    async def judge(
        self, readings: Sequence[Reading], models: Completer | None = None
    ) -> list[Opinion | None]:
        if not readings:
            return []
        measured = _measures()(readings)
        scores = coefficients().scores(measured)
        found = faults_of(readings, _recogniser())
        return [
            Opinion(
                float(np.clip(score - FAULT * len(faults), LEAST, MOST)),
                faults,
                dict(zip(MEASURES, map(float, row), strict=True)),
            )
            for score, faults, row in zip(scores, found, measured, strict=True)
        ]


@cache
def _measures() -> Measures:
    return Measures(sentence_encoder())


@cache
def _recogniser() -> Recogniser:
    return knowing_composer().recogniser


JUDGE = Rule()

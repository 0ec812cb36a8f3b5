"""Learns, per person, what a push is worth at such a moment, and what interrupting costs.

The reward of a push is r = xᵀθ_u + ε with θ_u ~ N(μ, Σ): a hierarchical linear model as that of the
policy of tips, over what the moment is, how good the best candidate is, and the dose: pushes of the
last day and week, those ignored, the time since the last. So the cost of interrupting is learnt,
not set. It speaks with the probability that the reward is above `price`, which is Thompson
sampling for two arms, in closed form:

    p = Φ((xᵀm − price) / (spread · √(xᵀCx))), clipped to [floor, ceiling], times patience.

Everybody's intercept is part of θ_u: price less that intercept is the person's own threshold, and
it begins at the population's. Two things make errors asymmetric, since a push that annoys costs
more than one that is missed: `price` is above 0, and patience falls with each push that is ignored
in a row, faster where none was ever taken up, so that somebody who never reacts is left in peace,
while silence keeps its share for ever. Habituation needs no rule: old reactions fade by γ per day,
so a dose that has lost its effect is one with a lower reward.

Sources: HeartSteps (Liao et al. 2020, arXiv 1909.03539) for the dose and clipped probabilities,
reBandit (arXiv 2402.17739) and ebmTS (arXiv 2510.26284) for the prior.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ml.policies._from_prior import FromPrior
from ml.policies._linear import Gaussian
from ml.training import parameters
from ml.training.experience import statistics_of
from ml.training.pooling import Prior, refit, stack
from ml.training.priors import arrays_of, prior_of, shapes_of
from oo.domain.interruptions import FEATURES, FULL_STREAK, SPEAK
from oo.domain.policies import FITTED, Experience, Scored
from oo.domain.statistics import Floats

NAMES = tuple(FEATURES)
STREAK, TAKEN_UP = NAMES.index("ignored_streak"), NAMES.index("taken_up")
TRIAL_OVER = NAMES.index("trial_over")
PATIENCE = 2.0  # ignored pushes in a row that change nothing, of somebody who takes some up
NOTHING_YET = 0.5
AFTER_TRIAL = 0.0005  # of somebody who took up none in the first week
VERSION = "2"
NOISE = 0.2  # the variance of a push's reward around its mean
COMMON = 0.02  # how uncertain is what people have in common, per weight
APART = 0.02  # how people differ, per weight
TASTE = 0.15  # how they differ in how welcome pushes are at all
SILENT = 1e-4
DOUBT = 0.002  # how far what real people have in common may be from simulated ones, per weight
PRIOR = Path(__file__).parents[1] / "prior.json"
MEAN = {
    "intercept": 0.15,
    "tip_confidence": 0.1,
    "ignored": -0.1,
    "ignored_streak": -0.3,
    "dose_day": -0.1,
    "dose_week": -0.1,
    "just_pushed": -0.1,
}


@dataclass(frozen=True, slots=True)
class Learnt(FromPrior):
    """Bayesian regression of the push's reward; speaks with the probability that it pays."""

    prior: Prior = field(default_factory=lambda: START)
    price: float = 0.3
    spread: float = 0.5
    floor: float = 0.002
    ceiling: float = 0.95
    after_trial: float = AFTER_TRIAL
    earlier: "tuple[Learnt, ...]" = field(default=(), repr=False, compare=False)

    @property
    def state_key(self) -> str:
        return "delivery"

    def score(
        self,
        posterior: Gaussian,
        x: Floats,
        rng: np.random.Generator,
        offset: Floats | float = 0.0,
    ) -> Scored:
        """Scores and propensities (2,) of silence and of speaking at features `x` (2, d)."""
        speaking = np.ascontiguousarray(x[SPEAK])  # sums in one order, whoever made x
        worth = float(speaking @ posterior.mean)
        scores = np.array([0.0, worth - self.price]) + offset
        variance = max(float(speaking @ posterior.covariance @ speaking), 1e-12)
        z = float(scores[1] - scores[0]) / (self.spread * math.sqrt(variance))
        likely = 0.5 * math.erfc(-z / math.sqrt(2))
        patience = self._patience(speaking, FULL_STREAK * float(speaking[STREAK]))
        speak = min(max(likely, self.floor), self.ceiling) * patience
        return Scored(scores, np.array([1.0 - speak, speak]))

    def fit(self, people: Mapping[str, Sequence[Experience]]) -> "Learnt":
        """The same policy with μ, Σ, σ² fitted to these people, from the same start each time."""
        return self.with_prior(refit(START, stack(statistics_of(self, people).values())))

    def with_prior(self, prior: Prior) -> "Learnt":
        """The same policy from another prior, named by its digest."""
        own = self.version.partition(FITTED)[0]
        digest = parameters.digest(parameters.pack(arrays_of(prior)))
        return replace(self, prior=prior, version=f"{own}{FITTED}{digest}")

    def parameters(self) -> bytes:
        return parameters.pack(arrays_of(self.prior))

    def with_parameters(self, data: bytes) -> "Learnt":
        shapes = shapes_of(self.dimension)
        return self.with_prior(prior_of(parameters.unpack(data, shapes)))

    def _patience(self, speaking: Floats, streak: float) -> float:
        """What is left of floor and ceiling after so many ignored pushes in a row.

        Less for somebody who never took one up.
        """
        if speaking[TAKEN_UP]:
            return float(0.5 ** max(0.0, streak - PATIENCE))
        return float(NOTHING_YET**streak) * (self.after_trial if speaking[TRIAL_OVER] else 1.0)


def _vague() -> Prior:
    mean = np.array([MEAN.get(name, 0.0) for name in NAMES])
    apart = np.full(len(NAMES), APART)
    apart[NAMES.index("intercept")] = TASTE
    return Prior(mean, np.diag(apart), NOISE, COMMON * np.eye(len(NAMES)))


def _shipped() -> Prior:
    """The prior of PRIOR, less sure of what people have in common than its fit was.

    What the file does not name says nothing of rewards.
    """
    if not PRIOR.exists():
        return VAGUE
    found = json.loads(PRIOR.read_text())
    at = [NAMES.index(name) for name in found["features"]]
    mean, covariance = np.zeros(len(NAMES)), SILENT * np.eye(len(NAMES))
    common = DOUBT * np.eye(len(NAMES))
    mean[at] = found["mean"]
    covariance[np.ix_(at, at)] = found["covariance"]
    common[np.ix_(at, at)] += np.array(found["mean_covariance"])
    return Prior(mean, covariance, float(found["noise"]), common)


VAGUE: Prior = _vague()
START: Prior = _shipped()
_FIRST = Learnt("learnt", "1", NAMES, decay=0.98, prior=START, after_trial=0.004)
POLICY = replace(_FIRST, version=VERSION, after_trial=AFTER_TRIAL, earlier=(_FIRST,))

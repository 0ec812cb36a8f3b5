"""Empirical-Bayes hierarchical linear Thompson sampling: people learn from each other.

r = xᵀθ_u + ε with θ_u ~ N(μ, Σ), fitted to all who opted in (`ml.training.pooling`). Somebody new
starts from what people have in common and becomes themselves with each reaction. Old reactions
fade by γ per day while the prior stays: stabilised forgetting (Kulhavý and Zarrop 1993), so that
a long silence leads back to the prior and not to ignorance.

The features hold the writer's confidence: its weight begins above 0 and follows, per person and
for all, how well the confidence is borne out by reactions.

Sources: reBandit (arXiv 2402.17739), ebmTS (arXiv 2510.26284), Hierarchical Bayesian Bandits
(Hong et al. 2022, arXiv 2111.06929).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ml.policies._features import PERSONAL
from ml.policies._thompson import Thompson
from ml.training import parameters
from ml.training.experience import statistics_of
from ml.training.pooling import Prior, refit, stack, vague
from ml.training.priors import arrays_of, prior_of, shapes_of
from oo.domain.policies import FITTED, Experience

START_TRUST = 0.1  # reward from full doubt (-1) to full confidence (+1) is twice this


@dataclass(frozen=True, slots=True)
class Hierarchical(Thompson):
    """Thompson sampling from a prior that is fitted to many people."""

    def fit(self, people: Mapping[str, Sequence[Experience]]) -> "Hierarchical":
        """The same policy with μ, Σ, σ² fitted to these people, from the same start each time."""
        fitted = refit(START, stack(statistics_of(self, people).values()))
        return replace(
            self,
            prior=fitted,
            version=f"{VERSION}{FITTED}{parameters.digest(parameters.pack(arrays_of(fitted)))}",
        )

    def parameters(self) -> bytes:
        return parameters.pack(arrays_of(self.prior))

    def with_parameters(self, data: bytes) -> "Hierarchical":
        found = parameters.unpack(data, shapes_of(self.dimension))
        version = f"{VERSION}{FITTED}{parameters.digest(data)}"
        return replace(self, prior=prior_of(found), version=version)


def _start() -> Prior:
    prior = vague(len(PERSONAL))
    prior.mean[PERSONAL.index("llm_confidence")] = START_TRUST
    return prior


VERSION = "1"
START = _start()
POLICY = Hierarchical("ebts", VERSION, PERSONAL, decay=0.98, prior=START, spread=0.1)

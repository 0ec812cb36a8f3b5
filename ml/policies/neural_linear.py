"""A network shared by all, and a Bayesian last layer for each person.

Riquelme, Tucker and Snoek 2018 (arXiv 1802.09127): the network is trained in batch, the last layer
learns from each reaction. The layer's prior is fitted to all people as for `ebts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ml.policies._features import PERSONAL
from ml.policies._thompson import Thompson
from ml.training import parameters
from ml.training.experience import statistics_of
from ml.training.network import HIDDEN, Network, train, untrained
from ml.training.pooling import refit, stack, vague
from ml.training.priors import arrays_of, prior_of, shapes_of
from oo.domain.policies import FITTED, Contribution, Experience, rows
from oo.domain.statistics import Floats

EMBEDDING = 16
VERSION = "1"
# nodes and weights on (0, 1): contributions are integrals along the way from nothing to x
_NODES, _WEIGHTS = (part / 2 for part in np.polynomial.legendre.leggauss(24))


@dataclass(frozen=True, slots=True)
class NeuralLinear(Thompson):
    """Thompson sampling on embedded features."""

    network: Network = field(default_factory=lambda: untrained(len(PERSONAL), EMBEDDING))

    @property
    def dimension(self) -> int:
        return EMBEDDING

    @property
    def state_key(self) -> str:
        # statistics hold what this network made of the features: another one starts from the log
        return f"{self.name}:{self.version}"

    def embed(self, x: Floats) -> Floats:
        return self.network.embed(x)

    def explain(self, posterior: Any, x: Floats) -> tuple[Contribution, ...]:
        """Integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365): they add up."""
        paths = (_NODES[:, None] + 0.5) * x
        slopes = np.einsum("p,peo->eo", _WEIGHTS, self._jacobian(paths))
        deviation = np.sqrt(np.einsum("eo,ef,fo->o", slopes, posterior.covariance, slopes))
        mean, prior = posterior.mean @ slopes, posterior.prior @ slopes
        return tuple(
            Contribution(
                feature,
                float(x[o]),
                float(mean[o]),
                float(abs(x[o]) * deviation[o]),
                float(prior[o]),
                float(mean[o] - prior[o]),
            )
            for o, feature in enumerate(self.features)
        )

    def _jacobian(self, x: Floats) -> Floats:
        """∂ embedding / ∂ x, (n, EMBEDDING, features), at each row of `x`."""
        hidden = np.tanh(x @ self.network.inner.T)
        embedded = np.tanh(hidden @ self.network.outer.T)
        jacobian: Floats = np.einsum(
            "ne,eh,nh,ho->neo",
            1.0 - embedded**2,
            self.network.outer,
            1.0 - hidden**2,
            self.network.inner,
            optimize=True,
        )
        return jacobian

    def fit(self, people: Mapping[str, Sequence[Experience]]) -> "NeuralLinear":
        """The same policy with network and prior fitted to these people, from the same start."""
        experience = [one for user in sorted(people) for one in people[user]]
        if not experience:
            return POLICY
        network = train(
            POLICY.network,
            rows(self, experience),
            np.array([one.reward for one in experience]),
            np.ones(len(experience)),
        )
        embedded = replace(self, network=network)
        prior = refit(vague(EMBEDDING), stack(statistics_of(embedded, people).values()))
        fitted = replace(embedded, prior=prior)
        return replace(fitted, version=f"{VERSION}{FITTED}{parameters.digest(fitted.parameters())}")

    def parameters(self) -> bytes:
        return parameters.pack(
            {
                "inner": self.network.inner,
                "outer": self.network.outer,
                **arrays_of(self.prior),
            }
        )

    def with_parameters(self, data: bytes) -> "NeuralLinear":
        found = parameters.unpack(
            data,
            {
                "inner": (HIDDEN, len(PERSONAL)),
                "outer": (EMBEDDING, HIDDEN),
                **shapes_of(EMBEDDING),
            },
        )
        return replace(
            self,
            network=Network(found["inner"], found["outer"]),
            prior=prior_of(found),
            version=f"{VERSION}{FITTED}{parameters.digest(data)}",
        )


POLICY = NeuralLinear(
    "neural-linear", VERSION, PERSONAL, decay=0.98, prior=vague(EMBEDDING), spread=0.1
)

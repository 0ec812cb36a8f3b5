"""What linear policies share that start from what people have in common."""

from dataclasses import dataclass, field

from ml.policies._linear import Gaussian, Linear, inverted
from ml.training.pooling import Prior, vague
from oo.domain.statistics import Floats, Statistics


@dataclass(frozen=True, slots=True)
class FromPrior(Linear):
    """Bayesian regression of r = xᵀθ + ε from a population prior of θ."""

    prior: Prior = field(default_factory=lambda: vague(0))
    _precision: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_precision", inverted(self.prior.predictive))

    def posterior(self, statistics: Statistics) -> Gaussian:
        """C = (Σ⁻¹ + A/σ²)⁻¹, m = C (Σ⁻¹μ + b/σ²)."""
        prior = self.prior
        covariance = inverted(self._precision + statistics.A / prior.noise)
        mean = covariance @ (self._precision @ prior.mean + statistics.b / prior.noise)
        return Gaussian(mean, covariance, prior.mean)

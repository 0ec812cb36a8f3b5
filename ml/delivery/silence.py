"""The "say nothing" arm, and what a delivered tip costs the person who is interrupted.

A tip that somebody asked for by opening the page costs nothing. One that is delivered to them does
once there have been many of late: Oralytics (Trella et al. 2024, arXiv 2409.10526, equation 4)
takes a cost off the reward when the recent dose is above a threshold, which keeps people from
learning to look away. Silence earns 0 for certain, so it wins when every tip's expected reward is
below its cost, and its propensity is logged like any other's.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from oo.domain.policies import Policy, pick
from oo.domain.statistics import Floats


class Burden(NamedTuple):
    """What delivering costs: `cost` per unit of dose above `threshold`.

    A delivery counts 1 when it is new and half as much after each `half_life_h` hours.
    """

    threshold: float = 2.0
    cost: float = 0.3
    half_life_h: float = 12.0

    def dose(self, hours_since: Sequence[float]) -> float:
        """The recent dose, from how many hours ago each delivery was."""
        return float(np.sum(0.5 ** (np.asarray(hours_since, np.float64) / self.half_life_h)))

    def charge(self, dose: float) -> float:
        """What the next delivery costs, in units of reward."""
        return self.cost * max(0.0, dose - self.threshold)


class Delivery(NamedTuple):
    """The candidate to deliver, or None to say nothing; the last of K + 1 entries is silence."""

    chosen: int | None
    scores: Floats
    propensities: Floats


def decide(policy: Policy, posterior: Any, x: Floats, charge: float, seed: int) -> Delivery:
    """Deliver one of K candidates with features `x` (K, d) at a cost of `charge`, or nothing.

    A row of zeros embeds to zero in every policy, so silence scores 0 whatever was learnt.
    """
    offered = np.vstack([x, np.zeros((1, x.shape[1]))])
    offset = np.append(np.full(len(x), -charge), 0.0)
    made = pick(policy, posterior, offered, seed, offset)
    return Delivery(None if made.chosen == len(x) else made.chosen, made.scores, made.propensities)

"""Inputs on which the estimators are compared with obp; numpy only, as obp runs elsewhere."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Case(NamedTuple):
    """A log and the hyper-parameters to evaluate it with; arrays as in `BanditFeedback`."""

    name: str
    actions: NDArray[np.int64]
    rewards: Floats
    pscores: Floats
    evaluation: Floats
    estimated_rewards: Floats
    clip: float
    tau: float
    shrink: float


def cases() -> list[Case]:
    """Logs of different sizes and overlap."""
    return [
        _case("small", 1, 5, 2, 1.0, 3.0, 1.0, 2.0),
        _case("middle", 2, 200, 5, 1.0, 5.0, 2.0, 10.0),
        _case("many actions", 3, 500, 40, 1.5, 10.0, 20.0, 100.0),
        _case("extreme weights", 4, 1000, 8, 3.0, 50.0, 100.0, 1e4, surprising=True),
        _case("no hyper-parameter bites", 5, 300, 3, 1.0, np.inf, np.inf, np.inf),
        _case("every hyper-parameter bites", 6, 300, 3, 2.0, 0.1, 0.0, 1e-3),
    ]


def checksum(case: Case) -> float:
    """A number that tells whether the inputs are those of the frozen answers."""
    arrays = (case.actions, case.rewards, case.pscores, case.evaluation, case.estimated_rewards)
    return float(sum(np.sum(array * np.arange(1, array.size + 1).reshape(array.shape))
                     for array in arrays))  # fmt: skip


def _case(
    name: str,
    seed: int,
    n: int,
    k: int,
    sharpness: float,
    clip: float,
    tau: float,
    shrink: float,
    *,
    surprising: bool = False,
) -> Case:
    """One log; in a `surprising` one, actions were taken as if all were as likely."""
    rng = np.random.Generator(np.random.PCG64(seed))
    logging = _softmax(sharpness * rng.standard_normal((n, k)))
    evaluation = _softmax(sharpness * rng.standard_normal((n, k)))
    taken = np.full_like(logging, 1 / k) if surprising else logging
    actions = (taken.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, k - 1)
    mean = rng.uniform(-1, 1, (n, k))
    rows = np.arange(n)
    rewards = mean[rows, actions] + 0.3 * rng.standard_normal(n)
    q_hat = mean + 0.2 * rng.standard_normal((n, k))
    pscores = logging[rows, actions]
    return Case(name, actions, rewards, pscores, evaluation, q_hat, clip, tau, shrink)


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    share: Floats = raised / raised.sum(axis=1, keepdims=True)
    return share

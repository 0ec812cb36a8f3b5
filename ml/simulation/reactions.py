"""What a person does with a tip: a model of choice, and its exact expected reward.

The answer is a multinomial logit of the tip's appeal u (McFadden 1974): done +βu, snooze 0,
dismiss −βu, none −βu/2, each with the person's own bias. Dwell times are log-normal, longer for
what appeals more. Rewards are the product's (`oo.domain.rewards`); because they are constant
between three bounds of dwell time, the expectation is a sum of four terms.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, softmax

from ml.simulation.personas import Personas
from oo.domain.rewards import (
    DONE_LATER_S,
    DONE_SOON_S,
    DONE_TOO_FAST_S,
    MISSED_REWARD,
    Action,
    reward,
)
from oo.domain.statistics import Floats


class Answer(IntEnum):
    """What came of a tip; `UNSEEN` has no reward."""

    DONE = 0
    SNOOZE = 1
    DISMISS = 2
    MISSED = 3
    UNSEEN = 4


_SHARPNESS = 1.3
_PULL = np.array([1.0, 0.0, -1.0, -0.5])
_DWELL_SD = 0.9
_MEDIAN_DWELL_S = 60.0
_DWELL_PER_APPEAL = 0.5
_BOUNDS_S = np.array([DONE_TOO_FAST_S, DONE_SOON_S, DONE_LATER_S])
_DONE_REWARDS = np.array([reward(Action.DONE, s) for s in (0.0, *_BOUNDS_S)])
_OTHERS = np.array([reward(Action.SNOOZE, 0.0), reward(Action.DISMISS, 0.0), MISSED_REWARD])


class Reactions(NamedTuple):
    """One reaction per person, each (P,).

    `dwell_s` is how long the tip was visible, 0 without a gesture; `reward` is NaN for a tip that
    was not seen.
    """

    answer: NDArray[np.int64]
    dwell_s: Floats
    reward: Floats


def probabilities(personas: Personas, appeal: Floats) -> Floats:
    """The chance of each answer to a tip that is seen, (P, K, 4), for its appeal (P, K)."""
    logits = _SHARPNESS * appeal[..., None] * _PULL + personas.biases[:, None, :]
    chances: Floats = softmax(logits, axis=-1)
    return chances


def expected_reward(personas: Personas, appeal: Floats) -> Floats:
    """The exact mean reward (P, K) of showing a tip of that appeal (P, K), given it is seen."""
    edges = (np.log(_BOUNDS_S) - _log_median(personas, appeal)[..., None]) / _DWELL_SD
    below = ndtr(edges)
    ones = np.ones((*appeal.shape, 1))
    within = np.diff(np.concatenate([0 * ones, below, ones], axis=-1), axis=-1)
    chances = probabilities(personas, appeal)
    expected: Floats = chances[..., 0] * (within @ _DONE_REWARDS) + chances[..., 1:] @ _OTHERS
    return expected


def react(personas: Personas, appeal: Floats, luck: Floats, dwell_luck: Floats) -> Reactions:
    """One reaction per person to a tip of `appeal` (P,).

    `luck` (2, P) is uniform: whether it is seen, and which answer; `dwell_luck` (P,) is normal.
    """
    chances = probabilities(personas, appeal[:, None])[:, 0]
    answer = np.minimum((luck[1][:, None] > np.cumsum(chances, axis=1)).sum(axis=1), 3)
    answer = np.where(luck[0] < personas.unseen, Answer.UNSEEN, answer)
    median = _log_median(personas, appeal[:, None])[:, 0]
    dwell = np.where(answer <= Answer.DISMISS, np.exp(median + _DWELL_SD * dwell_luck), 0.0)
    return Reactions(answer, dwell, rewards(answer, dwell))


def rewards(answer: NDArray[np.int64], dwell_s: Floats) -> Floats:
    """The product's reward of each answer, NaN for a tip that was not seen."""
    table = np.array([np.nan, *_OTHERS, np.nan])
    done = _DONE_REWARDS[np.searchsorted(_BOUNDS_S, dwell_s, side="right")]
    rewarded: Floats = np.where(answer == Answer.DONE, done, table[answer])
    return rewarded


def _log_median(personas: Personas, appeal: Floats) -> Floats:
    shift = _DWELL_PER_APPEAL * np.clip(appeal, -3, 3)
    median: Floats = np.log(_MEDIAN_DWELL_S) + personas.pace[:, None] + shift
    return median

"""The challenger's gain on the policy in force, decision by decision, from the past alone.

With weights w_e and w_0 of challenger and policy in force, Δ = w_e − w_0, and any h that is known
before the candidate is drawn,

    D_i = Δ_i(a_i) r_i − h_i(a_i) + E_{a ~ π_b}[h_i(a)]

has the mean Σ_a (π_e − π_0)(a) E[r_i | a]: it is unbiased however the world changes and however a
person's reactions hang together, because the draw itself is random and its chances were logged.
h = Δ q̂ makes it doubly robust. Cutting h off at c + min(Δ, 0) keeps D >= −(c + 1), and a bet on D
needs nothing else: the upper tail may be as heavy as it likes. A bet of β may be lost up to nine
tenths, so it has the cut at which β (c + 1) = 0.9: small bets, which large weights call for, have
nearly the whole of h and little variance. The idea is that of Waudby-Smith, Wu, Ramdas,
Karampatziakis and Mineiro (2022), arXiv 2210.10768, section 3, here for both policies at once, so
that what they share cancels.

What neither could have been logged counts as the worst: 0 for the challenger, 1 for the other.
"""

from typing import NamedTuple

import numpy as np

from ml.ope.feedback import Floats, Ints
from ml.promotion.evidence import REWARD_HIGH, REWARD_LOW, Evidence

BETS = np.geomspace(0.006, 0.5, 8)
STAKE = 0.9
REFIT_EVERY = 50
PENALTY = 10.0
SPAN = REWARD_HIGH - REWARD_LOW


class Differences(NamedTuple):
    """D (n,) without a cut, and D (n, J) cut for each of the J `bets` (J,): bet · D >= −STAKE."""

    values: Floats
    cut: Floats
    bets: Floats


def gains(evidence: Evidence) -> Differences:
    """The gain in reward of each decision."""
    unit = (evidence.rewards - REWARD_LOW) / SPAN
    values, cut, bets = differences(evidence, unit)
    return Differences(SPAN * values, SPAN * cut, bets / SPAN)


def sparing(evidence: Evidence) -> Differences:
    """How many fewer dismissals each decision has."""
    return differences(evidence, np.where(evidence.dismissed, 0.0, 1.0))


def differences(evidence: Evidence, outcome: Floats) -> Differences:
    """D of an `outcome` (n,) in [0, 1]; the first t do not depend on what comes later."""
    logging = evidence.logging
    supported = logging > 0
    difference = evidence.challenger - evidence.incumbent
    shift = np.where(supported, difference / np.where(supported, logging, 1), 0)
    wanted = shift * past_regression(evidence.features, evidence.actions, outcome)
    rows = np.arange(len(evidence))
    drawn = shift[rows, evidence.actions] * outcome
    drawn -= np.where(supported, 0, evidence.incumbent).sum(axis=1)

    def cut_at(cut: float) -> Floats:
        control = np.minimum(wanted, cut + np.minimum(shift, 0))
        found: Floats = drawn - control[rows, evidence.actions] + (logging * control).sum(axis=1)
        return found

    cut = np.column_stack([cut_at(STAKE / bet - 1) for bet in BETS])
    return Differences(cut_at(np.inf), cut, BETS)


def past_regression(features: Floats, actions: Ints, outcome: Floats) -> Floats:
    """q̂ (n, K) in [0, 1]: ridge regression on the decisions before, every REFIT_EVERY ones anew.

    Cross-fitting would use later decisions, and no bound that holds at every time would be left.
    The first REFIT_EVERY decisions get ½, with which D is an importance-weighted difference.
    """
    n, d = len(actions), features.shape[2]
    starts = np.arange(0, n, REFIT_EVERY)
    logged = features[np.arange(n), actions]
    q_hat = np.full(features.shape[:2], 0.5)
    for start, model in zip(starts[1:], _models(logged, outcome, starts, d), strict=True):
        part = slice(start, start + REFIT_EVERY)
        q_hat[part] = features[part] @ model[:-1] + model[-1]
    return np.clip(q_hat, 0.0, 1.0)


def _models(logged: Floats, outcome: Floats, starts: Ints, d: int) -> Floats:
    """Coefficients and intercept (len(starts) - 1, d + 1) fitted to all that lies before each.

    Features are standardised by what was seen before; a constant one has no say.
    """
    x = np.column_stack([logged, np.ones(len(logged))])
    if len(starts) < 2:
        return np.zeros((0, d + 1))
    ends = starts[1:]
    parts = (x[start:end] for start, end in zip(starts, ends, strict=False))
    moments = np.array([part.T @ part for part in parts]).cumsum(axis=0)
    sums = np.add.reduceat(x * outcome[:, None], starts)[:-1].cumsum(axis=0)
    count = ends[:, None].astype(float)
    mean = moments[:, -1, :-1] / count
    centred = moments[:, :-1, :-1] - count[:, :, None] * mean[:, :, None] * mean[:, None, :]
    variance = np.einsum("bii->bi", centred) / count
    penalty = PENALTY * np.where(variance > 1e-9, variance, np.inf)
    target = sums[:, :-1] - mean * sums[:, -1:]
    slopes = _solve(centred, penalty, target)
    intercept = sums[:, -1] / ends - (mean * slopes).sum(axis=1)
    return np.column_stack([slopes, intercept])


def _solve(gram: Floats, penalty: Floats, target: Floats) -> Floats:
    """(gram + diag(penalty))⁻¹ target per row; 0 where the penalty is infinite."""
    free = np.isfinite(penalty)
    both = free[:, :, None] & free[:, None, :]
    system = np.where(both, gram, 0.0)
    diagonal = np.arange(gram.shape[1])
    system[:, diagonal, diagonal] += np.where(free, penalty, 1.0)
    solved = np.linalg.solve(system, np.where(free, target, 0.0)[:, :, None])[:, :, 0]
    found: Floats = np.where(free, solved, 0.0)
    return found

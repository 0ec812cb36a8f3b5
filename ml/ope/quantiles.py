"""Quantiles of Student's t distribution."""

import math
from statistics import NormalDist

EXPANSION_FROM = 100


def student_quantile(probability: float, degrees: int) -> float:
    """The t quantile at `probability` in (0.5, 1) with `degrees` >= 1, to 1e-9.

    Raises ValueError outside these ranges.
    """
    if not (0.5 < probability < 1 and degrees >= 1):
        raise ValueError("needs a probability in (0.5, 1) and at least one degree of freedom")
    if degrees >= EXPANSION_FROM:
        return _expanded(NormalDist().inv_cdf(probability), degrees)
    low, high = 0.0, math.pi / 2
    central = 2 * probability - 1
    while high - low > 1e-15:
        middle = (low + high) / 2
        low, high = (middle, high) if _central(middle, degrees) < central else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _central(angle: float, degrees: int) -> float:
    """P(|T| < √ν tan θ), a finite sum. Abramowitz and Stegun (1964), 26.7.3 and 26.7.4."""
    odd = degrees % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for step in range(1 + odd, degrees, 2):
        total += term
        term *= step / (step + 1) * math.cos(angle) ** 2
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def _expanded(z: float, degrees: int) -> float:
    """The Cornish-Fisher expansion in 1/ν. Abramowitz and Stegun (1964), 26.7.5."""
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / degrees + g2 / degrees**2 + g3 / degrees**3 + g4 / degrees**4

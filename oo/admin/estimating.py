"""Means with intervals out of sums, as pages show them."""

import math

from oo.admin.screen import Estimate

Z95 = 1.959964
SMALL = 30  # below this a mean says little: pages warn


def mean_of(n: int, total: float, squares: float | None) -> Estimate:
    """The mean of `n` values with its normal 95% interval; no interval below two values.

    `squares` is the sum of squared values; without it no interval is given.
    """
    if n == 0:
        return Estimate(None, None, None, 0)
    mean = total / n
    if squares is None or n < 2:
        return Estimate(mean, None, None, n)
    variance = max(squares - n * mean * mean, 0.0) / (n - 1)
    half = Z95 * math.sqrt(variance / n)
    return Estimate(mean, mean - half, mean + half, n)


def share_of(count: int, n: int) -> Estimate:
    """A share with Wilson's 95% interval (Wilson 1927), which holds for few and for none."""
    if n == 0:
        return Estimate(None, None, None, 0)
    p, z2 = count / n, Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Estimate(p, max(middle - half, 0.0), min(middle + half, 1.0), n)

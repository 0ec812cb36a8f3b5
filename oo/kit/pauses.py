"""Pauses that double: what has just failed is asked again soon, and then ever more seldom."""

from datetime import timedelta
from typing import NamedTuple


class Pauses(NamedTuple):
    """The first pause, and the longest that doubling leads to."""

    first: timedelta
    longest: timedelta

    def after(self, times: int) -> timedelta:
        """The pause after the last of `times` failures in a row, 1 or more."""
        return min(self.first * (1 << min(times - 1, 30)), self.longest)

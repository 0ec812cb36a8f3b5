"""What the gate found, in words and as data."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the gate: what was measured, what is asked for, and what to do if it failed.

    `value` is None where nothing could be measured; `limit` is a bound from below, or from above if
    `at_most`. `advice` is empty when it passed.
    """

    name: str
    value: float | None
    limit: float
    passed: bool
    advice: str = ""
    at_most: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "limit": self.limit,
            "at_most": self.at_most,
            "passed": self.passed,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one challenger against the policy in force, and the estimated gain."""

    challenger: str
    incumbent: str
    gain: float | None
    decisions: int
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the challenger may be put in force."""
        return all(check.passed for check in self.checks)

    @property
    def verdict(self) -> str:
        """``passed``, or ``refused``."""
        return "passed" if self.passed else "refused"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "verdict": self.verdict,
            "challenger": self.challenger,
            "incumbent": self.incumbent,
            "gain": self.gain,
            "decisions": self.decisions,
            "checks": [check.to_dict() for check in self.checks],
        }


def at_least(
    name: str, value: float, limit: float, advice: str, *, strictly: bool = False
) -> Check:
    """The check that `value` is no lower than `limit` (or above it, `strictly`)."""
    passed = value > limit if strictly else value >= limit
    return Check(name, _known(value), limit, passed, "" if passed else advice)


def at_most(name: str, value: float, limit: float, advice: str) -> Check:
    """The check that `value` is no higher than `limit`."""
    passed = value <= limit
    return Check(name, _known(value), limit, passed, "" if passed else advice, at_most=True)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None

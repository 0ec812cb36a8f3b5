"""What the gate found, in words and as data."""

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Rule(StrEnum):
    """How a value is held against its limit."""

    AT_LEAST = "at least"
    ABOVE = "above"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the gate: what was measured, what is asked for, and what to do if it failed.

    `value` is None where nothing could be measured; `advice` is empty when it passed.
    """

    name: str
    value: float | None
    rule: Rule
    limit: float
    passed: bool
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "rule": self.rule.value}


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one challenger against the policy in force, and the estimated gain.

    `unsettled` counts the decisions that were too young to be judged by.
    """

    challenger: str
    incumbent: str
    gain: float | None
    decisions: int
    checks: tuple[Check, ...]
    unsettled: int = 0

    @property
    def passed(self) -> bool:
        """Whether the challenger may be put in force."""
        return all(one.passed for one in self.checks)

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
            "unsettled": self.unsettled,
            "checks": [one.to_dict() for one in self.checks],
        }


def check(name: str, value: float, rule: Rule, limit: float, advice: str) -> Check:
    """Hold `value` against `limit`; an infinite one was not measured."""
    passed = {
        Rule.AT_LEAST: value >= limit,
        Rule.ABOVE: value > limit,
        Rule.AT_MOST: value <= limit,
    }[rule]
    known = value if math.isfinite(value) else None
    return Check(name, known, rule, limit, passed, "" if passed else advice)

"""A service level: an indicator, what it is to be, and what is told when it is not."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from oo.domain.indicators import Indicator


class Row(StrEnum):
    """What a level is about."""

    TIPS = "Tips"
    LEARNING = "Learning"
    CANDIDATES = "Candidates and models"
    EVENTS = "Events and outbox"
    DELIVERY = "Delivery"
    SOURCES = "Sources"
    PARTS = "Ingress and parts"


class Bound(StrEnum):
    """Which side of its objective a level is to be on; the objective itself is good."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


class Unit(StrEnum):
    """What a level counts."""

    SECONDS = "s"
    SHARE = "%"
    THINGS = ""


class Severity(StrEnum):
    """Whether somebody is woken, or looks at it in the morning."""

    PAGE = "page"
    TICKET = "ticket"


class Alert(NamedTuple):
    """What is told when the objective was missed for as long as `after`, such as ``5m``.

    `runbook` is a file of `docs/runbooks`, without its ending.
    """

    name: str
    after: str
    severity: Severity
    runbook: str


@dataclass(frozen=True)
class ServiceLevel:
    """One promise: the indicator is `bound` the objective; `words` say what it means."""

    name: str
    row: Row
    words: str
    indicator: Indicator
    bound: Bound
    objective: float
    unit: Unit
    alert: Alert

    def is_kept(self, value: float) -> bool:
        """Whether that value is good."""
        if self.bound is Bound.AT_MOST:
            return value <= self.objective
        return value >= self.objective

    def breach(self) -> str:
        """The expression for Prometheus that has a value while the objective is missed."""
        sign = ">" if self.bound is Bound.AT_MOST else "<"
        expression = self.indicator.promql()
        if " or " in expression:
            expression = f"({expression})"
        return f"{expression} {sign} {self.objective:g}"

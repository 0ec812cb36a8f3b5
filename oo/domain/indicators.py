"""Service level indicators: each is an expression for Prometheus, and the same over two readings.

So an alert, a dashboard and a terminal that has no Prometheus speak of one figure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

Labels = Mapping[str, str]
ANY: Labels = {}


class Sample(NamedTuple):
    """One value of a metric."""

    labels: Labels
    value: float


class Reading(NamedTuple):
    """What `/metrics` said at an instant, in seconds since 1970: samples by the name of series."""

    at: float
    samples: Mapping[str, Sequence[Sample]]


NOTHING = Reading(0.0, {})  # before oO started, when all counters were 0


class Found(NamedTuple):
    """The value of an indicator, and which of several it is the value of, where there are some."""

    value: float
    of: str = ""


class Indicator(Protocol):
    """A figure that says how well oO serves; None where there is nothing that it could be of."""

    def promql(self) -> str:
        """The expression that gives its value now."""
        ...

    def value(self, now: Reading, before: Reading) -> Found | None:
        """Its value now; what is counted, counted since `before`."""
        ...


@dataclass(frozen=True)
class Quantile:
    """The quantile `q` of a histogram's observations within a time such as ``5m``."""

    histogram: str
    q: float
    over: str
    where: Labels = field(default_factory=dict)

    def promql(self) -> str:
        """See Indicator."""
        buckets = f"{self.histogram}_bucket{_braces(self.where)}"
        return f"histogram_quantile({self.q:g}, sum by (le) (rate({buckets}[{self.over}])))"

    def value(self, now: Reading, before: Reading) -> Found | None:
        """See Indicator; interpolated within a bucket as Prometheus does."""
        name = f"{self.histogram}_bucket"
        bounds = sorted({float(it.labels["le"]) for it in now.samples.get(name, ())})
        counts = [
            _counted(now, before, name, {**self.where, "le": le}) for le in map(_bound, bounds)
        ]
        if not counts or not counts[-1]:
            return None
        rank, low, below = self.q * counts[-1], 0.0, 0.0
        for bound, count in zip(bounds, counts, strict=True):
            if count >= rank:
                if bound == float("inf"):
                    return Found(low)
                inside = count - below
                return Found(low + (bound - low) * (rank - below) / inside if inside else bound)
            low, below = bound, count
        return None


@dataclass(frozen=True)
class Share:
    """Which share of what is counted within `over` is `part` of it."""

    counter: str
    part: Labels
    over: str
    of: Labels = field(default_factory=dict)

    def promql(self) -> str:
        """See Indicator; without a value where nothing was counted."""
        part = f"sum(rate({self.counter}{_braces({**self.of, **self.part})}[{self.over}]))"
        whole = f"sum(rate({self.counter}{_braces(self.of)}[{self.over}]))"
        return f"({part} or vector(0)) / ({whole} > 0)"

    def value(self, now: Reading, before: Reading) -> Found | None:
        """See Indicator."""
        whole = _counted(now, before, self.counter, self.of)
        part = _counted(now, before, self.counter, {**self.of, **self.part})
        return Found(part / whole) if whole > 0 else None


@dataclass(frozen=True)
class Most:
    """The greatest value of a gauge, of each value of the label `by` where one is given."""

    gauge: str
    by: str = ""
    where: Labels = field(default_factory=dict)

    def promql(self) -> str:
        """See Indicator."""
        return f"max{_by(self.by)}({self.gauge}{_braces(self.where)})"

    def value(self, now: Reading, before: Reading) -> Found | None:
        """See Indicator."""
        return max(_each(now, self.gauge, self.by, self.where, max), default=None)


@dataclass(frozen=True)
class Least:
    """The least value of a gauge, of each value of the label `by` where one is given."""

    gauge: str
    by: str = ""
    where: Labels = field(default_factory=dict)

    def promql(self) -> str:
        """See Indicator."""
        return f"min{_by(self.by)}({self.gauge}{_braces(self.where)})"

    def value(self, now: Reading, before: Reading) -> Found | None:
        """See Indicator."""
        return min(_each(now, self.gauge, self.by, self.where, min), default=None)


@dataclass(frozen=True)
class ShareOfGauges:
    """Which share one gauge is of another, of each value of the label `by`."""

    part: str
    whole: str
    by: str

    def promql(self) -> str:
        """See Indicator."""
        return f"max{_by(self.by)}({self.part}) / (max{_by(self.by)}({self.whole}) > 0)"

    def value(self, now: Reading, before: Reading) -> Found | None:
        """See Indicator."""
        wholes = {it.of: it.value for it in _each(now, self.whole, self.by, ANY, max)}
        parts = _each(now, self.part, self.by, ANY, max)
        return max(
            (Found(it.value / wholes[it.of], it.of) for it in parts if wholes.get(it.of)),
            default=None,
        )


@dataclass(frozen=True)
class Overdue:
    """How many seconds ago an instant was that a gauge names, of each value of the label `by`."""

    timestamp: str
    by: str

    def promql(self) -> str:
        """See Indicator."""
        return f"clamp_min(time() - max{_by(self.by)}({self.timestamp}), 0)"

    def value(self, now: Reading, before: Reading) -> Found | None:
        """See Indicator."""
        dues = _each(now, self.timestamp, self.by, ANY, max)
        return max((Found(max(now.at - it.value, 0.0), it.of) for it in dues), default=None)


@dataclass(frozen=True)
class Seen:
    """How many values a gauge has: 0 where nothing is heard of oO."""

    gauge: str

    def promql(self) -> str:
        """See Indicator."""
        return f"count({self.gauge}) or vector(0)"

    def value(self, now: Reading, before: Reading) -> Found | None:
        """See Indicator."""
        return Found(float(len(now.samples.get(self.gauge, ()))))


def _braces(where: Labels) -> str:
    """Labels as a selector; a value that begins with ``!`` is any but that one."""
    parts = [
        f'{label}!="{value[1:]}"' if value.startswith("!") else f'{label}="{value}"'
        for label, value in where.items()
    ]
    return f"{{{','.join(parts)}}}" if parts else ""


def _by(label: str) -> str:
    return f" by ({label}) " if label else ""


def _is_of(labels: Labels, where: Labels) -> bool:
    return all(
        labels.get(label, "") != value[1:] if value.startswith("!") else labels.get(label) == value
        for label, value in where.items()
    )


def _counted(now: Reading, before: Reading, counter: str, where: Labels) -> float:
    """How much was counted in between. A counter that began anew counts from there."""
    grown = 0.0
    past = {_key(it.labels): it.value for it in before.samples.get(counter, ())}
    for labels, value in now.samples.get(counter, ()):
        if _is_of(labels, where):
            was = past.get(_key(labels), 0.0)
            grown += value - was if value >= was else value
    return grown


def _key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def _each(
    now: Reading, gauge: str, by: str, where: Labels, of: Callable[[Iterable[float]], float]
) -> list[Found]:
    values: dict[str, list[float]] = {}
    for labels, value in now.samples.get(gauge, ()):
        if _is_of(labels, where):
            values.setdefault(labels.get(by, ""), []).append(value)
    return [Found(of(found), name) for name, found in values.items()]


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(bound)

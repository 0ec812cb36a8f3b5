"""What a running oO says in `/metrics`, and its service levels by that."""

from collections import deque
from typing import NamedTuple

from oo.domain.indicators import NOTHING, Reading, Sample
from oo.domain.service_level import ServiceLevel
from oo.domain.service_levels import LEVELS

WINDOW_S = 300.0  # what is counted is counted over so long, as most alerts do


class Standing(NamedTuple):
    """A service level now. `value` is None where there is nothing that it could be of; `of` names
    which of several it is the value of."""

    level: ServiceLevel
    value: float | None
    of: str

    @property
    def is_kept(self) -> bool | None:
        """Whether the objective is met; None where nothing is known."""
        return None if self.value is None else self.level.is_kept(self.value)


class Window:
    """The readings of the last `WINDOW_S` seconds, the oldest first."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()

    def add(self, reading: Reading) -> None:
        """Take in the newest one."""
        self._readings.append(reading)
        while len(self._readings) > 2 and self._readings[1].at <= reading.at - WINDOW_S:
            self._readings.popleft()

    @property
    def seconds(self) -> float | None:
        """Over how long things are counted now; None: since oO started, with one reading."""
        if len(self._readings) < 2:
            return None
        return self._readings[-1].at - self._readings[0].at

    def standings(self) -> list[Standing]:
        """Every service level, in the order of `LEVELS`; nothing is known without a reading."""
        if not self._readings:
            return [Standing(level, None, "") for level in LEVELS]
        now = self._readings[-1]
        before = self._readings[0] if len(self._readings) > 1 else NOTHING
        return [_standing(level, now, before) for level in LEVELS]


def _standing(level: ServiceLevel, now: Reading, before: Reading) -> Standing:
    found = level.indicator.value(now, before)
    return Standing(level, found.value, found.of) if found else Standing(level, None, "")


def read(text: str, at: float) -> Reading:
    """What `/metrics` said at that instant; raises ValueError for what is no such text."""
    from prometheus_client.parser import text_string_to_metric_families

    samples: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            samples.setdefault(one.name, []).append(Sample(one.labels, one.value))
    return Reading(at, samples)

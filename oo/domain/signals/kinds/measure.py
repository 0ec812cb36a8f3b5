"""Measures: one figure about one of a person's days, such as steps or hours of sleep."""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from oo.domain.signals.extent import Extent
from oo.domain.signals.kind import SignalFact, SignalKind, Window
from oo.domain.signals.retention import DERIVED

_NAME = re.compile(r"[a-z][a-z_]{0,29}")
_UNIT = re.compile(r"[A-Za-z/%]{0,10}")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure derived from what a device recorded; the records themselves are not kept.

    `name` says what is measured (``steps``, ``sleep``), `unit` in what (``h``; empty for a count).
    `day` is the day of the person's calendar that it belongs to, sleep to that of waking up.
    Raises ValueError for a name or a unit that a prompt could not hold, and for no number.
    """

    id: str
    source: str
    external_id: str
    name: str
    value: float
    day: date
    unit: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not _UNIT.fullmatch(self.unit):
            raise ValueError("a measure has a short plain name and unit")
        if not math.isfinite(self.value) or abs(self.value) > 1e9:
            raise ValueError("a measure is a number")


def _extent(measure: Measure) -> Extent:
    return Extent.at(measure.day)


def _tell(measure: Measure, now: datetime) -> SignalFact | None:
    ago = (now.date() - measure.day).days
    if ago not in (0, 1):
        return None
    unit = f" {measure.unit}" if measure.unit else ""
    value = f"{measure.value:.0f}" if abs(measure.value) >= 100 else f"{measure.value:.1f}"
    name = measure.name.replace("_", " ").strip()
    return SignalFact(
        KIND.name, f"{name} {value.removesuffix('.0')}{unit} {'yesterday' if ago else 'today'}"
    )


def _urgency(measure: Measure, now: datetime) -> float:
    return 6.0 + 24.0 * (now.date() - measure.day).days


KIND = SignalKind(
    name="measure",
    signal=Measure,
    singular="daily figure",
    plural="daily figures",
    retention=DERIVED,
    extent=_extent,
    window=Window(timedelta(days=7), timedelta(0)),
    tell=_tell,
    urgency=_urgency,
    examples=(
        Measure("watch:1", "watch", "1", "steps", 8200.0, date(2026, 11, 20)),
        Measure("watch:2", "watch", "2", "sleep", 6.5, date(2026, 11, 21), "h"),
    ),
)

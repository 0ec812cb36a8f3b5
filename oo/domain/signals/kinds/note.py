"""Notes: a line that something told oO, for which there is no kind of its own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from oo.domain.signals.extent import Extent, zone_of
from oo.domain.signals.kind import SignalFact, SignalKind, Window
from oo.domain.signals.retention import NOTED

CURRENT_DAYS = 2


@dataclass(frozen=True, slots=True)
class Note:
    """A line of `text` that was noted at the instant `at`, in UTC.

    Raises ValueError for a time without a zone.
    """

    id: str
    source: str
    external_id: str
    text: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a note is taken at an instant")


def _extent(note: Note) -> Extent:
    return Extent.at(note.at)


def _tell(note: Note, now: datetime) -> SignalFact | None:
    ago = (now.date() - _extent(note).local_day(zone_of(now))).days
    if not 0 <= ago < CURRENT_DAYS:
        return None
    return SignalFact(KIND.name, "noted yesterday" if ago else "noted today", note.text)


def _urgency(note: Note, now: datetime) -> float:
    return 4.0 + max((now - note.at) / timedelta(hours=1), 0.0)


KIND = SignalKind(
    name="note",
    signal=Note,
    singular="note",
    plural="notes",
    retention=NOTED,
    extent=_extent,
    window=Window(timedelta(days=CURRENT_DAYS), timedelta(0)),
    tell=_tell,
    urgency=_urgency,
    examples=(
        Note("hook:1", "hook", "1", "The parcel is there", datetime(2026, 11, 21, 9, tzinfo=UTC)),
    ),
)

"""Presence: that a person was there at an instant, and roughly where."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from oo.domain.signals.extent import Extent
from oo.domain.signals.kind import SignalFact, SignalKind, Window
from oo.domain.signals.retention import BRIEF

CURRENT = timedelta(hours=1)
_PLACE = re.compile(r"[a-z][a-z ]{0,19}")


class State(StrEnum):
    """What the person was seen doing."""

    ACTIVE = "active"
    IDLE = "idle"
    AWAY = "away"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True)
class Presence:
    """A sighting at the instant `at`, in UTC.

    `place` is coarse and of the person's own naming, such as ``home``; None where it is not
    known. Raises ValueError for a place that a prompt could not hold and a time without a zone.
    """

    id: str
    source: str
    external_id: str
    at: datetime
    state: State
    place: str | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a presence is seen at an instant")
        if self.place is not None and not _PLACE.fullmatch(self.place):
            raise ValueError("a place has a short plain name")


def _extent(presence: Presence) -> Extent:
    return Extent.at(presence.at)


def _tell(presence: Presence, now: datetime) -> SignalFact | None:
    if not timedelta(0) <= now - presence.at <= CURRENT:
        return None
    where = f" at {presence.place.strip()}" if presence.place else ""
    return SignalFact(KIND.name, f"{presence.state}{where}")


def _urgency(presence: Presence, now: datetime) -> float:
    return 3.0 + (now - presence.at) / timedelta(hours=1)


KIND = SignalKind(
    name="presence",
    signal=Presence,
    singular="sighting",
    plural="sightings",
    retention=BRIEF,
    extent=_extent,
    window=Window(timedelta(days=1), timedelta(0)),
    tell=_tell,
    urgency=_urgency,
    examples=(
        Presence(
            "page:1", "page", "1", datetime(2026, 11, 21, 9, tzinfo=UTC), State.ACTIVE, "home"
        ),
        Presence("page:2", "page", "2", datetime(2026, 11, 21, 9, tzinfo=UTC), State.IDLE),
    ),
)

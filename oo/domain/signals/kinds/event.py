"""Events: what stands in a person's calendar."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from oo.domain.signals.extent import Extent, zone_of
from oo.domain.signals.kind import SignalFact, SignalKind, Window
from oo.domain.signals.retention import UNTIL_OVER


@dataclass(frozen=True, slots=True)
class Event:
    """One event, of one of two forms; a turn of a recurring one is an event of its own.

    - From `starts_at` to `ends_at`: instants in UTC, or naive for wall-clock times wherever the
      person is (a "floating" event).
    - All day from `first_day` to `last_day`, both included, on the person's calendar.

    `busy` is false where the person's calendar shows them as free. Raises ValueError for any
    other form.
    """

    id: str
    source: str
    external_id: str
    title: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    first_day: date | None = None
    last_day: date | None = None
    busy: bool = True

    def __post_init__(self) -> None:
        if self.starts_at is not None and self.ends_at is not None:
            same_sort = (self.starts_at.tzinfo is None) == (self.ends_at.tzinfo is None)
            if not same_sort or self.first_day or self.last_day or self.ends_at < self.starts_at:
                raise ValueError("an event lasts from one instant to a later one")
        elif self.first_day is not None and self.last_day is not None:
            if self.starts_at or self.ends_at or self.last_day < self.first_day:
                raise ValueError("an all-day event lasts from one day to a later one")
        else:
            raise ValueError("an event has a start and an end")

    @property
    def all_day(self) -> bool:
        """Whether it holds on whole days."""
        return self.first_day is not None


def extent(event: Event) -> Extent:
    """When the event takes place."""
    if event.starts_at is not None and event.ends_at is not None:
        return Extent(event.starts_at, event.ends_at)
    if event.first_day is not None and event.last_day is not None:
        return Extent(event.first_day, event.last_day)
    raise ValueError("an event has a start and an end")


def _tell(event: Event, now: datetime) -> SignalFact | None:
    zone = zone_of(now)
    begins, ends = extent(event).begins(zone), extent(event).ends(zone)
    ahead = (begins.date() - now.date()).days
    if ends <= now or ahead > 1:
        return None
    day = "today" if ahead <= 0 else "tomorrow"
    if event.all_day:
        return SignalFact(KIND.name, f"all day {day}", event.title)
    if ends - begins >= timedelta(days=1):
        return SignalFact(KIND.name, f"from {begins:%H:%M} {day} for more than a day", event.title)
    return SignalFact(KIND.name, f"{begins:%H:%M} to {ends:%H:%M} {day}", event.title)


def _urgency(event: Event, now: datetime) -> float:
    hours = max((extent(event).begins(zone_of(now)) - now) / timedelta(hours=1), 0.0)
    return hours + 12.0 if event.all_day or not event.busy else hours


KIND = SignalKind(
    name="event",
    signal=Event,
    singular="event",
    plural="events",
    retention=UNTIL_OVER,
    extent=extent,
    window=Window(timedelta(0), timedelta(days=2)),
    tell=_tell,
    urgency=_urgency,
    examples=(
        Event(
            "diary:1",
            "diary",
            "1",
            "Standup",
            starts_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
            ends_at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        ),
        Event(
            "diary:2",
            "diary",
            "2",
            "Lunch, wherever I am",
            starts_at=datetime(2026, 11, 21, 12),
            ends_at=datetime(2026, 11, 21, 13),
            busy=False,
        ),
        Event(
            "diary:3",
            "diary",
            "3",
            "Fair",
            first_day=date(2026, 11, 21),
            last_day=date(2026, 11, 22),
        ),
    ),
)

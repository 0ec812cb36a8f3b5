"""What a text about a date says."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class When:
    """A day, a time on it, and whether it comes again.

    `day` is the day that the words name, None for a repetition that names none. `turn` is then the
    next one that its rule gives ("every 3rd friday"), if it gives one. `offset` from UTC makes the
    time an instant whatever the time zone. A repetition that is meant to begin elsewhere, and "no
    date", have no day at all.
    """

    day: date | None
    at: time | None
    recurring: bool
    turn: date | None = field(default=None, compare=False)
    offset: timedelta | None = field(default=None, compare=False)

    @property
    def due(self) -> date | None:
        """The day on which it is due next."""
        return self.day or self.turn

    def instant(self, zone: str) -> datetime | None:
        """The instant in UTC, `zone` being where the wall clock hangs; None for a mere day."""
        if self.due is None or self.at is None:
            return None
        try:
            if self.offset is not None:
                place: ZoneInfo | timezone = timezone(self.offset)
            elif zone.strip():
                place = ZoneInfo(zone.strip())
            else:
                return None
            return datetime.combine(self.due, self.at, place).astimezone(UTC)
        except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
            return None


NO_DATE = When(None, None, recurring=False)

"""When a signal holds, and what that is on a person's own calendar and clock."""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

_FIRST = timezone(timedelta(hours=14))  # where a day begins first
_LAST = timezone(timedelta(hours=-12))  # where it ends last


class Extent(NamedTuple):
    """From `start` to `end`, each of the same sort; the sort is the time-zone rule.

    - Days (`date`, the end included) are days of the person's calendar, wherever they are: a
      birthday does not move to the day before for somebody who has flown west.
    - Naive datetimes are wall-clock times wherever the person is ("at nine").
    - Aware datetimes are instants: their local day follows the person's time zone.
    """

    start: date
    end: date

    @classmethod
    def at(cls, moment: date) -> "Extent":
        """A single day, wall-clock time or instant."""
        return cls(moment, moment)

    @property
    def is_instant(self) -> bool:
        """Whether it is the same for everybody, whatever their zone."""
        return isinstance(self.start, datetime) and self.start.tzinfo is not None

    def begins(self, zone: tzinfo) -> datetime:
        """The instant at which it begins for a person in `zone`, in that zone."""
        return _local(self.start, time(0), zone)

    def ends(self, zone: tzinfo) -> datetime:
        """The instant at which it is over for a person in `zone`, in that zone."""
        if isinstance(self.end, datetime):
            return _local(self.end, time(0), zone)
        return _local(self.end + timedelta(days=1), time(0), zone)

    def local_day(self, zone: tzinfo) -> date:
        """The day of the person's calendar on which it begins."""
        return self.begins(zone).date()

    @property
    def earliest(self) -> datetime:
        """The first instant at which it can begin, whatever the person's zone, in UTC."""
        return self.begins(_FIRST).astimezone(UTC)

    @property
    def latest(self) -> datetime:
        """The last instant at which it can be over, whatever the person's zone, in UTC."""
        return self.ends(_LAST).astimezone(UTC)


def zone_of(now: datetime) -> tzinfo:
    """The zone of a person's local time; UTC where it has none."""
    return now.tzinfo or UTC


def _local(moment: date, default: time, zone: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, default, zone)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)

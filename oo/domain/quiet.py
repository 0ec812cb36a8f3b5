"""When a person is left alone: quiet hours on their own wall clock, "not now", meetings, sleep.

Quiet hours are wall-clock times wherever the person is, over midnight or not. The rule is about
instants, so a change of clocks or of zone needs no case of its own: an instant is quiet if the
person's clock then shows a time that is.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from oo.domain.due import next_midnight
from oo.domain.lately import Busy

DAY_MIN = 24 * 60
MORNING = 7 * 60  # where "tomorrow" begins for somebody without quiet hours
_STEP = timedelta(minutes=15)  # no change of clocks is undone within that time


class QuietHours(NamedTuple):
    """From `begins` to `ends`, minutes of the local day, 0 to 1439; none where both are equal."""

    begins: int = 22 * 60
    ends: int = 7 * 60

    def covers(self, local: datetime) -> bool:
        """Whether a clock that shows this time is in quiet hours; `ends` itself is not."""
        minute = local.hour * 60 + local.minute
        if self.begins <= self.ends:
            return self.begins <= minute < self.ends
        return minute >= self.begins or minute < self.ends

    def is_quiet(self, now: datetime, zone: tzinfo) -> bool:
        """Whether the instant `now` is quiet for a person in `zone`."""
        return self.covers(now.astimezone(zone))

    def end(self, now: datetime, zone: tzinfo) -> datetime:
        """The first instant from `now` on that is not quiet, in UTC, to the second."""
        at = now.astimezone(UTC)
        if not self.is_quiet(at, zone):
            return at
        likely = self._likely_end(at, zone)
        if likely is not None:
            return likely
        # no longer than what is not quiet of a day, so that it is not stepped over
        step = min(_STEP, timedelta(minutes=(self.begins - self.ends) % DAY_MIN))
        while self.is_quiet(at + step, zone):
            at += step
        quiet, loud = at, at + step
        while loud - quiet > timedelta(seconds=1):
            middle = quiet + (loud - quiet) / 2
            quiet, loud = (middle, loud) if self.is_quiet(middle, zone) else (quiet, middle)
        whole = loud.replace(microsecond=0)
        return loud if self.is_quiet(whole, zone) else whole

    def _likely_end(self, now: datetime, zone: tzinfo) -> datetime | None:
        """The end on a day without a change of clocks; None where one is in between."""
        local = now.astimezone(zone)
        at = local.replace(hour=self.ends // 60, minute=self.ends % 60, second=0, microsecond=0)
        if at <= local:
            at += timedelta(days=1)
        found = at.astimezone(UTC)
        is_shown = found.astimezone(zone).replace(tzinfo=None) == at.replace(tzinfo=None)
        same_clock = is_shown and at.utcoffset() == local.utcoffset() and at.fold == 0
        return found if same_clock and found - now <= timedelta(days=1) else None


class NotNow(StrEnum):
    """For how long a person wants to be left alone from now on."""

    HOUR = "hour"
    TODAY = "today"
    TOMORROW = "tomorrow"


def not_now_until(choice: NotNow, now: datetime, zone: tzinfo, quiet: QuietHours) -> datetime:
    """The instant, in UTC, until which the person is left alone.

    *today* ends with the local day, *tomorrow* with the quiet hours after that.
    """
    if choice is NotNow.HOUR:
        return now.astimezone(UTC) + timedelta(hours=1)
    midnight = next_midnight(now.astimezone(zone))
    if choice is NotNow.TODAY:
        return midnight.astimezone(UTC)
    wakes = quiet.ends if quiet.begins != quiet.ends else MORNING
    morning = datetime.combine(midnight.date(), time(wakes // 60, wakes % 60), zone)
    return morning.astimezone(UTC)


class Attention(NamedTuple):
    """What a person set: quiet hours, pushes a day at most, and until when it is "not now"."""

    quiet: QuietHours = QuietHours()
    budget: int = 3
    not_before: datetime | None = None


class Hush(NamedTuple):
    """Why the person is left alone at an instant, and until when."""

    reason: str
    until: datetime


def hush(
    attention: Attention, now: datetime, zone: tzinfo, busy: Iterable[Busy] = ()
) -> Hush | None:
    """Why nothing may be sent at `now`; None where it may.

    `until` is the first instant at which it should be asked again: something else may be in the
    way then.
    """
    if attention.not_before is not None and now < attention.not_before:
        return Hush("not_now", attention.not_before)
    if attention.quiet.is_quiet(now, zone):
        return Hush("quiet_hours", attention.quiet.end(now, zone))
    under_way = [one for one in busy if one.begins <= now < one.ends]
    last = max(under_way, key=lambda one: one.ends, default=None)
    return last and Hush(last.why, last.ends.astimezone(UTC))


def speaks_from(
    attention: Attention, now: datetime, zone: tzinfo, busy: Iterable[Busy] = ()
) -> datetime:
    """The first instant from `now` on at which nothing is in the way, in UTC."""
    busy = tuple(busy)
    at = now.astimezone(UTC)
    for _ in range(len(busy) + 4):
        found = hush(attention, at, zone, busy)
        if found is None:
            break
        at = found.until
    return at

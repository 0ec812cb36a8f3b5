"""What becomes of a sending whose time has come, as far as the store alone can tell: no I/O."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oo.domain.deliveries import Outcome
from oo.push.channel import Configured
from oo.store.sendings import Due, Ended, Later

HOUR = timedelta(hours=1)
SINCE = timedelta(hours=49)  # reaches over a local day, wherever that is and however long it is


class Facts(NamedTuple):
    """What verdicts are made from. `sent` has when devices were sent something, oldest first."""

    now: datetime
    channels: Mapping[str, Configured]
    allowing: Set[str]
    sent: Mapping[str, Sequence[datetime]]
    per_hour: int


class Go(NamedTuple):
    """Nothing speaks against sending it."""

    due: Due
    by: Configured


def verdict(due: Due, facts: Facts) -> Go | Ended | Later:
    """Send it, or why it ends unsent, or when to look again."""
    if due.channel is None:
        return Ended(due, Outcome.REFUSED, "device_ended")
    if due.user_id not in facts.allowing:
        return Ended(due, Outcome.REFUSED, "not_allowed")
    by = facts.channels.get(due.channel)
    if by is None:
        return Ended(due, Outcome.REFUSED, "channel_off")
    if due.in_doubt and not by.channel.collapses:
        return Ended(due, Outcome.REFUSED, "in_doubt")
    if due.expires_at <= facts.now:
        return Ended(due, Outcome.EXPIRED, "too_late")
    if due.paused_until is not None and due.paused_until > facts.now:
        return _later(due, due.paused_until)
    if due.is_test:
        return Go(due, by)
    sent = facts.sent.get(due.device_id, ())
    if by.channel.daily and sent and _same_day(sent[-1], facts.now, due.timezone):
        return Ended(due, Outcome.REFUSED, "one_a_day")
    recent = [at for at in sent if at > facts.now - HOUR]
    if len(recent) >= facts.per_hour:
        return _later(due, recent[-facts.per_hour] + HOUR)
    return Go(due, by)


def _later(due: Due, at: datetime) -> Later:
    """Never behind its end, so that the end is logged when it comes."""
    return Later(due, min(at, due.expires_at))


def _same_day(first: datetime, second: datetime, timezone: str) -> bool:
    zone = ZoneInfo(timezone)
    return first.astimezone(zone).date() == second.astimezone(zone).date()

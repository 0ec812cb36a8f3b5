"""When a person usually comes, and so for which instant candidates are made ahead of need."""

import math
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from oo.domain.due import end_of_daypart

DEFAULT_HOUR = 8.0  # of somebody of whom nothing is known
REGULAR = 0.3  # how long the mean of a person's hours must be, from 0 to 1, to speak of a usual one
SOON = timedelta(hours=1)


def usual_hour(profile: Mapping[str, float]) -> float:
    """The local hour, 0 to 24, around which the person finishes things."""
    sin, cos = profile.get("preferred_hour_sin", 0.0), profile.get("preferred_hour_cos", 0.0)
    if math.hypot(sin, cos) < REGULAR:
        return DEFAULT_HOUR
    return math.atan2(sin, cos) / (2 * math.pi) * 24 % 24


def next_visit(profile: Mapping[str, float], zone: ZoneInfo, now: datetime) -> datetime:
    """When the person usually comes next; `now`, where that is in this part of the day.

    What is made for now serves until that part of the day ends anyway.
    """
    local = now.astimezone(zone)
    minutes = round(usual_hour(profile) * 60) % (24 * 60)
    at = datetime.combine(local.date(), time(minutes // 60, minutes % 60), zone)
    if at < local - SOON:
        at = datetime.combine(local.date() + timedelta(days=1), at.time(), zone)
    return now if at <= local or end_of_daypart(at) == end_of_daypart(local) else at

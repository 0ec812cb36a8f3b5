"""The few moments at which speaking to a person is thought of at all.

The cost of deciding grows with people times moments: between moments nobody is looked at.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from oo.domain.interruptions import MomentKind
from oo.domain.lately import MEETING, Busy
from oo.domain.quiet import Attention, speaks_from
from oo.domain.usual_hour import usual_hour

GAP_AT_LEAST = timedelta(minutes=30)
AFTER_MEETING = timedelta(minutes=3)  # people leave the room
BEFORE_DUE = timedelta(hours=1)
AFTER_COMPLETION = timedelta(minutes=5)
SECOND_HOUR = 10.0  # hours after the usual one: a second chance of the day
HORIZON = timedelta(hours=36)
LATE = timedelta(minutes=20)  # a moment that passed so long ago is over
SPREAD_MIN = 15
USUAL_AT_MOST = 2
SEEN_AT_LEAST = 8


class Candidate(NamedTuple):
    """An instant, in UTC, and why it is thought of."""

    at: datetime
    kind: MomentKind


def usual_hours(profile: Mapping[str, float], seen: Sequence[float] = ()) -> tuple[float, ...]:
    """The local hours at which the person is usually there, at most two.

    `seen` are the local hours of what they did of late: with enough of them their two fullest
    hours that are three hours apart; else the one of the profile, and one later in the day.
    """
    if len(seen) >= SEEN_AT_LEAST:
        counts = Counter(int(hour) % 24 for hour in seen)
        found: list[float] = []
        for hour, _ in sorted(counts.items(), key=lambda it: (-it[1], it[0])):
            if all(min(abs(hour - it), 24 - abs(hour - it)) >= 3 for it in found):
                found.append(float(hour))
            if len(found) == USUAL_AT_MOST:
                return tuple(found)
    first = usual_hour(profile)
    return (first, (first + SECOND_HOUR) % 24)


@lru_cache(maxsize=1024)  # asked for several times in a row
def jitter(user_id: str) -> timedelta:
    """The same few minutes for a person each day, so that not everybody is asked at once."""
    spread = int.from_bytes(hashlib.blake2s(user_id.encode(), digest_size=2).digest())
    return timedelta(seconds=spread / 2**16 * 60 * SPREAD_MIN)


class Plan(NamedTuple):
    """What moments are made from; `due` are instants of open tasks."""

    user_id: str
    attention: Attention
    zone: tzinfo
    hours: tuple[float, ...]
    busy: Sequence[Busy] = ()
    due: Sequence[datetime] = ()


def next_moment(plan: Plan, after: datetime, *, was_hushed: bool = False) -> Candidate:
    """The first moment after that instant at which the person may be spoken to.

    `was_hushed` says that one has just fallen into quiet hours, a meeting, sleep or "not now": the
    end of that is a moment, one for all that fell into it.
    """
    free = (it for it in sorted(_candidates(plan, after)) if _is_free(plan, it.at))
    found = next(free, None)
    if was_hushed:
        ends = speaks_from(plan.attention, after, plan.zone, plan.busy)
        at = speaks_from(plan.attention, ends + jitter(plan.user_id), plan.zone, plan.busy)
        after_quiet = Candidate(at, MomentKind.AFTER_QUIET)
        return after_quiet if found is None else min(found, after_quiet)
    # nothing ahead: looked at again within a day, since the person's days may change
    return found or _fallback(plan, after)


def _is_free(plan: Plan, at: datetime) -> bool:
    return speaks_from(plan.attention, at, plan.zone, plan.busy) == at


def _fallback(plan: Plan, after: datetime) -> Candidate:
    at = speaks_from(plan.attention, after + timedelta(hours=24), plan.zone, plan.busy)
    return Candidate(at, MomentKind.USUAL_HOUR)


def _candidates(plan: Plan, after: datetime) -> Iterable[Candidate]:
    until = after + HORIZON
    for hour in plan.hours:
        yield from _daily(plan, hour, after, until)
    for one, following in _followed(plan.busy):
        at = (one.ends + AFTER_MEETING).astimezone(UTC)
        if after < at <= until and (following is None or following - at >= GAP_AT_LEAST):
            yield Candidate(at, MomentKind.GAP)
    for due in plan.due:
        at = due.astimezone(UTC) - BEFORE_DUE
        if after < at <= until:
            yield Candidate(at, MomentKind.DUE_SOON)


def _daily(plan: Plan, hour: float, after: datetime, until: datetime) -> Iterable[Candidate]:
    local = after.astimezone(plan.zone)
    minute = math.floor(hour * 60) % (24 * 60)
    for days in range(-1, 3):
        day = (local + timedelta(days=days)).date()
        at = datetime.combine(day, time(minute // 60, minute % 60), plan.zone).astimezone(UTC)
        at += jitter(plan.user_id)
        if after < at <= until:
            yield Candidate(at, MomentKind.USUAL_HOUR)
            return


def _followed(busy: Sequence[Busy]) -> Iterable[tuple[Busy, datetime | None]]:
    """Each event after which no other goes on, and when the next one begins."""
    ordered = sorted(one for one in busy if one.why == MEETING)
    for one in ordered:
        if any(it.begins <= one.ends < it.ends for it in ordered):
            continue
        yield one, min((it.begins for it in ordered if it.begins > one.ends), default=None)

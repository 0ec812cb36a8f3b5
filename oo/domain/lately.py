"""What is known of a person beside their list: what they did, what stands in their calendar.

The one definition, by the person's own calendar: contexts tell it, and claims are checked by it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from oo.domain.context import DayPart, Gap, Lately, Share
from oo.domain.rewards import Action
from oo.domain.signals import Signal
from oo.domain.signals.kinds.event import KIND as EVENT
from oo.domain.signals.kinds.event import Event, extent
from oo.domain.signals.kinds.presence import Presence, State

WINDOW_DAYS = 30
WEEK_DAYS = 7
LEAST = 12  # reactions from which on a habit is spoken of
STEP_MINUTES = 15
MOST_SLEEP = timedelta(hours=10)  # a watch that was put away says nothing of waking up


class Acted(NamedTuple):
    """One of the person's reactions: when, what, and to which kind of tip."""

    at: datetime
    action: str
    kind: str


MEETING, ASLEEP = "meeting", "asleep"


class Busy(NamedTuple):
    """When the person is not to be disturbed: an event that they take part in, or their sleep."""

    begins: datetime
    ends: datetime
    why: str = MEETING


class Beside(NamedTuple):
    """What is known beside the list.

    `acted` are reactions of the last WINDOW_DAYS days and a little more, None where they were not
    asked for; `labels` the first label of each task that has one; `busy` the events to come.
    """

    acted: Sequence[Acted] | None = None
    labels: Mapping[str, str] = MappingProxyType({})
    busy: Sequence[Busy] = ()


NOTHING_BESIDE = Beside()


def sum_up(acted: Iterable[Acted], local_now: datetime) -> Lately:
    """What the person did by that moment: days are those of their own calendar."""
    today = local_now.date()
    local = [one._replace(at=one.at.astimezone(local_now.tzinfo)) for one in acted]
    recent = [one for one in local if 0 <= (today - one.at.date()).days < WINDOW_DAYS]
    done = [one for one in recent if one.action == Action.DONE]
    by_day = Counter((today - one.at.date()).days for one in done)
    streak = next((ago for ago in range(1, WINDOW_DAYS) if not by_day[ago]), WINDOW_DAYS) - 1
    return Lately(
        done_today=by_day[0],
        done_week=sum(by_day[ago] for ago in range(WEEK_DAYS)),
        streak=streak,
        done_in=_mostly(Counter(DayPart.of(one.at.hour).value for one in done), len(done)),
        waves_away=_waved_away(recent),
    )


def _mostly(counts: Counter[str], out_of: int) -> Share | None:
    """What more than half of enough is."""
    if out_of < LEAST:
        return None
    ((of, count),) = counts.most_common(1)
    return Share(of, count, out_of) if 2 * count > out_of else None


def _waved_away(recent: Sequence[Acted]) -> Share | None:
    shown = Counter(one.kind for one in recent)
    dismissed = Counter(one.kind for one in recent if one.action == Action.DISMISS)
    shares = [
        Share(kind, dismissed[kind], shown[kind])
        for kind in sorted(shown)
        if shown[kind] >= LEAST and 2 * dismissed[kind] > shown[kind]
    ]
    return max(shares, key=lambda share: share.number / share.out_of, default=None)


def busy_of(signals: Mapping[str, Sequence[Signal]], zone: tzinfo) -> tuple[Busy, ...]:
    """The events that keep the person busy, of their signals by kind; not those of whole days."""
    return tuple(
        Busy(extent(event).begins(zone), extent(event).ends(zone))
        for event in signals.get(EVENT.name, ())
        if isinstance(event, Event) and event.busy and not event.all_day
    )


def asleep_of(last: Iterable[Signal], now: datetime) -> tuple[Busy, ...]:
    """The sleep that the person's last sightings, one or more of each source, tell of.

    It lasts until the source that told of it, or any that saw them active, says otherwise, or
    MOST_SLEEP: a page that was left open and became idle wakes nobody.
    """
    seen = [it for it in last if isinstance(it, Presence) and it.at <= now]
    last_of = {it.source: it for it in sorted(seen, key=lambda it: it.at)}  # stable: later stays
    active = max((it.at for it in seen if it.state is State.ACTIVE), default=None)
    asleep = [
        it.at
        for it in last_of.values()
        if it.state is State.ASLEEP and (active is None or active < it.at)
    ]
    begun = max(asleep, default=None)
    if begun is None or now >= begun + MOST_SLEEP:
        return ()
    return (Busy(begun, begun + MOST_SLEEP, ASLEEP),)


def next_busy(busy: Iterable[Busy], local_now: datetime) -> datetime | None:
    """The instant at which the next event begins that is still to come."""
    return min((one.begins for one in busy if one.begins > local_now), default=None)


def left_before(busy: Sequence[Busy], local_now: datetime) -> Gap | None:
    """The free time to the next event of today in whole minutes, if the person is free now."""
    begins = next_busy(busy, local_now)
    if begins is None or any(one.begins <= local_now < one.ends for one in busy):
        return None
    local = begins.astimezone(local_now.tzinfo)
    if local.date() != local_now.date():
        return None
    return Gap(f"{local:%H:%M}", (begins - local_now) // timedelta(minutes=1))


def gap_before(busy: Sequence[Busy], local_now: datetime) -> Gap | None:
    """The same as contexts tell it, in steps of STEP_MINUTES."""
    left = left_before(busy, local_now)
    if left is None:
        return None
    return left._replace(minutes=left.minutes // STEP_MINUTES * STEP_MINUTES)

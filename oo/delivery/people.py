"""What deciding reads of a batch of people, in a dozen queries whatever their number."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oo.delivery.engaged import engaged
from oo.domain.consents import NOTIFICATIONS
from oo.domain.interruptions import NO_PUSHES, Pushes
from oo.domain.lately import Busy
from oo.domain.moments import Plan, usual_hours
from oo.domain.quiet import Attention
from oo.store import (
    attention,
    consents,
    delivery_log,
    delivery_moments,
    delivery_rewards,
    kept_profiles,
    occasions,
)
from oo.store.database import Hot
from oo.store.delivery_moments import Due
from oo.store.models import StoredModel
from oo.store.occasions import Standing

REACH = timedelta(days=30)
HOURS_GOOD_FOR = timedelta(days=7)


class Known(NamedTuple):
    """One person at their moment. `spent` counts what was sent on their local day."""

    due: Due
    zone: ZoneInfo
    allows: bool
    attention: Attention
    busy: Sequence[Busy]
    standing: Standing
    profile: Mapping[str, float]
    pushes: Pushes
    spent: int
    hours: list[float]
    hours_at: datetime
    newest: int
    state: StoredModel | None

    @property
    def plan(self) -> Plan:
        """What the person's next moment is made from."""
        return Plan(
            self.due.user_id,
            self.attention,
            self.zone,
            tuple(self.hours),
            self.busy,
            self.standing.ahead,
        )


async def load(connection: Hot, due: Sequence[Due], now: datetime, state_key: str) -> list[Known]:
    """All that is needed of these people, in their order."""
    people = [one.user_id for one in due]
    zones = {one.user_id: ZoneInfo(one.timezone) for one in due}
    allowing = await consents.allowing(connection, people, NOTIFICATIONS)
    asked = [it for it in people if it in allowing]
    wanted = await attention.load(connection, asked)
    standings = await occasions.load(connection, asked, now)
    busy = await engaged(connection, {it: zones[it] for it in asked}, now)
    profiles = await kept_profiles.load(connection, asked)
    pushes = await delivery_log.of_late(connection, asked, now)
    spent = await _spent(connection, pushes, zones, now)
    newest = await delivery_rewards.newest(connection, asked)
    states = await delivery_rewards.states(connection, list(newest), state_key)
    stale = [it for it in due if it.user_id in allowing and _is_stale(it, now)]
    seen = await delivery_moments.seen_hours(connection, [it.user_id for it in stale], now - REACH)
    found = []
    for one in due:
        user_id, zone = one.user_id, zones[one.user_id]
        profile = profiles[user_id].values if user_id in profiles else {}
        hours, hours_at = one.hours, one.hours_at
        if user_id in seen:
            local = [it.astimezone(zone) for it in seen[user_id]]
            clock = [it.hour + it.minute / 60 for it in local]
            hours, hours_at = list(usual_hours(profile, clock)), now
        found.append(
            Known(
                one,
                zone,
                user_id in allowing,
                wanted.get(user_id, Attention()),
                busy.get(user_id, ()),
                standings.get(user_id, Standing()),
                profile,
                pushes.get(user_id, NO_PUSHES),
                spent.get(user_id, 0),
                hours,
                hours_at,
                newest.get(user_id, 0),
                states.get(user_id),
            )
        )
    return found


def _is_stale(due: Due, now: datetime) -> bool:
    return not due.hours or now - due.hours_at > HOURS_GOOD_FOR


async def _spent(
    connection: Hot,
    pushes: Mapping[str, Pushes],
    zones: Mapping[str, ZoneInfo],
    now: datetime,
) -> Mapping[str, int]:
    """What was sent today, of those who got anything within a day."""
    recent = [user_id for user_id, those in pushes.items() if those.hours and those.hours < 25]
    midnights = {
        user_id: now.astimezone(zones[user_id]).replace(hour=0, minute=0, second=0, microsecond=0)
        for user_id in recent
    }
    return await delivery_log.sent_on(connection, midnights) if midnights else {}

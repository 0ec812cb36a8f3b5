"""Who may be spoken to: by what they set, and by the meetings and sleep that their sources tell."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from oo.domain.lately import MOST_SLEEP, Busy, asleep_of, busy_of
from oo.domain.quiet import Attention, hush
from oo.domain.signals.kinds.event import KIND as EVENT
from oo.store import attention, occasions
from oo.store.database import Hot


async def engaged(
    connection: Hot, zones: Mapping[str, ZoneInfo], now: datetime
) -> dict[str, tuple[Busy, ...]]:
    """The meetings of the coming day and a half and the sleep of now, of each person in `zones`."""
    calendars = await occasions.events(connection, list(zones), now)
    seen = await occasions.last_seen(connection, list(zones), now - MOST_SLEEP, now)
    found = {}
    for user_id, zone in zones.items():
        asleep = asleep_of(seen.get(user_id, ()), now)
        found[user_id] = (*busy_of({EVENT.name: calendars.get(user_id, ())}, zone), *asleep)
    return found


async def approachable(
    connection: Hot, zones: Mapping[str, ZoneInfo], now: datetime
) -> dict[str, Attention]:
    """Those of these people who may be spoken to now, with what they set."""
    wanted = await attention.load(connection, list(zones))
    busy = await engaged(connection, zones, now)
    own = {user_id: wanted.get(user_id, Attention()) for user_id in zones}
    return {it: own[it] for it in zones if hush(own[it], now, zones[it], busy[it]) is None}

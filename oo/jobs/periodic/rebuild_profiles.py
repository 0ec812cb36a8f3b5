"""Rebuilds profiles that lack reactions, so that requests seldom have to."""

from datetime import timedelta

from oo.domain.ports import RebuildsProfiles
from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.store import kept_profiles
from oo.store.database import Database

BATCH = 200
SETTLE = timedelta(seconds=60)  # somebody who is reacting right now is rebuilt once, afterwards


async def run(db: Database, clock: Clock, profiles: RebuildsProfiles) -> int:
    """Rebuild the profiles that have been behind for a while, the oldest first."""
    before = clock.now() - SETTLE
    async with db.read() as connection:
        behind = await kept_profiles.behind(connection, before, BATCH)
    for user_id in behind:
        await profiles.rebuild(user_id)
    return len(behind)


JOB = Job("profiles", 30.0, run)

"""Rebuilds profiles that lack reactions, so that requests seldom have to."""

from datetime import timedelta

from oo.jobs.contract import Job, JobServices
from oo.recommend.profiles import Profiles
from oo.store import profiles

BATCH = 200
SETTLE = timedelta(seconds=60)  # somebody who is reacting right now is rebuilt once, afterwards


async def run(services: JobServices) -> int:
    """Rebuild the profiles that have been behind for a while, the oldest first."""
    before = services.clock.now() - SETTLE
    async with services.db.read() as connection:
        behind = await profiles.behind(connection, before, BATCH)
    keeper = Profiles(services.db, services.clock)
    for user_id in behind:
        await keeper.rebuild(user_id)
    return len(behind)


JOB = Job("profiles", 30.0, run)

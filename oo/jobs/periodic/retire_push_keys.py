"""Forgets keys that sign pushes once no browser's subscription needs them."""

from oo.domain.deliveries import RetiresKeys
from oo.jobs.contract import Job


async def run(keys: RetiresKeys) -> int:
    """Forget them; how many."""
    return await keys.retire()


JOB = Job("retire-push-keys", 3600.0, run)

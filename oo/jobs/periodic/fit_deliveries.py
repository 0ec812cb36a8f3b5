"""Fits what people have in common about being spoken to, to those who agreed to pooling."""

from oo.domain.speaking import FitsDeliveries
from oo.jobs.contract import Job


async def run(fitting: FitsDeliveries) -> int:
    """Fit the prior of the delivery policy in force."""
    return await fitting.fit()


JOB = Job("fit-deliveries", 24 * 3600.0, run)

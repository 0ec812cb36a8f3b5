"""Joins what came of tips that reached people to the decisions to send them."""

from oo.domain.speaking import SettlesDeliveries
from oo.jobs.contract import Job


async def run(settling: SettlesDeliveries) -> int:
    """Settle what is over, and charge recent pushes to those who switched notifications off."""
    return await settling.settle()


JOB = Job("settle-deliveries", 60.0, run)

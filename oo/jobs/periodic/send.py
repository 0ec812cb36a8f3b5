"""Sends to people's devices what is due: see `docs/push.md`."""

from oo.domain.deliveries import SendsDeliveries
from oo.jobs.contract import Job

ROUNDS = 20  # of a batch each, before others have their turn


async def run(sender: SendsDeliveries) -> int:
    """Send what is due, batch by batch; how many were looked at."""
    looked_at = 0
    for _ in range(ROUNDS):
        done = await sender.send_due()
        if not done:
            break
        looked_at += done
    return looked_at


JOB = Job("send", 1.0, run)

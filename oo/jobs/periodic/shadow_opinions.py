"""Has the policies in shadow say what they would have picked, behind the requests."""

from oo.domain.ports import AsksShadows
from oo.jobs.contract import Job


async def run(shadows: AsksShadows) -> int:
    """Log the opinions that are lacking on recent decisions."""
    return await shadows.ask()


JOB = Job("shadow-opinions", 1.0, run)

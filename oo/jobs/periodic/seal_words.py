"""Seals words of people that an earlier release wrote in the clear."""

from oo.jobs.contract import Job
from oo.jobs.sealing import seal_words
from oo.store.database import Database


async def run(db: Database) -> int:
    """Look through all rows that have words; how many were sealed."""
    return await seal_words(db)


JOB = Job("seal-words", 24 * 3600.0, run)

"""Nightly batches: whose candidates are made ahead, for when, and how far that is."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from oo.store.schema import ID, UtcDateTime, metadata

fill_batches = Table(
    "fill_batches",
    metadata,
    Column("id", ID, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("finished_at", UtcDateTime),
)

fill_batch_people = Table(
    "fill_batch_people",
    metadata,
    Column("batch_id", ID, ForeignKey("fill_batches.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),  # the instant that their candidates are made for
    Column("attempts", Integer, nullable=False, server_default="0"),  # those that failed
    Column("done_at", UtcDateTime),
    Column("outcome", String(16)),  # how it ended, see oo.domain.pools
    Index(None, "user_id", "done_at"),
)

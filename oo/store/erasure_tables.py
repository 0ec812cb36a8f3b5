"""Erasures of people: what is left of a person who was deleted, which is nothing personal."""

from sqlalchemy import JSON, Column, String, Table

from oo.store.schema import ID, UtcDateTime, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("id", ID, primary_key=True),  # of the receipt: who knows it may read it
    Column("person", String(64), nullable=False, unique=True),  # SHA-256 of the person's id
    Column("asked_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("counts", JSON, nullable=False),  # {table: rows erased so far}
)

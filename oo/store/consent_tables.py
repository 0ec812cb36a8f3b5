"""What people said to what oO asked them."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from oo.store.schema import ID, SEQUENCE, UtcDateTime, metadata

# append-only: what a person allows is the newest row of each purpose
consents = Table(
    "consents",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("purpose", String(64), nullable=False),  # see oo.domain.consents
    Column("version", Integer, nullable=False),
    Column("given", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("how", String(64), nullable=False),  # where it was said
    Index(None, "user_id", "purpose", "id"),
    Index(None, "purpose", "user_id", "id"),
)

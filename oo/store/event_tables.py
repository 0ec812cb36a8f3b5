"""The log of events, and how far each of its consumers is."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, String, Table

from oo.store.schema import ID, UtcDateTime, metadata

events = Table(
    "events",
    metadata,
    # 1, 2, 3, ...: given by the relay, so that what is told later has a greater number
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(160), nullable=False, unique=True),  # SUBJECT:KEY of the row that it tells
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("subject", String(120), nullable=False),
    Column("payload", JSON, nullable=False),  # ids, numbers and references
    Column("created_at", UtcDateTime, nullable=False),  # when it happened
)

# no mark is shared: each consumer has a row of its own, and the relay has one
event_consumers = Table(
    "event_consumers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),  # the number of the last event dealt with
    Column("state", JSON, nullable=False),  # what else it must remember
    Column("updated_at", UtcDateTime, nullable=False),
)

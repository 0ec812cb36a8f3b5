"""The tables of the console: requests that were carried out, and views that were saved."""

from sqlalchemy import Column, String, Table

from oo.store.schema import ID, UtcDateTime, metadata

# so that one request changes something once; kept for a day
admin_requests = Table(
    "admin_requests",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
)

# an address with its filters under a name, for everybody who may see the console
saved_views = Table(
    "saved_views",
    metadata,
    Column("id", ID, primary_key=True),
    Column("page", String(64), nullable=False),
    Column("name", String(80), nullable=False),
    Column("address", String(1000), nullable=False),
    Column("actor", String(320), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

"""Tables of devices and of what is sent to them. No text of a tip is in any of them."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from oo.store.schema import ID, UtcDateTime, metadata

# where a person wants to be reached: a browser, a phone, a mail box
devices = Table(
    "devices",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("channel", String(32), nullable=False),  # see oo.push.channels
    Column("address_hash", String(64), nullable=False),
    Column("address", LargeBinary, nullable=False),  # sealed by the vault
    Column("key_id", ID),  # of the VAPID key that it was subscribed under
    Column("session_hash", String(64)),  # with which it ends; none: it needs no session
    Column("name", String(120), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),  # when it last said that it is there
    Column("paused_until", UtcDateTime),  # its service asked for that
    Column("token_hash", String(64)),  # of what ends it without a session
    Unique("channel", "address_hash"),
    Unique("token_hash"),
)

# one per person and tip
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("tip_id", ID, nullable=False),  # of a decision, or of none: a test
    Column("starts_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("only_device", ID),  # a test is for one device alone
    Column("spread_at", UtcDateTime),  # since when it has its sendings
    Unique("user_id", "tip_id"),
    Index(None, "spread_at", "starts_at"),
)

# one per delivery and device, so that no device is sent a tip twice
sendings = Table(
    "sendings",
    metadata,
    Column("delivery_id", ID, primary_key=True),
    Column("device_id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("next_at", UtcDateTime, nullable=False),
    Column("leased_until", UtcDateTime),  # a sender has it; past: it never said how it went
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("ended_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Index(None, "ended_at", "next_at"),
    Index(None, "device_id", "sent_at"),
)

# append-only: what became of deliveries, each outcome once per device
delivery_outcomes = Table(
    "delivery_outcomes",
    metadata,
    Column("delivery_id", ID, primary_key=True),
    Column("device_id", ID, primary_key=True),  # empty: of no device alone
    Column("outcome", String(16), primary_key=True),  # see oo.domain.deliveries
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("tip_id", ID, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("detail", String(64), nullable=False, server_default=""),
    Index(None, "user_id", "at"),
)

# what signs pushes to browsers; nothing about a person
vapid_keys = Table(
    "vapid_keys",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("id", ID, nullable=False, unique=True),
    Column("public_key", Text, nullable=False),  # uncompressed point, base64url
    Column("private_key", LargeBinary, nullable=False),  # sealed by the vault
    Column("kek_id", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

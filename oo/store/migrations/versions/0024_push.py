"""Devices, deliveries to them with what became of each, and the keys that sign pushes."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0028"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(length=32)
HASH = sa.String(length=64)


def _person(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_user_id_users")
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("address_hash", HASH, nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", ID, nullable=True),
        sa.Column("session_hash", HASH, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("paused_until", INSTANT, nullable=True),
        sa.Column("token_hash", HASH, nullable=True),
        _person("devices"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint(
            "channel", "address_hash", name=op.f("uq_devices_channel_address_hash")
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_devices_token_hash")),
    )
    op.create_index(op.f("ix_devices_user_id"), "devices", ["user_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("tip_id", ID, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("only_device", ID, nullable=True),
        sa.Column("spread_at", INSTANT, nullable=True),
        _person("deliveries"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("user_id", "tip_id", name=op.f("uq_deliveries_user_id_tip_id")),
    )
    op.create_index(op.f("ix_deliveries_created_at"), "deliveries", ["created_at"])
    op.create_index(
        op.f("ix_deliveries_spread_at_starts_at"), "deliveries", ["spread_at", "starts_at"]
    )
    op.create_table(
        "sendings",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        _person("sendings"),
        sa.PrimaryKeyConstraint("delivery_id", "device_id", name=op.f("pk_sendings")),
    )
    for columns in (
        ["user_id"],
        ["created_at"],
        ["ended_at", "next_at"],
        ["device_id", "sent_at"],
    ):
        op.create_index(op.f(f"ix_sendings_{'_'.join(columns)}"), "sendings", columns)
    op.create_table(
        "delivery_outcomes",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("tip_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("detail", sa.String(length=64), nullable=False, server_default=""),
        _person("delivery_outcomes"),
        sa.PrimaryKeyConstraint(
            "delivery_id", "device_id", "outcome", name=op.f("pk_delivery_outcomes")
        ),
    )
    op.create_index(op.f("ix_delivery_outcomes_at"), "delivery_outcomes", ["at"])
    op.create_index(op.f("ix_delivery_outcomes_user_id_at"), "delivery_outcomes", ["user_id", "at"])
    op.create_table(
        "vapid_keys",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("kek_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("generation", name=op.f("pk_vapid_keys")),
        sa.UniqueConstraint("id", name=op.f("uq_vapid_keys_id")),
    )


def downgrade() -> None:
    for table in ("vapid_keys", "delivery_outcomes", "sendings", "deliveries", "devices"):
        op.drop_table(table)

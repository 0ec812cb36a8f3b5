"""Counts by hour, so that the console's pages cost the same however many decisions there are."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "hourly_tips",
    "hourly_actions",
    "hourly_returns",
    "daily_arrivals",
    "hours_to_count",
    "hourly_state",
)


def upgrade() -> None:
    _create(
        "hourly_tips",
        _key("hour"),
        _key("policy", 64),
        _key("policy_version", 64),
        _key("model", 200),
        _key("prompt_version", 64),
        _key("kind", 16),
        _key("source", 32),
        *(_count(name) for name in ("tips", "seen", "degraded", "wrong", "reacted")),
        *(_count(name) for name in ("done", "snoozed", "dismissed")),
        *_rewards(),
        sqlite_with_rowid=False,
    )
    _create(
        "hourly_actions",
        _key("hour"),
        _key("action", 16),
        _count("tips"),
        _count("seen"),
        *_rewards(),
        sqlite_with_rowid=False,
    )
    _create("hourly_returns", _key("hour"), _key("after"), _count("tips"), sqlite_with_rowid=False)
    steps = ("signed_in", "connected", "first_tip", "first_done", "came_back")
    _create("daily_arrivals", _key("day"), *(_count(name) for name in steps))
    op.create_table(
        "hours_to_count",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("is_arrival", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_to_count")),
    )
    op.create_table(
        "hourly_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("until_hour", "whole_from", "version")
        ),
        *(
            sa.Column(name, INSTANT, nullable=False)
            for name in ("until", "people_until", "looked_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hourly_state")),
    )
    in_trouble = sa.text("status = 'reconnect' OR error IS NOT NULL")
    op.create_index(
        "ix_connections_in_trouble",
        "connections",
        ["status"],
        sqlite_where=in_trouble,
        postgresql_where=in_trouble,
    )


def downgrade() -> None:
    op.drop_index("ix_connections_in_trouble", "connections")
    for name in reversed(TABLES):
        op.drop_table(name)


def _create(name: str, *columns: "sa.Column[object]", **options: bool) -> None:
    keys = [column.name for column in columns if isinstance(column.type, sa.BigInteger | sa.String)]
    op.create_table(
        name, *columns, sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{name}")), **options
    )


def _key(name: str, length: int = 0) -> "sa.Column[object]":
    kind = sa.String(length=length) if length else sa.BigInteger()
    return sa.Column(name, kind, autoincrement=False, nullable=False)


def _count(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Integer(), nullable=False)


def _rewards() -> "tuple[sa.Column[object], ...]":
    return tuple(sa.Column(name, sa.Float(), nullable=False) for name in ("reward", "squares"))

"""Signals of any kind, when a task was read, and where a source's next delta begins."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("connections", sa.Column("cursor", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("recorded_at", INSTANT, nullable=True))
    op.create_table(
        "signals",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=True),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_signals_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "kind", "id", name=op.f("pk_signals")),
    )
    op.create_index(op.f("ix_signals_expires_at"), "signals", ["expires_at"])
    op.create_index(op.f("ix_signals_user_id_ends_at"), "signals", ["user_id", "ends_at"])


def downgrade() -> None:
    op.drop_table("signals")
    op.drop_column("tasks", "recorded_at")
    op.drop_column("connections", "cursor")

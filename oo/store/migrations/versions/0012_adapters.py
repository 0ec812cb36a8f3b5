"""Adapters of models: who promoted which; and what was asked and said, for learning from it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(length=32)
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "adapter_changes",
        sa.Column("id", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("alias", sa.String(length=64), nullable=False),
        sa.Column("adapter", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adapter_changes")),
    )
    op.create_table(
        "writings",
        sa.Column("candidate_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("task_index", sa.Integer(), nullable=True),
        sa.Column("spoken", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_writings_user_id_users")),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_writings")),
    )
    op.create_index(op.f("ix_writings_user_id"), "writings", ["user_id"])
    op.create_index(op.f("ix_writings_created_at"), "writings", ["created_at"])


def downgrade() -> None:
    op.drop_table("writings")
    op.drop_table("adapter_changes")

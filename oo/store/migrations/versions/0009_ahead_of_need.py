"""Candidates ahead of need: since when a pool is not good, what is made ahead, nightly batches."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("users", sa.Column("changed_at", INSTANT, nullable=True))
    op.add_column("users", sa.Column("good_until", INSTANT, nullable=True))
    op.add_column("candidates", sa.Column("starts_at", INSTANT, nullable=True))
    op.create_table(
        "fill_batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fill_batches")),
    )
    op.create_index(op.f("ix_fill_batches_started_at"), "fill_batches", ["started_at"])
    op.create_table(
        "fill_batch_people",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["fill_batches.id"],
            name=op.f("fk_fill_batch_people_batch_id_fill_batches"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_fill_batch_people_user_id_users")
        ),
        sa.PrimaryKeyConstraint("batch_id", "user_id", name=op.f("pk_fill_batch_people")),
    )
    op.create_index(
        op.f("ix_fill_batch_people_user_id_done_at"), "fill_batch_people", ["user_id", "done_at"]
    )


def downgrade() -> None:
    op.drop_table("fill_batch_people")
    op.drop_table("fill_batches")
    op.drop_column("candidates", "starts_at")
    op.drop_column("users", "good_until")
    op.drop_column("users", "changed_at")

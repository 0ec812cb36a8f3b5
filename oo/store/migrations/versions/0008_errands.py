"""How far an errand of the outbox is: its tries, when it is due, how it ended and why."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("outcome", sa.String(length=16), nullable=True))
    op.add_column("outbox", sa.Column("error", sa.Text(), nullable=True))
    op.execute("UPDATE outbox SET outcome = 'done' WHERE relayed_at IS NOT NULL")


def downgrade() -> None:
    for name in ("error", "outcome", "next_at", "attempts"):
        op.drop_column("outbox", name)

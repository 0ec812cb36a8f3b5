"""What a tip is about and in which language: labels, so that tips can be told apart by them."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("candidates", "tip_scores"):
        # without a default, so that neither store writes a row anew
        op.add_column(table, sa.Column("activity", sa.String(length=32), nullable=True))
        op.add_column(table, sa.Column("language", sa.String(length=8), nullable=True))


def downgrade() -> None:
    for table in ("candidates", "tip_scores"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("language")
            batch.drop_column("activity")

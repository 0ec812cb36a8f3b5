"""When a source was asked last; `synced_at` no longer moves when reading fails."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE connections SET asked_at = synced_at")


def downgrade() -> None:
    op.drop_column("connections", "asked_at")

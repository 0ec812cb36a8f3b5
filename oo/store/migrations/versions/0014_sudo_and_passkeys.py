"""When somebody last proved who they are in a session, and when it was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("sessions", sa.Column("authenticated_at", INSTANT, nullable=True))
    op.add_column("sessions", sa.Column("seen_at", INSTANT, nullable=True))
    op.execute("UPDATE sessions SET authenticated_at = created_at, seen_at = created_at")
    with op.batch_alter_table("sessions") as sessions:
        sessions.alter_column("authenticated_at", nullable=False)
        sessions.alter_column("seen_at", nullable=False)


def downgrade() -> None:
    op.drop_column("sessions", "seen_at")
    op.drop_column("sessions", "authenticated_at")

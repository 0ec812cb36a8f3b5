"""An index of those alone who wait for being erased: a job asks every few seconds."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = "ix_users_waiting"
WAITS = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(NAME, "users", ["deleted_at", "id"], sqlite_where=WAITS, postgresql_where=WAITS)


def downgrade() -> None:
    op.drop_index(NAME, table_name="users")

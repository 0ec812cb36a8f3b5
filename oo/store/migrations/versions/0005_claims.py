"""What a candidate states, as data; and when a person's pool was last looked after.

Candidates of before state what nobody can check any more. They are made again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM candidates")
    with op.batch_alter_table("candidates") as candidates:
        candidates.add_column(sa.Column("claims", sa.JSON(), nullable=False))
    op.add_column("users", sa.Column("filled_version", sa.BigInteger(), nullable=True))
    op.add_column("users", sa.Column("look_again_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE users SET pool_version = pool_version + 1")


def downgrade() -> None:
    op.drop_column("users", "look_again_at")
    op.drop_column("users", "filled_version")
    op.drop_column("candidates", "claims")

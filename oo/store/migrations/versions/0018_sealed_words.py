"""Words of people are sealed: one blob per row, in place of the columns that had them.

Rows of before keep their words until `seal-words` has sealed them, and are read as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = (
    "connections",
    "tasks",
    "signals",
    "candidates",
    "tip_scores",
    "writings",
    "last_imports",
)


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("words that are sealed have no place in the shape of before")

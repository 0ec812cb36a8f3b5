"""What undoing an import needs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "last_imports",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_last_imports_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", "source", name=op.f("pk_last_imports")),
    )
    op.create_index(op.f("ix_last_imports_expires_at"), "last_imports", ["expires_at"])


def downgrade() -> None:
    op.drop_table("last_imports")

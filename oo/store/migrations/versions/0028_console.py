"""The console: keys of requests that were carried out, saved views, and indices for its counts."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0022"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "admin_requests",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_admin_requests")),
    )
    op.create_index(op.f("ix_admin_requests_at"), "admin_requests", ["at"])
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(op.f("ix_feedback_created_at"), "feedback", ["created_at"])
    op.create_index(op.f("ix_users_email"), "users", ["email"])
    op.create_index(op.f("ix_users_created_at"), "users", ["created_at"])
    op.create_index(op.f("ix_audit_whom"), "audit", ["whom"])


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_whom"), "audit")
    op.drop_index(op.f("ix_users_created_at"), "users")
    op.drop_index(op.f("ix_users_email"), "users")
    op.drop_index(op.f("ix_feedback_created_at"), "feedback")
    op.drop_table("saved_views")
    op.drop_table("admin_requests")

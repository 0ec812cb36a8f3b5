"""Identities of their own, so that a person may have several.

Those of before were kept by the name of their provider in the settings; `identities.adopt` gives
them its issuer at the start.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(length=32)


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("mail_refused_at", INSTANT, nullable=True),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_identities_user_id_users")
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_user_id"), "identities", ["user_id"])
    op.create_table(
        "spent_attempts",
        sa.Column("attempt_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("attempt_hash", name=op.f("pk_spent_attempts")),
    )
    op.create_index(op.f("ix_spent_attempts_expires_at"), "spent_attempts", ["expires_at"])
    op.execute(
        "INSERT INTO identities"
        " (issuer, subject, user_id, email, email_verified, added_at, used_at)"
        " SELECT provider, subject, id, email, false, created_at, created_at FROM users"
    )
    _defer_references(True)
    with op.batch_alter_table("users") as users:
        users.drop_constraint(op.f("uq_users_provider_subject"), type_="unique")
        users.drop_column("provider")
        users.drop_column("subject")
    _defer_references(False)


def _defer_references(on: bool) -> None:
    """SQLite makes the table anew, and rows that refer to it refer to none for that moment.

    It counts them, and forgets the count when it is told to defer no more.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"PRAGMA defer_foreign_keys = {'ON' if on else 'OFF'}")


def downgrade() -> None:
    raise NotImplementedError("a person with two identities has no place in the shape of before")

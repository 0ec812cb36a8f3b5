"""Sessions know their last proof and use; passkeys, roles of people and tokens of machines."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(length=32)
HASH = sa.String(length=64)


def upgrade() -> None:
    for name in ("authenticated_at", "seen_at"):
        op.add_column("sessions", sa.Column(name, INSTANT, nullable=True))
    op.execute("UPDATE sessions SET authenticated_at = created_at, seen_at = created_at")
    with op.batch_alter_table("sessions") as sessions:
        for name in ("authenticated_at", "seen_at"):
            sessions.alter_column(name, nullable=False)
    op.add_column(
        "users",
        sa.Column("role", sa.String(length=16), nullable=False, server_default="person"),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_passkeys_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_user_id"), "passkeys", ["user_id"])
    op.create_table(
        "passkey_challenges",
        sa.Column("challenge_hash", HASH, nullable=False),
        sa.Column("session_hash", HASH, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_passkey_challenges")),
    )
    op.create_table(
        "machine_tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", HASH, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_machine_tokens_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("machine_tokens")
    op.drop_table("passkey_challenges")
    op.drop_table("passkeys")
    op.drop_column("users", "role")
    for name in ("seen_at", "authenticated_at"):
        op.drop_column("sessions", name)

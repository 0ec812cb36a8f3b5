"""What calls of language models cost, and who agreed to cloud models."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
BUCKETS = 12


def upgrade() -> None:
    op.add_column("users", sa.Column("cloud_models_since", INSTANT, nullable=True))
    op.create_table(
        "model_calls",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("hour", INSTANT, nullable=False),
        sa.Column("alias", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("prompt_version", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=False),
        sa.Column("latency_s", sa.Float(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        *(sa.Column(f"latency_{index}", sa.Integer(), nullable=False) for index in range(BUCKETS)),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_model_calls_user_id_users")
        ),
        sa.PrimaryKeyConstraint(
            "user_id",
            "hour",
            "alias",
            "model",
            "place",
            "prompt_version",
            "purpose",
            "outcome",
            name=op.f("pk_model_calls"),
        ),
    )
    op.create_index(op.f("ix_model_calls_hour"), "model_calls", ["hour"])


def downgrade() -> None:
    op.drop_table("model_calls")
    op.drop_column("users", "cloud_models_since")

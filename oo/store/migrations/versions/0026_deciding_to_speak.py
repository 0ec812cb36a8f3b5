"""Whether and when to speak: settings, moments ahead, the log of decisions, what was learnt."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(length=32)


def _of_a_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users")
    )


def upgrade() -> None:
    op.create_table(
        "attention",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_until", sa.Integer(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        _of_a_person("attention"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_attention")),
    )
    op.create_table(
        "delivery_moments",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("hours_at", INSTANT, nullable=False),
        sa.Column("hushed", sa.String(length=32), server_default="", nullable=False),
        _of_a_person("delivery_moments"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_delivery_moments")),
    )
    op.create_index(op.f("ix_delivery_moments_next_at"), "delivery_moments", ["next_at"])
    op.create_table(
        "delivery_decisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("moment", sa.String(length=32), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("state_seq", sa.BigInteger(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=False),
        sa.Column("propensities", sa.JSON(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("tip_id", ID, nullable=True),
        sa.Column("delivery_id", sa.String(length=64), nullable=True),
        sa.Column("unsent", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reward", sa.Float(), nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        _of_a_person("delivery_decisions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_decisions")),
    )
    op.create_index(op.f("ix_delivery_decisions_created_at"), "delivery_decisions", ["created_at"])
    op.create_index(
        op.f("ix_delivery_decisions_user_id_created_at"),
        "delivery_decisions",
        ["user_id", "created_at"],
    )
    op.create_table(
        "delivery_rewards",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decision_id", ID, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reward", sa.Float(), nullable=False),
        sa.Column("replaces", sa.Float(), nullable=True),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("learned_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        _of_a_person("delivery_rewards"),
        sa.PrimaryKeyConstraint("user_id", "seq", name=op.f("pk_delivery_rewards")),
    )
    op.create_table(
        "delivery_models",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("applied_seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        _of_a_person("delivery_models"),
        sa.PrimaryKeyConstraint("user_id", "policy", name=op.f("pk_delivery_models")),
    )
    op.create_table(
        "delivery_priors",
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.LargeBinary(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("fitted_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("policy", "version", name=op.f("pk_delivery_priors")),
    )
    op.create_index(op.f("ix_signals_kind_recorded_at"), "signals", ["kind", "recorded_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_signals_kind_recorded_at"), "signals")
    for table in (
        "delivery_priors",
        "delivery_models",
        "delivery_rewards",
        "delivery_decisions",
        "delivery_moments",
        "attention",
    ):
        op.drop_table(table)

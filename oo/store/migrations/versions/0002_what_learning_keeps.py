"""What learning keeps: revised rewards, profiles, shadow policies, parameters and promotions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(length=32)
NAME = sa.String(length=64)


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("pooling_since", INSTANT, nullable=True))
    with op.batch_alter_table("tip_scores") as tip_scores:
        tip_scores.add_column(sa.Column("seen_at", INSTANT, nullable=True))
    with op.batch_alter_table("feedback") as feedback:
        feedback.add_column(sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
        feedback.add_column(sa.Column("replaces", sa.Float(), nullable=True))
        feedback.add_column(sa.Column("learned_at", INSTANT, nullable=True))
    op.execute("UPDATE feedback SET learned_at = created_at")
    # states are encoded differently from now on; they are folds of the log and come back from it
    op.execute("DELETE FROM user_models")
    with op.batch_alter_table("feedback") as feedback:
        feedback.alter_column("learned_at", existing_type=INSTANT, nullable=False)
        feedback.drop_constraint(op.f("uq_feedback_tip_id"), type_="unique")
        feedback.create_unique_constraint(
            op.f("uq_feedback_tip_id_revision"), ["tip_id", "revision"]
        )
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "profiles",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("user_seq", sa.BigInteger(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_profiles_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_profiles")),
    )
    op.create_table(
        "shadow_scores",
        sa.Column("tip_id", ID, nullable=False),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("policy_version", NAME, nullable=False),
        sa.Column("state_seq", sa.BigInteger(), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=False),
        sa.Column("propensities", sa.JSON(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tip_id"],
            ["tip_scores.id"],
            name=op.f("fk_shadow_scores_tip_id_tip_scores"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_shadow_scores_user_id_users")
        ),
        sa.PrimaryKeyConstraint("tip_id", "policy", name=op.f("pk_shadow_scores")),
    )
    op.create_index(op.f("ix_shadow_scores_user_id"), "shadow_scores", ["user_id"])
    op.create_table(
        "policy_parameters",
        sa.Column("policy", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("policy", "version", name=op.f("pk_policy_parameters")),
    )
    op.create_table(
        "policy_changes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_changes")),
    )


def downgrade() -> None:
    for table in ("policy_changes", "policy_parameters", "shadow_scores", "profiles"):
        op.drop_table(table)
    with op.batch_alter_table("feedback") as feedback:
        feedback.drop_constraint(op.f("uq_feedback_tip_id_revision"), type_="unique")
        feedback.create_unique_constraint(op.f("uq_feedback_tip_id"), ["tip_id"])
        for column in ("revision", "replaces", "learned_at"):
            feedback.drop_column(column)
    op.execute("DELETE FROM user_models")
    # not in a batch: that would make the tables anew, and others refer to their rows
    op.drop_column("tip_scores", "seen_at")
    op.drop_column("users", "pooling_since")

"""Consents with their history, in place of two columns; decisions end while reactions stay."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(length=32)
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SAID = ["user_id", "purpose", "version", "given", "at", "how"]
HOW = "connect page"
BEFORE = {"pooling": "pooling_since", "cloud-models": "cloud_models_since"}


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("how", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_consents_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(
        op.f("ix_consents_user_id_purpose_id"), "consents", ["user_id", "purpose", "id"]
    )
    op.create_index(
        op.f("ix_consents_purpose_user_id_id"), "consents", ["purpose", "user_id", "id"]
    )
    for purpose, column in BEFORE.items():
        since: sa.ColumnClause[Any] = sa.column(column)
        agreed = sa.select(
            sa.column("id"), sa.literal(purpose), sa.literal(1), sa.true(), since, sa.literal(HOW)
        ).select_from(sa.table("users"))
        op.execute(
            sa.insert(sa.table("consents", *map(sa.column, SAID))).from_select(
                SAID, agreed.where(since.is_not(None)).order_by(since, sa.column("id"))
            )
        )
        op.drop_column("users", column)
    with op.batch_alter_table("feedback") as feedback:
        feedback.drop_constraint(op.f("fk_feedback_tip_id_tip_scores"), type_="foreignkey")


def downgrade() -> None:
    with op.batch_alter_table("feedback") as feedback:
        feedback.create_foreign_key(
            op.f("fk_feedback_tip_id_tip_scores"), "tip_scores", ["tip_id"], ["id"]
        )
    for purpose, column in BEFORE.items():
        op.add_column("users", sa.Column(column, INSTANT, nullable=True))
        op.execute(
            f"UPDATE users SET {column} = (SELECT CASE WHEN given THEN at END FROM consents"  # noqa: S608 - constants
            f" WHERE user_id = users.id AND purpose = '{purpose}' ORDER BY id DESC LIMIT 1)"
        )
    op.drop_table("consents")

"""Tips that are ready, and those that were shown."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import candidates, decisions, history
from oo.store.category import Category, Held, days
from oo.store.tables import candidates as candidates_table
from oo.store.tables import shadow_scores, tip_scores


async def erase(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    """Erase what was made and shown; what was learnt from it has a category of its own."""
    await history.forget_tips(connection, user_id, now)


CATEGORY = Category(
    name="tips",
    title="Tips",
    words="Tips that are ready, those that you were shown, and what spoke for each.",
    holds=(
        Held(candidates_table, "created_at"),
        Held(tip_scores, "created_at"),
        Held(shadow_scores),
    ),
    kept=lambda retention: (
        f"{days(retention.decisions_days)}, unused ones for {days(retention.candidates_days)}"
    ),
    purges=(
        lambda connection, now, retention: decisions.purge(
            connection, now - timedelta(days=retention.decisions_days)
        ),
        lambda connection, now, retention: candidates.purge(
            connection, now - timedelta(days=retention.candidates_days)
        ),
    ),
    erase=erase,
    erased="New ones are made for you. What was learnt from the old ones stays.",
)

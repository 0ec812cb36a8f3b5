"""What was asked and said for tips, of people who agreed to pooling."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import writings as store
from oo.store.category import Category, Held, days
from oo.store.tables import writings


async def erase(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    """Erase all of it."""
    await store.forget(connection, user_id)


CATEGORY = Category(
    name="writings",
    title="What a writer may learn from",
    words="How your tips were asked for and written; only while you agree to pooling.",
    holds=(Held(writings, "created_at"),),
    kept=lambda retention: f"{days(retention.writings_days)}, or until you stop pooling",
    purges=(
        lambda connection, now, retention: store.purge(
            connection, now - timedelta(days=retention.writings_days)
        ),
    ),
    erase=erase,
    erased="It comes anew while you agree to pooling.",
)

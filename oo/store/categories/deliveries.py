"""What was sent to the person's devices, and what became of it."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import deliveries as rows
from oo.store.category import Category, Held, days
from oo.store.tables import deliveries, delivery_outcomes, sendings


async def erase(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    """Forget all deliveries; what still waits is not sent."""
    await rows.forget(connection, user_id)


CATEGORY = Category(
    name="deliveries",
    title="Notifications",
    words="Which tip was sent to which device and when, and whether you opened it.",
    holds=(
        Held(deliveries, "created_at", returns=False),
        Held(sendings, "created_at", returns=False),
        Held(delivery_outcomes, "at", returns=False),
    ),
    kept=lambda retention: days(retention.deliveries_days),
    purges=(
        lambda connection, now, retention: rows.purge(
            connection, now - timedelta(days=retention.deliveries_days)
        ),
    ),
    erase=erase,
    erased="What still waited is not sent.",
)

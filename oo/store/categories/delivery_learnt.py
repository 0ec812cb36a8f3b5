"""What was learnt of when the person likes to be spoken to."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import delivery_rewards as store
from oo.store.category import Category, Held
from oo.store.tables import delivery_models, delivery_rewards


async def erase(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    """Erase what was learnt, and the decisions that were made with it."""
    await store.forget(connection, user_id)


CATEGORY = Category(
    name="delivery-learnt",
    title="What was learnt of good moments",
    words="What came of tips that reached you, as numbers, and the sums that these make up.",
    holds=(Held(delivery_rewards, "created_at"), Held(delivery_models, "updated_at")),
    kept=lambda retention: "until you erase it or delete your account",
    erase=erase,
    erased="oO learns anew when to speak up, and forgets when it did.",
)

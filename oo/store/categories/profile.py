"""A few numbers that sum up the person's tips of late."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.category import Category, Held
from oo.store.tables import profiles


async def erase(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    """Erase the numbers."""
    await connection.execute(delete(profiles).where(profiles.c.user_id == user_id))


CATEGORY = Category(
    name="profile",
    title="Your profile",
    words="A few numbers that sum up your tips of the last 30 days.",
    holds=(Held(profiles, "computed_at"),),
    kept=lambda retention: "until you erase it; they are computed anew from your tips",
    erase=erase,
    erased="It is computed anew from the tips that are kept.",
)

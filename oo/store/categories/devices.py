"""Where the person wants to be reached."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import devices as rows
from oo.store.category import Category, Held
from oo.store.tables import devices


async def erase(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    """End all devices."""
    await rows.end_all(connection, user_id)


CATEGORY = Category(
    name="devices",
    title="Your devices",
    words="Browsers, phones and mail boxes that get your tips; their addresses are sealed.",
    holds=(
        Held(devices, "created_at", returns=False, withheld={"address": "it opens the device"}),
    ),
    kept=lambda retention: "until you sign out there or end them",
    erase=erase,
    erased="Nothing is sent to them any more.",
)

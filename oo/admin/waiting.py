"""What waits for its turn: how much may, and the policies of a form."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.errors import Conflict
from oo.store import simulations

MOST_WAITING = 20


def listed(given: object) -> object:
    """Names as a form gives them: one, several, or several in one with commas."""
    values = [given] if isinstance(given, str) else given
    if not isinstance(values, list):
        return given
    return [part.strip() for one in values for part in str(one).split(",") if part.strip()]


async def room_for_one(connection: AsyncConnection) -> None:
    """Raises Conflict when enough waits already."""
    if len(await simulations.asked_for(connection)) >= MOST_WAITING:
        raise Conflict(f"{MOST_WAITING} wait already: cancel one, or come back later.")

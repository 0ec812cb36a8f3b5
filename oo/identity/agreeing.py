"""What signing in implies: the page that offers it says so, with links."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.legal import documents
from oo.kit.clock import Clock
from oo.store import consents

SIGN_IN = "sign-in"


async def imply_terms(connection: AsyncConnection, user_id: str, clock: Clock) -> None:
    """Record that whoever signs in agrees to the documents as they are today."""
    await consents.imply(connection, user_id, documents(), clock.now(), SIGN_IN)

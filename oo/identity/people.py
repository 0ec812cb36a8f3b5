"""People, as identity providers vouch for them."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.clock import Clock
from oo.kit.errors import Forbidden
from oo.kit.ids import new_id
from oo.store import users
from oo.store.users import UserRow

MAX_EMAIL = 320
MAX_NAME = 200


class Profile(NamedTuple):
    """Who somebody is at a provider; (provider, subject) never changes, the rest may."""

    provider: str
    subject: str
    email: str
    name: str
    email_verified: bool = False


async def ensure_user(connection: AsyncConnection, profile: Profile, clock: Clock) -> str:
    """The id of the person, who is added at the first sign-in.

    Raises Forbidden for an account that was deleted.
    """
    row = await users.find_by_subject(connection, profile.provider, profile.subject)
    if row is None:
        new = UserRow(
            id=new_id(clock),
            provider=profile.provider,
            subject=profile.subject,
            email=profile.email[:MAX_EMAIL],
            name=profile.name[:MAX_NAME],
            timezone="UTC",
            created_at=clock.now(),
            deleted_at=None,
        )
        await users.add(connection, new)
        # of two first sign-ins at once, one wins
        row = await users.find_by_subject(connection, profile.provider, profile.subject) or new
    if row.deleted_at is not None:
        raise Forbidden("This account was deleted.")
    email = profile.email[:MAX_EMAIL] or row.email
    name = profile.name[:MAX_NAME] or row.name
    if (email, name) != (row.email, row.name):
        await users.rename(connection, row.id, email, name)
    return row.id

"""People, as identity providers vouch for them."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.clock import Clock
from oo.kit.errors import Forbidden
from oo.kit.ids import new_id
from oo.store import identities, users
from oo.store.identities import IdentityRow
from oo.store.users import UserRow

MAX_EMAIL = 320
MAX_NAME = 200


class Profile(NamedTuple):
    """Who somebody is at a provider; (issuer, subject) never changes, the rest may.

    `name` and `email` are empty where the provider does not tell them.
    """

    issuer: str
    subject: str
    email: str
    name: str
    email_verified: bool = False


async def ensure_user(connection: AsyncConnection, profile: Profile, clock: Clock) -> str:
    """The id of the person, who is added at the first sign-in.

    Raises Forbidden for an account that was deleted.
    """
    known = await identities.find(connection, profile.issuer, profile.subject)
    if known is None:
        added = await _add(connection, profile, clock)
        if added is not None:
            return added
        # of two first sign-ins at once, one wins
        known = await identities.find(connection, profile.issuer, profile.subject)
    person = known and await users.get(connection, known.user_id)
    if known is None or person is None:
        raise Forbidden("This account was deleted.")
    await identities.note_use(connection, person.id, identity_of(profile, person.id, clock))
    # what the person is called follows the identity that named them
    if person.email in ("", known.email):
        email = profile.email[:MAX_EMAIL] or person.email
        name = profile.name[:MAX_NAME] or person.name
        if (email, name) != (person.email, person.name):
            await users.rename(connection, person.id, email, name)
    return person.id


def identity_of(profile: Profile, user_id: str, clock: Clock) -> IdentityRow:
    """The row of an identity that has just shown itself."""
    now = clock.now()
    return IdentityRow(
        issuer=profile.issuer,
        subject=profile.subject,
        user_id=user_id,
        email=profile.email[:MAX_EMAIL],
        email_verified=profile.email_verified,
        mail_refused_at=None,
        added_at=now,
        used_at=now,
    )


async def _add(connection: AsyncConnection, profile: Profile, clock: Clock) -> str | None:
    """Add a person with this identity; None when somebody else has just taken it."""
    row = UserRow(
        id=new_id(clock),
        email=profile.email[:MAX_EMAIL],
        name=(profile.name or profile.email.partition("@")[0])[:MAX_NAME],
        timezone="UTC",
        created_at=clock.now(),
        deleted_at=None,
    )
    await users.add(connection, row)
    if await identities.add(connection, identity_of(profile, row.id, clock)):
        return row.id
    await users.take_back(connection, row.id)
    return None

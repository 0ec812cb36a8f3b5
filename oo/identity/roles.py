"""Who may what: roles are given by an admin, the operator, or once to the first admin."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.roles import Role
from oo.identity.people import Profile
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, Conflict, NotFound
from oo.kit.settings import Settings
from oo.store import audit, sessions, users
from oo.store.audit import Entry
from oo.store.database import Database


class LastAdmin(Conflict):
    """Nobody would be left who can give roles."""

    code, title = "last_admin", "The last admin stays"


async def seed_admin(
    connection: AsyncConnection, user_id: str, profile: Profile, settings: Settings, clock: Clock
) -> None:
    """Make who has just signed in the first admin, where the operator has named their address.

    Only by an address that the provider has verified: anybody can claim one. Once there is an
    admin, the setting gives nothing any more.
    """
    named = settings.admin_seed_email.strip().casefold()
    if not named or not profile.email_verified or profile.email.strip().casefold() != named:
        return
    if await users.admins(connection):
        return
    await _set(connection, "operator:OO_ADMIN_SEED_EMAIL", user_id, Role.ADMIN, "first", clock)


class Roles:
    """The roles of people."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def set(self, actor: str, person: str, role: Role, why: str) -> None:
        """Give the person, by id or address, this role; their sessions end, so none keeps another.

        Raises BadRequest without a reason, NotFound, Conflict where several have the address, and
        LastAdmin.
        """
        if not why.strip():
            raise BadRequest("Say why: the reason is kept with the change.")
        async with self._db.write() as connection:
            found = await users.ids_of(connection, person)
            if not found:
                raise NotFound("There is no such person.")
            if len(found) > 1:
                raise Conflict(f"Several people have that address: {', '.join(found)}. Say which.")
            await users.lock(connection, found)
            if role is not Role.ADMIN and await users.admins(connection) == found:
                raise LastAdmin("Make somebody else an admin first.")
            await _set(connection, actor, found[0], role, why.strip(), self._clock)


async def _set(
    connection: AsyncConnection, actor: str, user_id: str, role: Role, why: str, clock: Clock
) -> None:
    before = await users.set_role(connection, user_id, role)
    await sessions.end_others(connection, user_id, "")
    entry = Entry(
        actor,
        "role.set",
        f"person:{user_id}",
        clock.now(),
        why,
        {"role": before},
        {"role": role.value},
    )
    await audit.append(connection, entry)

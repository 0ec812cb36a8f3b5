"""The ways in which one person signs in at providers: listed, added, taken away."""

import hashlib
import logging
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.identity.failures import Cause, SignInFailed, failure, log_failure
from oo.identity.openid import ATTEMPT_LIFETIME, SignedIn
from oo.identity.people import identity_of
from oo.identity.provider import News, Notice
from oo.identity.sessions import hash_token
from oo.kit.clock import Clock
from oo.kit.errors import Conflict, NotFound
from oo.kit.pseudonym import mark
from oo.store import identities, sessions, users
from oo.store.database import Database
from oo.store.identities import IdentityRow

log = logging.getLogger(__name__)

ID_DIGITS = 32


class LastIdentity(Conflict):
    """Without it the person could not come back."""

    code, title = "last_identity", "This is your only way in"


class OwnIdentity(NamedTuple):
    """One of the person's identities; `id` names it to its owner and says nothing of it."""

    id: str
    issuer: str
    email: str
    forwards_mail: bool
    added_at: datetime
    used_at: datetime


class Identities:
    """A person's own identities."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def list_for(self, user_id: str) -> list[OwnIdentity]:
        """The person's identities, the first one first."""
        async with self._db.read() as connection:
            rows = await identities.list_for(connection, user_id)
        return [
            OwnIdentity(
                _id_of(row),
                row.issuer,
                row.email,
                row.mail_refused_at is None,
                row.added_at,
                row.used_at,
            )
            for row in rows
        ]

    async def link(self, signed_in: SignedIn, cookie: str) -> bool:
        """Add the identity to the person who began; false when it is theirs already.

        `cookie` is the session cookie that came with the answer, empty where a form of the
        provider brings none. Raises SignInFailed when their session is over, or when the identity
        is somebody else's.
        """
        try:
            if cookie and hash_token(cookie) != signed_in.link_to:
                raise failure(Cause.SESSION_ENDED, signed_in.title, "another session came back")
            async with self._db.write() as connection:
                await spend_attempt(connection, signed_in, self._clock)
                return await self._link(connection, signed_in)
        except SignInFailed as error:
            log_failure(signed_in.name, error)
            raise

    async def _link(self, connection: AsyncConnection, signed_in: SignedIn) -> bool:
        live = await sessions.live(connection, [signed_in.link_to], self._clock.now())
        if not live:
            raise failure(Cause.SESSION_ENDED, signed_in.title)
        row = identity_of(signed_in.profile, live[0].user_id, self._clock)
        if await identities.add(connection, row):
            return True
        known = await identities.find(connection, row.issuer, row.subject)
        if known is None or known.user_id != row.user_id:
            raise failure(Cause.IDENTITY_TAKEN, signed_in.title)
        return False

    async def unlink(self, user_id: str, identity_id: str) -> None:
        """Take one away.

        Raises NotFound for one that is not theirs, LastIdentity for the only one.
        """
        async with self._db.write() as connection:
            await users.lock(connection, [user_id])  # of two at once, one sees the other
            rows = await identities.list_for(connection, user_id)
            chosen = next((row for row in rows if _id_of(row) == identity_id), None)
            if chosen is None:
                raise NotFound("You sign in with no such account.")
            if len(rows) == 1:
                raise LastIdentity("Add another one first, then remove this one.")
            await identities.remove(connection, chosen)

    async def heed(self, issuer: str, notice: Notice) -> None:
        """Act on a provider's news of an account; a person's last identity is left to them.

        News of before the last sign-in are old: they may have been kept and sent again.
        """
        async with self._db.write() as connection:
            row = await identities.find(connection, issuer, notice.subject)
            if row is None:
                return
            if notice.news in (News.EMAIL_OFF, News.EMAIL_ON):
                if row.mail_refused_at is not None and notice.at < row.mail_refused_at:
                    return
                since = notice.at if notice.news is News.EMAIL_OFF else None
                await identities.refuse_mail(connection, row, since)
                return
            if notice.at < row.used_at:
                return
            await users.lock(connection, [row.user_id])
            for session in await sessions.list_for(connection, row.user_id, self._clock.now()):
                await sessions.end(connection, row.user_id, session.token_hash)
            if notice.news is News.ACCOUNT_DELETED:
                if len(await identities.list_for(connection, row.user_id)) > 1:
                    await identities.remove(connection, row)
                else:
                    log.warning(
                        "the only identity of %s was deleted at its provider", mark(row.user_id)
                    )


async def spend_attempt(connection: AsyncConnection, signed_in: SignedIn, clock: Clock) -> None:
    """Use up the attempt that was answered; raises SignInFailed when that has happened before."""
    now = clock.now()
    spent = hashlib.sha256(signed_in.attempt.encode()).hexdigest()
    if not await identities.spend(connection, spent, now, now + ATTEMPT_LIFETIME):
        raise failure(Cause.SPENT_ATTEMPT, signed_in.title)


def _id_of(row: IdentityRow) -> str:
    named = f"{row.issuer}\0{row.subject}".encode()
    return hashlib.sha256(named).hexdigest()[:ID_DIGITS]

"""The machine's own user signs in by a one-time link that the console prints."""

import secrets
from datetime import timedelta

from oo.identity.agreeing import imply_terms
from oo.identity.people import Profile, ensure_user
from oo.identity.sessions import TOKEN_BYTES, hash_token, start_session
from oo.kit.clock import Clock
from oo.kit.errors import Forbidden, Gone
from oo.kit.settings import Settings
from oo.store import audit, login_links
from oo.store.audit import Entry
from oo.store.database import Database

GONE = "This link was used or is too old. Print a new one with oo login."
LOCAL = Profile(issuer="local", subject="owner", email="", name="You")


async def create_login_link(
    db: Database, settings: Settings, clock: Clock, actor: str = "operator"
) -> str:
    """A link that signs in once, soon; raises Forbidden unless `settings.local_account`."""
    _check_allowed(settings)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    expires_at = now + timedelta(minutes=settings.limits.login_link_minutes)
    async with db.write() as connection:
        await login_links.add(connection, hash_token(token), now, expires_at)
        whom = f"{LOCAL.issuer}:{LOCAL.subject}"
        await audit.append(connection, Entry(actor, "login_link.make", whom, now))
    return f"{settings.base_url}/auth/link/{token}"


async def check_login_link(db: Database, settings: Settings, clock: Clock, token: str) -> None:
    """Raise Gone for a link that is used up or too old; it is not used up by this."""
    _check_allowed(settings)
    async with db.read() as connection:
        if not await login_links.is_live(connection, hash_token(token), clock.now()):
            raise Gone(GONE)


async def use_login_link(
    db: Database, settings: Settings, clock: Clock, token: str, user_agent: str = ""
) -> str:
    """Trade the link for a session; returns the cookie's value. Raises Gone when it is used up."""
    _check_allowed(settings)
    async with db.write() as connection:
        if not await login_links.use(connection, hash_token(token), clock.now()):
            raise Gone(GONE)
        user_id = await ensure_user(connection, LOCAL, clock)
        await imply_terms(connection, user_id, clock)
        cookie = await start_session(
            connection, user_id, clock, settings.limits.session_days, user_agent
        )
        person = f"person:{user_id}"
        await audit.append(connection, Entry(person, "login_link.use", person, clock.now()))
        return cookie


async def create_script_session(
    db: Database, settings: Settings, clock: Clock, email: str, actor: str = "operator"
) -> str:
    """A session cookie for scripts, of the local person with that address; made when new.

    Raises Forbidden unless `settings.local_account`.
    """
    _check_allowed(settings)
    profile = Profile(issuer="script", subject=email, email=email, name="")
    async with db.write() as connection:
        user_id = await ensure_user(connection, profile, clock)
        await imply_terms(connection, user_id, clock)
        cookie = await start_session(connection, user_id, clock, 1, "oo user session")
        whom = f"person:{user_id}"
        await audit.append(connection, Entry(actor, "script_session.make", whom, clock.now()))
        return cookie


def _check_allowed(settings: Settings) -> None:
    if not settings.local_account:
        raise Forbidden(
            "Login links exist in the dev profile on a loopback address only. Sign in with a "
            "provider."
        )

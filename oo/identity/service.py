"""Signing in and out, for the web layer."""

from oo.identity.agreeing import imply_terms
from oo.identity.failures import SignInFailed, log_failure
from oo.identity.identities import Identities, spend_attempt
from oo.identity.local import check_login_link, use_login_link
from oo.identity.machines import Machines
from oo.identity.openid import OpenIdSignIn, SignedIn
from oo.identity.passkeys import Passkeys
from oo.identity.people import ensure_user
from oo.identity.roles import Roles, seed_admin
from oo.identity.sessions import Sessions, start_session
from oo.kit.clock import Clock
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.vault.keyring import Keyring, load_keyring


class Identity:
    """The parts of identity that endpoints use."""

    def __init__(self, db: Database, settings: Settings, keyring: Keyring, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self.openid = OpenIdSignIn(settings, keyring, clock)
        self.identities = Identities(db, clock)
        self.passkeys = Passkeys(db, settings, clock)
        self.roles = Roles(db, clock)
        self.machines = Machines(db, settings, clock)
        self.sessions = Sessions(db, clock, settings.limits.session_idle)

    @classmethod
    def of(cls, settings: Settings, db: Database, clock: Clock) -> "Identity":
        """The identity parts of an installation."""
        return cls(db, settings, load_keyring(settings), clock)

    async def enter(self, signed_in: SignedIn, user_agent: str) -> str:
        """Begin a session for who signed in; returns the cookie's value.

        Raises SignInFailed for an answer that has begun one before.
        """
        profile, clock = signed_in.profile, self._clock
        try:
            async with self._db.write() as connection:
                await spend_attempt(connection, signed_in, clock)
                user_id = await ensure_user(connection, profile, clock)
                await imply_terms(connection, user_id, clock)
                await seed_admin(connection, user_id, profile, self._settings, clock)
                return await start_session(
                    connection,
                    user_id,
                    clock,
                    self._settings.limits.session_days,
                    user_agent,
                    authenticated_at=signed_in.authenticated_at,
                )
        except SignInFailed as error:
            log_failure(signed_in.name, error)
            raise

    async def check_link(self, token: str) -> None:
        """Whether a one-time local link can still be used; raises Gone or Forbidden."""
        await check_login_link(self._db, self._settings, self._clock, token)

    async def enter_by_link(self, token: str, user_agent: str) -> str:
        """Begin a session by a one-time local link; returns the cookie's value."""
        return await use_login_link(self._db, self._settings, self._clock, token, user_agent)

"""Sudo: what opens or erases much needs somebody who has just proven who they are."""

from datetime import timedelta

from oo.kit.clock import Clock
from oo.kit.errors import Forbidden
from oo.store.sessions import SessionRow

SUDO_LIFETIME = timedelta(minutes=10)


class SignInAgain(Forbidden):
    """The last sign-in is too long ago for this; `back` is the page to go on with after it."""

    code, title = "sign_in_again", "Sign in again to go on"

    def __init__(self, back: str = "/") -> None:
        super().__init__("This needs a sign-in of the last ten minutes.")
        self.back = back


def check_fresh(session: SessionRow, clock: Clock, back: str = "/") -> None:
    """Raise SignInAgain unless the session's person has signed in within `SUDO_LIFETIME`."""
    age = clock.now() - session.authenticated_at
    if not -SUDO_LIFETIME < age <= SUDO_LIFETIME:  # a clock that was set back proves nothing
        raise SignInAgain(back)

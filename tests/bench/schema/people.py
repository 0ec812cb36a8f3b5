"""Who asks: nobody, two people, one who signed in long ago, a viewer, an admin and a machine."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from oo.kit.clock import SystemClock
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.vault.keyring import Keyring
from oo.vault.service import Vault
from tests.bench.seed import add_person, add_session
from tests.peers.vault import KEYRING

ADMIN_TOKEN = "an admin token of the cases, of no use elsewhere"
ROLES = {"person": "person", "other": "person", "viewer": "viewer", "admin": "admin"}
NOBODY, STALE, MACHINE = "nobody", "person, long ago", "machine"
WHO = (NOBODY, *ROLES, STALE, MACHINE)
LONG_AGO = timedelta(hours=1)


class Known(NamedTuple):
    """Somebody's id, and the cookie of a session of theirs."""

    id: str
    cookie: str


@dataclass
class People:
    """Everybody in the SQLite store at `path`, which an oO serves; made anew when they are gone."""

    path: Path
    keyring: Keyring = KEYRING
    _known: dict[str, Known] = field(default_factory=dict)

    @classmethod
    def at(cls, path: Path, keyring: Keyring = KEYRING) -> "People":
        """Everybody, in a new store; their words are sealed with the keys of who serves it."""
        made = cls(path, keyring)
        asyncio.run(_create(path))
        for name in ROLES:
            made.renew(name)
        return made

    def renew(self, name: str) -> None:
        """Somebody new in their place: they are deleted, or somebody else than they were."""
        self._known.update(asyncio.run(_introduce(self.path, self.keyring, name)))

    def id_of(self, who: str) -> str:
        """Whose things they see; empty for nobody."""
        return self._known[who].id if who in self._known else ""

    def name_of(self, user_id: str) -> str | None:
        """Who has this id."""
        return next((name for name in ROLES if self._known[name].id == user_id), None)

    def cookies_of(self, who: str) -> dict[str, str]:
        """What their browser sends."""
        return {"sid": self._known[who].cookie} if who in self._known else {}


async def _create(path: Path) -> None:
    db = Database(f"sqlite+aiosqlite:///{path}")  # no words are in it yet
    await migrate(db)
    await db.close()


async def _introduce(path: Path, keyring: Keyring, name: str) -> dict[str, Known]:
    clock = SystemClock()
    db = Database(f"sqlite+aiosqlite:///{path}", Vault(keyring, clock))
    async with db.write() as connection:
        user_id = await add_person(connection, clock, name, ROLES[name])
        made = {name: Known(user_id, await add_session(connection, clock, user_id))}
        if name == "person":
            made[STALE] = Known(user_id, await add_session(connection, clock, user_id, LONG_AGO))
    await db.close()
    return made

"""A demonstration's store for tests and pictures, and who looks at it."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select, update

from oo.domain.roles import Role
from oo.identity.sessions import start_session
from oo.kit.clock import SystemClock
from oo.kit.settings import Settings
from oo.mlops.demo import Demo
from oo.store.database import Database
from oo.store.tables import tip_scores, users
from oo.vault.service import Vault
from tests.peers.tables import SQLITE, Tables, begin_anew
from tests.peers.vault import KEYRING, MASTER_KEYS

OTHERS = {"todoist": {}}  # with the machine's own clock, which the demonstration ends at
CONSOLE_OWNER = "ops@example.org"


class Demonstration(NamedTuple):
    """Cookies of the owner, an admin, and of a viewer; a decision that can be explained, and the
    address of somebody who had tips.
    """

    admin: str
    viewer: str
    tip: str
    person: str


async def demonstrate(folder: Path, people: int, days: int) -> None:
    """Fill `test.db` in the folder, which ends now."""
    path = folder / "test.db"
    await begin_anew(f"{SQLITE}{path}", Tables.TODAY)
    clock = SystemClock()
    db = Database(f"{SQLITE}{path}", Vault(KEYRING, clock), lasting=False)
    settings = Settings.model_validate({"data_dir": folder, "master_keys": MASTER_KEYS})
    end: datetime = clock.now().replace(minute=0, second=0, microsecond=0)
    await Demo(db, settings, end).fill(people, days)
    await db.close()


async def lookers(folder: Path) -> Demonstration:
    """Sign the owner in, and somebody of the people, who becomes a viewer."""
    clock = SystemClock()
    db = Database(f"{SQLITE}{folder / 'test.db'}", Vault(KEYRING, clock))
    who, tips = users.c, tip_scores.c
    explained = select(tips.id).where(tips.state_seq > 3).order_by(tips.id.desc()).limit(1)
    async with db.write() as connection:
        owner = (await connection.execute(select(who.id).where(who.role == Role.ADMIN))).first()
        other = (await connection.execute(select(who.id).where(who.role == Role.PERSON))).first()
        assert owner is not None
        assert other is not None
        await connection.execute(
            update(users).where(who.id == owner.id).values(email=CONSOLE_OWNER)
        )
        await connection.execute(update(users).where(who.id == other.id).values(role=Role.VIEWER))
        cookies = [await start_session(connection, it.id, clock, 1) for it in (owner, other)]
        tip = (await connection.execute(explained)).scalar_one()
        had = select(who.email).join(tip_scores, tips.user_id == who.id)
        had = had.where(tips.state_seq > 3, who.role == Role.PERSON).order_by(tips.id.desc())
        person = (await connection.execute(had.limit(1))).scalar_one()
    await db.close()
    return Demonstration(*cookies, tip, person)

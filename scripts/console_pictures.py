"""`python -m scripts.console_pictures [FOLDER]`: pictures of the console for `docs/img`.

FOLDER holds a demonstration's store (`test.db`); without it a small one is made.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from sqlalchemy import select

from oo.identity.sessions import start_session
from oo.kit.clock import SystemClock
from oo.kit.settings import Settings
from oo.mlops.demo import Demo
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.tables import tip_scores, users
from oo.vault.service import Vault
from tests.e2e.browser import DESKTOP, PHONE, chromium
from tests.peers.serving import served
from tests.peers.vault import KEYRING
from tests.unit.web.served import Served

IMAGES = Path(__file__).parents[1] / "docs" / "img"
OTHERS = {"todoist": {}}  # with the machine's own clock, which the demonstration ends at


async def made(folder: Path, *, is_there: bool) -> tuple[str, str]:
    """A cookie of the owner, and a decision that can be explained."""
    clock = SystemClock()
    db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}", Vault(KEYRING, clock))
    if not is_there:
        await migrate(db)
        settings = Settings.model_validate({"data_dir": folder})
        await Demo(db, settings, clock.now().replace(minute=0, second=0)).fill(40, 14)
    query = select(tip_scores.c.id).where(tip_scores.c.state_seq > 3)
    async with db.write() as connection:
        admin = await connection.execute(select(users.c.id).where(users.c.role == "admin"))
        cookie = await start_session(connection, admin.scalars().one(), clock, 1)
        tip = (await connection.execute(query.limit(1))).scalar_one()
    await db.close()
    return cookie, tip


def main() -> None:
    """Three pictures: the overview, a decision, and rewards on a phone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(name)
        cookie, tip = asyncio.run(made(folder, is_there=len(sys.argv) > 1))
        with served(Served(folder, others=OTHERS)) as address, chromium() as browser:
            for path, shape, scheme, picture in (
                ("overview?range=30d", DESKTOP, "light", "console-overview"),
                (f"decisions/{tip}?replay=true", DESKTOP, "dark", "console-decision"),
                ("rewards?by=prompt", PHONE, "light", "console-rewards-phone"),
            ):
                context = browser.new_context(viewport=shape, color_scheme=scheme)
                context.add_cookies([{"name": "sid", "value": cookie, "url": address}])
                page = context.new_page()
                page.goto(f"{address}/admin/{path}")
                page.wait_for_timeout(500)  # charts are drawn
                page.screenshot(path=IMAGES / f"{picture}.png")
                context.close()


if __name__ == "__main__":
    main()

"""The console in process: an admin, a viewer, and a person with tips and reactions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from oo.domain.roles import Role
from oo.identity.sessions import start_session
from oo.store import users
from tests.peers.store import add_person
from tests.unit.web.conftest import Site, open_site

SAME = {"sec-fetch-site": "same-origin", "accept": "application/json"}
AMPLE = {"tips_per_second": 10_000, "pages_per_minute": 100_000, "heavy_per_minute": 100_000}
TITLES = ("Call the <b>bank</b>", "Water plants", "=HYPERLINK(1)", "Read the contract")


@dataclass
class Console:
    """A site, its people by role, and the tips that the person has reacted to."""

    site: Site
    people: dict[str, str]
    browsers: dict[str, httpx2.AsyncClient]
    tips: list[str]

    @property
    def admin(self) -> httpx2.AsyncClient:
        return self.browsers["admin"]

    @property
    def ada(self) -> str:
        return self.people["person"]


async def browser_of(site: Site, user_id: str) -> httpx2.AsyncClient:
    async with site.db.write() as connection:
        cookie = await start_session(connection, user_id, site.clock, 30, "<script>x</script>")
    browser = site.browser(**SAME)
    browser.cookies.set("sid", cookie)
    return browser


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with open_site(tmp_path, **AMPLE) as site:
        people = {who: await add_person(site.db, site.clock, who) for who in Role}
        async with site.db.write() as connection:
            for role in (Role.VIEWER, Role.ADMIN):
                await users.set_role(connection, people[role], role)
        browsers = {who: await browser_of(site, people[who]) for who in people}
        tips = await live(site, browsers["person"])
        yield Console(site, people, browsers, tips)


async def live(site: Site, browser: httpx2.AsyncClient) -> list[str]:
    """Hand in a list, and react to four tips out of it."""
    text = "\n".join(f"- [ ] {title}" for title in TITLES)
    await browser.post("/api/sources/file/import", content=text)
    tips = []
    for number, action in enumerate(("done", "dismiss", "snooze", "done")):
        answer = await browser.post("/recommend", content="{}")
        tip = answer.json()["tip"]
        if tip is None:
            break
        tips.append(tip["id"])
        said = {"tip_id": tip["id"], "action": action, "dwell_ms": 30_000}
        headers = {"idempotency-key": f"key-{number}"}
        assert (await browser.post("/feedback", json=said, headers=headers)).status_code == 200
        site.clock.advance(60)
    return tips

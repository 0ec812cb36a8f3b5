"""Every action of the console: by program and by form, logged with before and after, refused for
all others, from elsewhere, and the second time. A new one is told here whom it is done to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx2
import pytest

from oo.admin.acting import actions
from oo.domain.policies import PolicyRef
from oo.events.bus import Bus
from oo.events.consumer import consumers
from oo.events.relay import Relay
from oo.identity.sessions import csrf_token
from oo.kit.clock import Clock
from oo.kit.provide import Provided
from oo.store import audit, policies, simulations
from oo.store.audit import Entry
from oo.store.database import Database
from oo.store.policies import IN_FORCE, Change
from tests.peers.store import add_person
from tests.unit.admin import conftest
from tests.unit.admin.conftest import Console, browser_of, live

console = conftest.console
SIMULATION = {"policies": ["random"], "people": 8, "days": 3, "decisions": 2}
EVALUATION = {"policies": ["lints@1"], "against": "random@1", "days": 9}
WHY = "because of a test"


class Done(NamedTuple):
    """To whom an action is done: by a program first, then by a form."""

    name: str
    whom: tuple[str, str]
    what: str = ""
    form: Mapping[str, Any] = MappingProxyType({})
    entry: str = ""
    is_refused: bool = False


@dataclass
class Scene:
    """The console, and a second person."""

    console: Console
    bea: str

    async def newest(self) -> Entry:
        async with self.console.site.db.read() as connection:
            return (await audit.newest(connection, 1))[0].entry

    async def count(self) -> int:
        async with self.console.site.db.read() as connection:
            return (await audit.head(connection)).id


async def begun(console: Console) -> Scene:
    """Two people with tips, events that were told, two promotions, and two runs that wait."""
    site = console.site
    bea = await add_person(site.db, site.clock, "bea")
    await live(site, await browser_of(site, bea))
    provided = Provided({Database: site.db, Clock: site.clock})
    bus = Bus(site.db, site.clock, consumers().values(), provided)
    await bus.feed()
    await Relay(site.db, site.clock).relay()
    await bus.feed()
    for name in ("ebts", "egreedy-v1"):
        async with site.db.write() as connection:
            change = Change(PolicyRef(name, "1"), IN_FORCE, "grace", "", {}, site.clock.now())
            await policies.record(connection, change)
    return Scene(console, bea)


async def in_turn(scene: Scene) -> list[Done]:
    """Every action, in an order in which each finds what it needs."""
    both = (scene.console.ada, scene.bea)
    new = ("new", "new")
    return [
        Done("shadow-policy", ("lints", "egreedy-v2"), entry="policy.shadow"),
        Done("promote-policy", ("lints@1", "lints@1"), entry="policy.refused", is_refused=True),
        Done("unshadow-policy", ("lints@1", "egreedy-v2@1"), entry="policy.off"),
        Done("demote-policy", ("in-force", "in-force"), entry="policy.demoted"),
        Done("start-simulation", new, form=SIMULATION, entry="simulation.start"),
        Done("start-evaluation", new, form=EVALUATION),
        Done("cancel-run", ("first", "second")),
        Done("replay-event", ("1", "2"), what="counted", entry="events.replay"),
        Done("look", both, entry="text.look"),
        Done("rebuild-profile", both),
        Done("reset-bandit", both),
        Done("export-person", both, entry="data.export"),
        Done("revoke-connection", both, what="file", entry="connection.revoke"),
        Done("end-sessions", both),
        Done("delete-person", both),
    ]


async def whom_of(scene: Scene, done: Done) -> tuple[str, str]:
    """Runs have names of their own."""
    if done.name != "cancel-run":
        return done.whom
    async with scene.console.site.db.read() as connection:
        found = await simulations.asked_for(connection)
    return found[0].id, found[1].id


async def by_program(
    scene: Scene, done: Done, whom: str, key: str, who: str = "admin", **headers: str
) -> httpx2.Response:
    body = {"reason": WHY, "what": done.what, "form": dict(done.form)}
    browser = scene.console.browsers[who]
    return await browser.post(
        f"/api/admin/do/{done.name}/{whom}", json=body, headers={"idempotency-key": key, **headers}
    )


async def by_form(
    scene: Scene, done: Done, whom: str, key: str, who: str = "admin", **headers: str
) -> httpx2.Response:
    browser = scene.console.browsers[who]
    form = {
        "csrf": csrf_token(browser.cookies.get("sid") or ""),
        "key": key,
        "reason": WHY,
        **done.form,
    }
    if done.what:
        form["what"] = done.what
    return await browser.post(f"/admin/do/{done.name}/{whom}", data=form, headers=headers)


@pytest.mark.timeout(180)
async def test_each_is_done_once_by_an_admin_and_by_nobody_else(console: Console) -> None:
    scene = await begun(console)
    every = await in_turn(scene)
    assert sorted(one.name for one in every) == sorted(actions()), "tell whom a new one is done to"
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for done in every:
        first, second = await whom_of(scene, done)
        for way, whom in ((by_program, first), (by_form, second)):
            before = await scene.count()
            for who in ("viewer", "person"):
                answer = await way(scene, done, whom, f"{done.name}-{who}", who)
                assert answer.status_code in (401, 403), (done.name, who)
            forged = await way(scene, done, whom, f"{done.name}-forged", **foreign)
            assert (forged.status_code, forged.json()["code"]) == (403, "forged"), done.name
            assert await scene.count() == before, (done.name, "nothing was written")
            key = f"{done.name}-{way.__name__}"
            answer = await way(scene, done, whom, key)
            expected = 409 if done.is_refused and way is by_program else answer.status_code
            assert answer.status_code == expected, (done.name, answer.text)
            assert answer.status_code in (200, 303) or done.is_refused, (done.name, answer.text)
            await is_logged(scene, done)
            if not done.is_refused:  # what was refused may be asked for again
                again = await way(scene, done, whom, key)
                assert (again.status_code, again.json()["code"]) == (409, "already_done")


async def is_logged(scene: Scene, done: Done) -> None:
    entry = await scene.newest()
    action = actions()[done.name]
    assert entry.action == (done.entry or action.entry), done.name
    assert entry.actor == f"person:{scene.console.people['admin']}", done.name
    assert entry.why == WHY, done.name
    assert entry.before is not None or entry.after is not None, done.name

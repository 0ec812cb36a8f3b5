"""Every route for nobody, its person, another one, a viewer and an admin: `docs/access.md`.

`WRITE_DOCS=1 pytest tests/unit/web/test_every_route.py` writes the table anew.
"""

import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select

from oo.domain.roles import Role
from oo.identity.identities import Identities, OwnIdentity
from oo.identity.sessions import ID_DIGITS, csrf_token, hash_token, start_session
from oo.kit.ids import new_id
from oo.push.channel import channel_plugins
from oo.push.devices import Here
from oo.store import identities, machine_tokens, passkeys, saved_views, tables, users
from oo.store.identities import IdentityRow
from oo.store.machine_tokens import MachineTokenRow
from oo.store.passkeys import PasskeyRow
from oo.store.saved_views import SavedView
from tests.peers.store import add_person
from tests.unit.web.conftest import Site, open_site

DOCS = Path(__file__).parents[3] / "docs" / "access.md"
AMPLE = {"tips_per_second": 10_000, "pages_per_minute": 100_000, "heavy_per_minute": 100_000}
SAME = {"sec-fetch-site": "same-origin", "accept": "application/json"}
WHO = ("nobody", "person", "other person", "viewer", "admin")
NOT_THEIRS = ("nobody", "other person", "viewer")
SAFE = ("GET", "HEAD")
LIST = "- [ ] Water the plants\n- [ ] Call the bank\n"
ADDRESS = dict(channel_plugins()["web_push"].example)
# what a route needs beside the session's token to get as far as its subject
BODIES: dict[str, dict[str, Any]] = {
    "/feedback": {"tip_id": "{tip_id}", "action": "done", "dwell_ms": 1},
    "/api/me/timezone": {"timezone": "Europe/Zurich"},
    "/api/people/{user_id}/role": {"role": "person", "reason": "why"},
    "/api/auth/token": {"name": "x"},
    "/passkeys/add": {"credential": {}},
    "/auth/passkey": {"credential": {}},
    "/api/admin/do/{action}/{whom}": {"reason": "why"},
    "/api/admin/views": {"page": "decisions", "name": "A view"},
    "/api/devices": {"channel": "web_push", "address": {}},
    "/api/devices/{device_id}": {"channel": "web_push", "address": ADDRESS},
    "/api/deliveries/{delivery_id}/{outcome}": {"device": "{device_id}"},
}
HEAD = """# Who may what

Every route and what it answers, asked about what is one person's: by nobody, by that person, by
another one, by a viewer and by an admin. All have just signed in; programs ask, so a page's way to
sign-in is a 401. What is another person's is not there (404), and no row of theirs changes. A
machine with a token of a role may what that role may under `/api/auth` and `/api/people`, and
nothing that is a person's own.

A test makes the table (`tests/unit/web/test_every_route.py`, with `WRITE_DOCS=1`) and holds it.

"""


class Route(NamedTuple):
    """A route and one of its methods."""

    method: str
    path: str


ENDS_ACCOUNTS = {Route("POST", "/account/delete"), Route("DELETE", "/api/me")}


@dataclass
class World:
    """A site with people; what is Ada's is made anew for each request."""

    site: Site
    people: dict[str, str] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        found = {
            Route(method, route.path)
            for route in self.site.app.routes
            if isinstance(route, APIRoute)
            for method in route.methods - {"HEAD"}
        }
        return sorted(found, key=lambda it: (it.path, it.method))

    async def browser_of(self, who: str) -> httpx2.AsyncClient:
        browser = self.site.browser()
        if who in self.people:
            async with self.site.db.write() as connection:
                cookie = await start_session(connection, self.people[who], self.site.clock, 30)
            browser.cookies.set("sid", cookie)
        return browser

    async def things(self, path: str) -> dict[str, str]:
        """What is Ada's, by the names that paths have for it."""
        ada, clock = self.people["person"], self.site.clock
        token, now, tip = new_id(clock), clock.now(), ""
        async with self.site.db.write() as connection:
            session = await start_session(connection, ada, clock, 30)
            key = PasskeyRow(new_id(clock), ada, os.urandom(16), b"k", 0, "Phone", now, None)
            if "passkey_id" in path:
                await passkeys.add(connection, key)
            view = SavedView(new_id(clock), "decisions", "A", "/admin/decisions", "somebody", now)
            if "view_id" in path:
                await saved_views.add(connection, view)
            made = MachineTokenRow(token, "x", "viewer", now, now + timedelta(minutes=9), None)
            if "token_id" in path:
                await machine_tokens.add(connection, made, hash_token(token))
        other = await self._other_identity(ada)
        device = await self._device(ada, hash_token(session)) if "device_id" in path else ""
        if (
            "tip_id" in path
            or "decisions/{id}" in path
            or path == "/feedback"
            or path.endswith("/undo")
        ):
            tip = await self._tip()
        return {
            "tip_id": tip,
            "path": "x",
            "session_id": hash_token(session)[:ID_DIGITS],
            "passkey_id": key.id,
            "token_id": token,
            "view_id": view.id,
            "user_id": ada,
            "source": "file",
            "provider": "google",
            "token": "guess",
            "identity_id": other.id,
            "receipt_id": os.urandom(16).hex(),
            "name": "terms",
            "action": "end-sessions",
            "whom": ada,
            "id": tip or ada,
            "form": "csv",
            "table": "tips",
            "device_id": device or new_id(clock),
            "delivery_id": new_id(clock),
            "outcome": "shown",
        }

    async def _device(self, ada: str, session: str) -> str:
        """A browser that she is notified in."""
        push, now = self.site.app.state.services.push, self.site.clock.now()
        address = {**ADDRESS, "endpoint": f"https://push.example/{new_id(self.site.clock)}"}
        return str(
            await push.devices.register(ada, "web_push", address, Here(session, f"{now}"), "test")
        )

    async def _other_identity(self, ada: str) -> OwnIdentity:
        """One of hers that she can do without."""
        row = IdentityRow("https://other", ada, ada, "", False, None, *[self.site.clock.now()] * 2)
        async with self.site.db.write() as connection:
            await identities.add(connection, row)
        own = await Identities(self.site.db, self.site.clock).list_for(ada)
        return next(it for it in own if it.issuer == row.issuer)

    async def settle(self) -> None:
        """Everybody is there, anew where they were."""
        for who in WHO[1:]:
            self.people[who] = await add_person(self.site.db, self.site.clock, who)
        async with self.site.db.write() as connection:
            for role in (Role.VIEWER, Role.ADMIN):
                await users.set_role(connection, self.people[role], role)

    async def _tip(self) -> str:
        browser = await self.browser_of("person")
        await browser.post(
            "/api/sources/file/import", content=f"- [ ] Read {os.urandom(4).hex()}", headers=SAME
        )
        answer = await browser.post("/recommend", headers=SAME)
        return str(answer.json()["tip"]["id"])

    async def rows(self) -> dict[str, list[Any]]:
        """Every row that is Ada's."""
        ada, found = self.people["person"], {}
        async with self.site.db.read() as connection:
            for name, table in tables.metadata.tables.items():
                column = table.c.get("user_id", table.c.id if name == "users" else None)
                if column is not None:
                    rows = await connection.execute(select(table).where(column == ada))
                    found[name] = sorted(map(repr, rows))
        return found

    async def ask(
        self, who: str, route: Route, things: dict[str, str], headers: dict[str, str] = SAME
    ) -> httpx2.Response:
        browser = await self.browser_of(who)
        path = route.path.replace(":path}", "}").format(
            **{name.split(":")[0]: it for name, it in things.items()}
        )
        given: dict[str, Any] = {}
        if route.path in BODIES:
            body = BODIES[route.path]
            given["json"] = {
                name: it.format(**things) if isinstance(it, str) else it
                for name, it in body.items()
            }
        elif route.path.startswith("/api/sources/") and route.path.endswith("/import"):
            given["content"] = LIST
        elif route.method == "POST":
            given["data"] = {
                "csrf": csrf_token(browser.cookies.get("sid", "")),
                "list": LIST,
                "name": "x",
                "reason": "why",
                "key": new_id(self.site.clock),
            }
        headers = {"idempotency-key": new_id(self.site.clock), **headers}
        return await browser.request(route.method, path, headers=headers, **given)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_site(tmp_path, **AMPLE) as site:
        found = World(site)
        await found.settle()
        yield found


async def test_the_table_of_the_docs_is_what_routes_answer(world: World) -> None:
    lines = []
    for route in world.routes():
        answered = {}
        things = await world.things(route.path)
        before = await world.rows() if route.method not in SAFE else {}
        for who in (*NOT_THEIRS, "person", "admin"):  # while it is there, others ask first
            status = (await world.ask(who, route, things)).status_code
            answered[who] = str(status)
            assert status < 500 or status in (502, 503), (route, who)
            if who == "other person" and names_a_thing(route):
                assert status in (403, 404), route
            if who == NOT_THEIRS[-1] and before:
                assert await world.rows() == before, route
        if route in ENDS_ACCOUNTS:  # everybody's own
            await world.settle()
        told = " | ".join(answered[who] for who in WHO)
        lines.append(f"| `{route.method} {route.path}` | {told} |")
    said = HEAD + f"| | {' | '.join(WHO)} |\n|---|{'---|' * len(WHO)}\n" + "\n".join(lines) + "\n"
    if os.environ.get("WRITE_DOCS"):
        DOCS.write_text(said)
    assert DOCS.read_text() == said


def names_a_thing(route: Route) -> bool:
    """Whether the path names what belongs to one person."""
    return bool(
        re.search(r"\{(tip|session|passkey|user|identity|device|delivery)_id\}", route.path)
    )


FOREIGN = {
    "cross-site": {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    "null origin": {"origin": "null"},
    "text/plain": {"content-type": "text/plain"},
}


@pytest.mark.parametrize("kind", FOREIGN)
async def test_what_another_site_may_have_sent_changes_nothing(world: World, kind: str) -> None:
    headers = {"accept": "application/json", **FOREIGN[kind]}
    things = await world.things("{tip_id}{passkey_id}{token_id}{view_id}")
    before: dict[str, list[Any]] = {}
    for route in changing(world):
        answer = await world.ask("person", route, things, headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forged"), route
        now = await world.rows()
        now.pop("sessions")  # each request has one of its own
        assert now == (before or now), route
        before = now


def changing(world: World) -> Iterator[Route]:
    """Every route that may change something."""
    yield from (route for route in world.routes() if route.method not in SAFE)

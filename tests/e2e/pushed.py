"""A browser with a push service behind it, and oO's sender.

Chromium subscribes at Google's service alone, so `PushManager` is ours in these pages: it makes its
subscriptions at the local service. That service reads what the sender encrypted, and DevTools gives
it to the service worker, as the browser does.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Worker, expect
from sqlalchemy import select

from oo.kit.clock import SystemClock
from oo.kit.settings import Settings
from oo.push.service import Push
from oo.recommend.worth import Worth
from oo.store import tables
from oo.store.database import Database
from oo.vault.service import Vault
from tests.bench.seed import seed
from tests.e2e.browser import PHONE, Watched, watch
from tests.peers.push.web_push import PushService, encoded
from tests.peers.serving import free_port, served
from tests.peers.todoist import CLIENT_ID, CLIENT_SECRET, TodoistPeer
from tests.peers.vault import KEYRING, MASTER_KEYS
from tests.unit.web.served import Served

T = TypeVar("T")
LIST = "Water the plants\nCall the bank\nBook the dentist\nPay the rent\nRead the contract\n"
OTHERS = {
    "outgoing": {"own_networks": ["127.0.0.0/8"]},
    "web_push": {"allow_http": "true"},
}
OURS = """
const KEPT = "the subscription of this test";
class Subscription {
  constructor(given) { Object.assign(this, given); }
  toJSON() { return { endpoint: this.endpoint, keys: this.keys }; }
  async unsubscribe() {
    localStorage.removeItem(KEPT);
    await self.peerForgets(this.endpoint);
    return true;
  }
}
PushManager.prototype.getSubscription = async () => {
  const kept = localStorage.getItem(KEPT);
  return kept ? new Subscription(JSON.parse(kept)) : null;
};
PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
  const given = await self.peerSubscribes(applicationServerKey);
  localStorage.setItem(KEPT, JSON.stringify(given));
  return new Subscription(given);
};
"""
# how many messages the worker is done with, told from now on
COUNTED = """() => {
  if (self.arrived === undefined) {
    self.arrived = 0;
    const work = self.arrive;
    self.arrive = (data) => work(data).finally(() => { self.arrived += 1; });
  }
  return self.arrived;
}"""


def beside(work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives, in a loop of its own: Playwright has one running in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass
class Pushed:
    """A signed-in browser, and what stands behind it."""

    address: str
    settings: Settings
    context: BrowserContext
    watched: Watched
    service: PushService
    todoist: TodoistPeer
    cdp: CDPSession | None = None
    registration: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.watched.page

    def with_push(self, work: Callable[[Push, Database], Awaitable[T]]) -> T:
        """What `work` gives over the same store, as another process of oO."""

        async def run() -> T:
            db, clock = Database(self.settings.store_url), SystemClock()
            try:
                push = Push.of(self.settings, db, clock, Worth(db, clock))
                async with push.http:
                    return await work(push, db)
            finally:
                await db.close()

        return beside(run())

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table."""

        async def read(push: Push, db: Database) -> list[Any]:
            async with db.read() as connection:
                return list((await connection.execute(select(table))).all())

        return self.with_push(read)

    def send(self, tip_id: str) -> dict[str, Any]:
        """The message that the sender brings to the service: the tip, to the person's devices."""

        async def work(push: Push, db: Database) -> None:
            now = SystemClock().now()
            async with db.read() as connection:
                person = (await connection.execute(select(tables.users.c.id))).scalar_one()
            await push.deliveries.enqueue(person, tip_id, now, now + timedelta(hours=1))
            while await push.sender.send_due():
                pass

        before = len(self.messages())
        self.with_push(work)
        found = self.messages()
        assert len(found) == before + 1
        return found[-1]

    def messages(self) -> list[dict[str, Any]]:
        """All messages of all subscriptions."""
        return [it for to in self.service.subscriptions.values() for it in to.messages]

    def deliver(self, message: dict[str, Any]) -> None:
        """Give the message to the worker, as the browser does when it comes."""
        blank = self.context.new_page()
        cdp = self.context.new_cdp_session(blank)
        ours: list[str] = []
        cdp.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: ours.extend(
                it["registrationId"]
                for it in event["registrations"]
                if it["scopeURL"] == f"{self.address}/"
            ),
        )
        cdp.send("ServiceWorker.enable")
        self.until(lambda: bool(ours))
        before = self.worker().evaluate(COUNTED)
        arguments = {
            "origin": self.address,
            "registrationId": ours[-1],
            "data": json.dumps(message),
        }
        cdp.send("ServiceWorker.deliverPushMessage", arguments)
        self.until(lambda: self.worker().evaluate("self.arrived") > before)
        blank.close()

    def until(self, holds: Callable[[], bool], within_s: float = 20) -> None:
        """Return once `holds`; what the browser tells arrives here meanwhile."""
        end = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < end, "it did not come true in time"
            self.page.wait_for_timeout(50)

    def worker(self) -> Worker:
        """The running worker."""
        return self.context.service_workers[-1]

    def notifications(self) -> list[dict[str, Any]]:
        """What stands in the notification centre."""
        found: list[dict[str, Any]] = self.worker().evaluate(
            """async () => (await registration.getNotifications()).map((it) => ({
                title: it.title, body: it.body, tag: it.tag,
                actions: it.actions.map((one) => one.action) }))"""
        )
        return found

    def press(self, action: str) -> None:
        """Press a notification, or one of its actions, as the browser tells the worker."""
        self.worker().evaluate(
            """async (action) => {
                const [notification] = await registration.getNotifications();
                const event = new NotificationEvent("notificationclick", { notification, action });
                const work = [];
                event.waitUntil = (it) => work.push(it);
                self.dispatchEvent(event);
                await Promise.all(work);
            }""",
            action,
        )

    def shows_tip(self) -> str:
        """The id of the tip that the page shows."""
        expect(self.page.locator("body")).to_have_attribute("data-state", "tip", timeout=20_000)
        found = self.rows(select(tables.tip_scores).order_by(tables.tip_scores.c.id).subquery())
        return str(found[-1].id)


@contextmanager
def pushed(browser: Browser, folder: Path, tasks: str = LIST) -> Iterator[Pushed]:
    """Somebody signed in, before their tip page; with a list of theirs, or none where it is empty.

    A Todoist that they may connect is there, too.
    """
    service, peer, port = PushService(), TodoistPeer(), free_port()
    address = f"http://localhost:{port}"
    (cookie,) = beside(seed(folder / "test.db", 1, 0, Vault(KEYRING, SystemClock()))).cookies
    with served(service.app()) as service.base, served(peer.app()) as todoist_url:
        others = {**OTHERS, "todoist": _settings_of(todoist_url)}
        settings = Settings.model_validate(
            {
                **others,
                "data_dir": folder,
                "public_url": address,
                "database_url": f"sqlite+aiosqlite:///{folder}/test.db",
                "master_keys": MASTER_KEYS,
            }
        )
        with served(Served(folder, address, others, peer), port):
            context = _context(browser, address, cookie, service)
            found = Pushed(address, settings, context, watch(context), service, peer)
            page = found.page
            if tasks:
                page.goto("/connect")
                page.get_by_label("One task per line").fill(tasks)
                page.get_by_role("button", name="Take the list").click()
            page.goto("/")
            page.get_by_role("button", name="Agree").click()
            yield found
            assert found.watched.faults == []
            context.close()


def _settings_of(todoist_url: str) -> dict[str, str]:
    return {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "authorize_url": f"{todoist_url}/oauth/authorize",
        "token_url": f"{todoist_url}/oauth/access_token",
        "api_url": f"{todoist_url}/api/v1",
    }


def _context(browser: Browser, address: str, cookie: str, service: PushService) -> BrowserContext:
    context = browser.new_context(viewport=PHONE, base_url=address)
    context.grant_permissions(["notifications"], origin=address)
    context.add_cookies([{"name": "sid", "value": cookie, "url": address}])

    def subscribes(key: Any) -> dict[str, Any]:
        return service.subscribe(key if isinstance(key, str) else encoded(bytes(key))).as_json()

    context.expose_function("peerSubscribes", subscribes)
    context.expose_function(
        "peerForgets",
        lambda it: service.subscriptions.pop(it.rpartition("/")[2], None) and None,
    )
    context.add_init_script(OURS)
    return context

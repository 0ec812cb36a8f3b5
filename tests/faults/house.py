"""The running product under faults: `oo serve`, and the real servers that it stands on."""

import asyncio
import os
import re
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import yaml

from oo.store.database import Database
from tests.conftest import ROOT, Product, serving
from tests.faults.judging import Verdict, judge
from tests.faults.ledger import Ledger
from tests.faults.scenario import Needs, Row
from tests.faults.test_kills import processes
from tests.peers.nats import NatsPeer
from tests.peers.postgres import PostgresPeer
from tests.peers.redis import RedisPeer
from tests.peers.serving import free_port
from tests.peers.todoist import TodoistPeer
from tests.serve.client import Client, eventually

PEOPLE = 10
TASKS = 400
CAUGHT_UP_S = 60.0
BACK_WITHIN_S = 240.0
WELL_S = 1.5
HANDS = 48
PATIENCE_S = 120.0
PER_SECOND = 6.0
T = TypeVar("T")


@dataclass
class Servers:
    """What the product stands on."""

    postgres: PostgresPeer
    redis: RedisPeer
    nats: NatsPeer


@dataclass
class House:
    """A running product, the people who use it, and its servers where it has any."""

    name: str
    product: Product
    store_url: str
    folder: Path
    servers: Servers | None
    clients: list[Client]

    def ask(self, work: "Coroutine[Any, Any, T]") -> T:
        """Run something on the store."""
        return asyncio.run(work)

    def processes(self, name: str) -> list[psutil.Process]:
        """Its processes with that in their command line."""
        return processes(self.product, name)

    def ledger(self, per_second: float = PER_SECOND, give_up_s: float = 5.0) -> Ledger:
        """People who tap as fast as that and do not give up."""
        return Ledger(self.clients, per_second, PATIENCE_S, HANDS, give_up_s)

    def well_again(self, ledger: Ledger) -> bool:
        """Wait until what is asked is answered again."""
        return eventually(lambda: ledger.well_for(WELL_S), BACK_WITHIN_S)

    def verdict(self, ledger: Ledger) -> Verdict:
        """What was lost, and what counts twice."""

        async def compare() -> Verdict:
            db = Database(self.store_url)
            try:
                return await judge(db, ledger.book)
            finally:
                await db.close()

        return self.ask(compare())

    def replays(self) -> bool:
        """Whether `oo replay --check` finds every model equal to its log, and none behind."""

        def equal() -> bool:
            said = self.product.run("replay", "--check").stdout
            # where nothing was learnt nothing was proved either
            return bool(re.search(r"[1-9]\d* models, .* 0 different, 0 behind", said, re.DOTALL))

        return eventually(equal, CAUGHT_UP_S, 2.0)

    def row(
        self,
        fault: str,
        ledger: Ledger,
        began: float,
        *,
        over: float | None = None,
        before_s: float = 10.0,
        note: str = "",
        broken: tuple[str, ...] = (),
    ) -> Row:
        """The row of a fault that began then and was `over` then; call it once all is well."""
        verdict, equal = self.verdict(ledger), self.replays()
        said = ledger.since(began)
        foreign = {it.what for it in said} & ledger.foreign()
        given_up = (f"{ledger.failed} reactions were given up",) if ledger.failed else ()
        not_ours = tuple(f"an answer that is not oO's: {it}" for it in sorted(foreign))
        ended = time.monotonic() if over is None else over
        return Row(
            fault,
            self.name,
            len(ledger.acknowledged),
            *verdict,
            replay=equal,
            failed=sum(not it.fine for it in said),
            asked=len(said),
            recovery_s=ledger.back_after(began if over is None else over),
            p99_ms=ledger.p99_ms(began, max(ended, began + 1)),
            p99_before_ms=ledger.p99_ms(began - before_s, began),
            note=note,
            broken=(*broken, *given_up, *not_ours),
        )


@contextmanager
def housed(needs: Needs, folder: Path) -> Iterator[House]:
    """The product that those scenarios need, with people who have long lists."""
    with ExitStack() as stack:
        short = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oo")))
        servers = stack.enter_context(_servers(short)) if needs is Needs.SERVICES else None
        given = {name: value for name, value in os.environ.items() if not name.startswith("OO_")}
        given |= {
            "OO_PORT": str(free_port()),
            "OO_DATA_DIR": str(short / "d"),
            "OO_LIMITS__PAGES_PER_MINUTE": "100000",
            "OO_LIMITS__REQUESTS_PER_SECOND": "10000",
            "OO_LIMITS__SESSION_TIPS_PER_SECOND": "10000",
        }
        store_url = f"sqlite+aiosqlite:///{short / 'd' / 'oo.db'}"
        if servers:
            store_url = servers.postgres.url
            given |= {
                "OO_DATABASE_URL": store_url,
                "OO_REDIS_URL": servers.redis.url,
                "OO_NATS_URL": servers.nats.url,
            }
        config, log = short / "serve_config.yaml", short / "serve.log"
        config.write_text(yaml.safe_dump(_configuration(engine=needs is Needs.ENGINE)))
        try:
            process = stack.enter_context(serving(config, given, log))
            base_url = f"http://127.0.0.1:{given['OO_PORT']}"
            product = Product(base_url, TodoistPeer(), given, config, process.pid)
            name = "oO, PostgreSQL, Redis, NATS" if servers else "oO, SQLite"
            yield House(name, product, store_url, short, servers, _people(product))
        finally:
            if log.exists():
                (folder / f"{needs.name.lower()}.log").write_bytes(log.read_bytes())


def _configuration(*, engine: bool) -> dict[str, Any]:
    """Two ingresses and two shards; the engine, which takes a minute, where it is broken."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
    wanted = {"oo", "engine"} if engine else {"oo"}
    config["applications"] = [it for it in config["applications"] if it["name"] in wanted]
    oo = next(it for it in config["applications"] if it["name"] == "oo")
    oo["args"] = {"ingress": {"replicas": 2}, "shards": {"replicas": 2}}
    return config


def _people(product: Product) -> list[Client]:
    clients = Client.several(product, PEOPLE)
    for client in clients:
        client.import_list("\n".join(f"- [ ] Task {n} of many" for n in range(TASKS)))
    return clients


@contextmanager
def _servers(folder: Path) -> Iterator[Servers]:
    for name in ("redis", "nats"):
        (folder / name).mkdir()
    redis, nats = RedisPeer(folder / "redis"), NatsPeer(folder / "nats" / "jetstream")
    with PostgresPeer.running() as postgres:
        redis.start()
        nats.start()
        try:
            asyncio.run(nats.ready())
            yield Servers(postgres, redis, nats)
        finally:
            for one in (redis, nats):
                one.kill()

"""The store with people and tips, and its border for reactions, without Ray around it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from oo.domain.rewards import Action
from oo.kit.clock import Clock, SystemClock
from oo.recommend.reactions import Acknowledged, ReactionRequest, Reactions
from oo.store import decisions
from oo.store.database import Database
from oo.vault.service import Vault
from tests.faults.judging import Ack, Book
from tests.peers.postgres import BIN, PostgresPeer
from tests.peers.store import add_person
from tests.peers.tables import SQLITE, Tables, begin_anew
from tests.peers.vault import KEYRING
from tests.unit.recommend.conftest import candidate, decision

SQLITE_NAME, POSTGRES_NAME = "SQLite", "PostgreSQL"
AT_ONCE = 500


def opened(address: str) -> Database:
    """A process' hold on the store."""
    return Database(address, Vault(KEYRING, SystemClock()))


@contextmanager
def addresses(folder: Path) -> Iterator[dict[str, str]]:
    """An address of each kind of store there is here, by its name."""
    found = {SQLITE_NAME: f"{SQLITE}{folder / 'inside.db'}"}
    if BIN is None:
        yield found
        return
    with PostgresPeer.running() as peer:
        yield {**found, POSTGRES_NAME: peer.url}


@dataclass
class Town:
    """People of a store, who are given tips and react to them."""

    db: Database
    address: str
    people: list[str]
    clock: Clock

    async def tips(self, count: int, chance: Random) -> list[ReactionRequest]:
        """So many tips in the log, and what their people are going to say to each."""
        made = [
            decision(self.clock, chance.choice(self.people), candidate(self.clock))  # type: ignore[arg-type]  # any clock does
            for _ in range(count)
        ]
        for start in range(0, count, AT_ONCE):
            async with self.db.write() as connection:
                await decisions.append(connection, made[start : start + AT_ONCE])
        actions = list(Action)
        return [
            ReactionRequest(it.user_id, it.id, chance.choice(actions), 20_000, f"key-{it.id}")
            for it in made
        ]


@asynccontextmanager
async def town(address: str, people: int, clock: Clock | None = None) -> AsyncIterator[Town]:
    """A new store with people."""
    clock = clock or SystemClock()
    if address.startswith(SQLITE):
        await begin_anew(address, Tables.TODAY)
    else:
        name = f"faults_{Random().getrandbits(48):x}"
        address = f"{address.rpartition('/')[0]}/{name}"
        await begin_anew(address, Tables.TODAY)
    db = opened(address)
    try:
        found = [await add_person(db, clock, f"person-{number}") for number in range(people)]
        yield Town(db, address, found, clock)
    finally:
        await db.close()


def acked(answer: Acknowledged) -> Ack:
    """What the client keeps of an answer."""
    return Ack(answer.tip_id, answer.user_seq)


@dataclass
class Tries:
    """Requests of a client that asks again until it is answered."""

    asked: int = 0
    failed: int = 0
    slowest_s: float = 0.0  # from the first failure of a reaction to its answer


async def insist(
    border: Reactions,
    request: ReactionRequest,
    book: Book,
    tries: Tries,
    *,
    give_up_s: float = 5.0,
    again_s: float = 0.02,
    within_s: float = 60.0,
) -> Acknowledged:
    """React, again under the same key until there is an answer; raises TimeoutError when late."""
    loop = asyncio.get_running_loop()
    first_failure = None
    end = loop.time() + within_s
    while True:
        tries.asked += 1
        try:
            async with asyncio.timeout(give_up_s):
                answer = await border.accept(request)
        except Exception:
            tries.failed += 1
            first_failure = first_failure or loop.time()
            if loop.time() > end:
                raise
            await asyncio.sleep(again_s)
            continue
        book.note(request.idempotency_key, acked(answer))
        if first_failure is not None:
            tries.slowest_s = max(tries.slowest_s, loop.time() - first_failure)
        return answer

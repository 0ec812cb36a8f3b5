"""What clients were told, beside what the store holds: what was lost, and what counts twice."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import select

from ml.policies import policies
from oo.domain.rewards import Action
from oo.kit.clock import SystemClock
from oo.mlops.policy_lookup import find_by_key
from oo.mlops.replay import check_models
from oo.recommend.learner import Learner
from oo.store import users as people
from oo.store.database import Database
from oo.store.tables import feedback, tip_scores, users

POLICY = policies()["egreedy-v1"]


class Ack(NamedTuple):
    """What one reaction was answered with, and when by the client's clock."""

    tip_id: str
    seq: int
    at: float = 0.0


@dataclass
class Book:
    """What a client was told: reactions by their keys, and tips."""

    acknowledged: dict[str, Ack] = field(default_factory=dict)
    tips: set[str] = field(default_factory=set)
    told_twice: int = 0  # the same key, another answer

    def note(self, key: str, ack: Ack) -> None:
        """Keep an answer; another one than before under the same key is a fault of its own."""
        before = self.acknowledged.setdefault(key, ack)
        self.told_twice += before[:2] != ack[:2]


class Verdict(NamedTuple):
    """How many reactions and tips are gone, and how many count more than once."""

    lost: int
    twice: int


class Judged(NamedTuple):
    """What a row says of a book and its store, in the row's order."""

    acknowledged: int
    lost: int
    twice: int
    replay: bool


class Held(NamedTuple):
    """What the store holds of one reaction."""

    user_id: str
    seq: int
    tip_id: str
    key: str
    action: str


async def judge(db: Database, book: Book) -> Verdict:
    """Compare the book with the store."""
    f = feedback.c
    async with db.read() as connection:
        query = select(f.user_id, f.user_seq, f.tip_id, f.idempotency_key, f.action)
        rows = [Held(*row) for row in await connection.execute(query)]
        tips = set((await connection.execute(select(tip_scores.c.id))).scalars())
        heads = {
            row.id: row.user_seq
            for row in await connection.execute(select(users.c.id, users.c.user_seq))
        }
    held = {row.key: (row.tip_id, row.seq) for row in rows}
    lost = sum(held.get(key) != (ack.tip_id, ack.seq) for key, ack in book.acknowledged.items())
    return Verdict(lost + len(book.tips - tips), book.told_twice + _twice(rows, heads))


def _twice(rows: list[Held], heads: Mapping[str, int]) -> int:
    """Keys and tips with several reactions, and people whose numbers are not 1, 2, 3, …."""
    gestures = set(Action)
    keys = Counter((row.user_id, row.key) for row in rows)
    tips = Counter(row.tip_id for row in rows if row.action in gestures)
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        numbers[row.user_id].append(row.seq)
    uneven = sum(
        sorted(numbers[user_id]) != list(range(1, head + 1)) for user_id, head in heads.items()
    )
    return sum(n - 1 for n in keys.values()) + sum(n - 1 for n in tips.values()) + uneven


async def replays(db: Database) -> bool:
    """Fold whatever waits, as a shard does, and check every model against its log."""
    async with db.read() as connection:
        newest = {user: seq for user, seq in (await people.sequences(connection)).items() if seq}
    learner = Learner(db, POLICY, SystemClock())
    await learner.catch_up(newest)
    await learner.flush()
    report = await check_models(db, find_by_key)
    return not report.different and not report.behind and report.models >= len(newest)


async def judged(db: Database, book: Book) -> Judged:
    """What became of what was acknowledged, and whether every model is the replay of its log."""
    verdict = await judge(db, book)
    return Judged(len(book.acknowledged), *verdict, await replays(db))

"""Any order of tips, reactions, retries, deaths and jumps of the clock: state = fold(log).

Two processes share one SQLite file, with the border, the learner and the store of the product; a
machine of Hypothesis drives them. A process dies at a point that is chosen, and what it had in
memory with it. The client's book says what was acknowledged.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ml.policies import policies
from oo.domain.rewards import Action
from oo.kit.clock import ManualClock, SystemClock
from oo.kit.errors import Conflict
from oo.mlops.policy_lookup import find_by_key
from oo.mlops.replay import check_models
from oo.recommend.learner import Learner
from oo.recommend.outcomes import Outcomes
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import decisions, models, users
from oo.store.database import Database, Hot
from oo.vault.service import Vault
from tests.faults.judging import Ack, Book, judge
from tests.peers.store import add_person
from tests.peers.tables import SQLITE, Tables, begin_anew
from tests.peers.vault import KEYRING
from tests.unit.recommend.conftest import FEATURES, candidate, decision

START = datetime(2026, 11, 18, 9, tzinfo=UTC)
POLICY = policies()["egreedy-v1"]
PEOPLE = 2
T = TypeVar("T")


class Point(StrEnum):
    """Where a process dies."""

    BEFORE_COMMIT = "before the commit"
    AFTER_COMMIT = "after the commit, before the answer"
    NEVER = "not at all"


class Died(Exception):
    """kill -9, as its own process sees it."""


class Mortal(Database):
    """The store of a process that dies at a point of its next transaction."""

    dies = Point.NEVER

    @asynccontextmanager
    async def write_hot(self) -> AsyncIterator[Hot]:
        async with super().write_hot() as connection:
            yield connection
            self._pass(Point.BEFORE_COMMIT)
        self._pass(Point.AFTER_COMMIT)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Any]:
        async with super().write() as connection:
            yield connection
            self._pass(Point.BEFORE_COMMIT)
        self._pass(Point.AFTER_COMMIT)

    def _pass(self, point: Point) -> None:
        if self.dies is point:
            raise Died


@dataclass
class Process:
    """What one process has: its hold on the store, and its memory."""

    address: str
    clock: ManualClock
    db: Mortal = field(init=False)
    border: Reactions = field(init=False)
    learner: Learner = field(init=False)

    def __post_init__(self) -> None:
        self.db = Mortal(self.address, Vault(KEYRING, SystemClock()))
        self.border = Reactions(self.db, self.clock)
        self.learner = Learner(self.db, POLICY, self.clock)

    async def attempt(self, point: Point, work: Awaitable[T]) -> T | None:
        """What comes of it, or None where it died at that point: its memory is then empty."""
        self.db.dies = point
        try:
            return await work
        except Died:
            await self.die()
            return None
        finally:
            self.db.dies = Point.NEVER

    async def die(self) -> None:
        """Lose all that is in memory, and begin anew."""
        await self.db.close()
        self.__post_init__()


which = st.sampled_from((0, 1))
# who dies all the time has nothing to be wrong about
points = st.sampled_from((*(Point.NEVER,) * 6, Point.BEFORE_COMMIT, Point.AFTER_COMMIT))


class Crashes(RuleBasedStateMachine):
    """Two processes, two people and what they were told."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="oo", dir=_memory())
        self.runner = asyncio.Runner()
        self.clock, self.book = ManualClock(START), Book()
        self.open: list[ReactionRequest] = []  # made up, not acknowledged yet
        self.answered: list[ReactionRequest] = []
        self.run(self._begin())

    async def _begin(self) -> None:
        address = f"{SQLITE}{self.folder.name}/oo.db"
        await begin_anew(address, Tables.TODAY)
        self.processes = [Process(address, self.clock) for _ in range(2)]
        store = self.processes[0].db
        self.people = [await add_person(store, self.clock, str(it)) for it in range(PEOPLE)]

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    @rule(process=which, person=which, action=st.sampled_from(list(Action)), dies=points)
    def serve(self, process: int, person: int, action: Action, dies: Point) -> None:
        """A tip is decided on; who gets it means to react, and may do so later."""
        own, user = self.processes[process], self.people[person]
        made = decision(self.clock, user, candidate(self.clock))

        async def log() -> bool:
            async with own.db.write_hot() as connection:
                await decisions.append(connection, [made])
            return True

        if self.run(own.attempt(dies, log())):
            self.book.tips.add(made.id)
            self.open.append(ReactionRequest(user, made.id, action, 20_000, made.id))

    @precondition(lambda self: self.open)
    @rule(process=which, dies=points, is_heard=st.booleans(), nth=st.integers(0, 99))
    def react(self, process: int, dies: Point, is_heard: bool, nth: int) -> None:
        """The reaction is sent, or sent again; its answer may be lost on the way."""
        request = self.open[nth % len(self.open)]
        own = self.processes[process]
        answer = self.run(own.attempt(dies, own.border.accept(request)))
        if answer and is_heard:
            self.open.remove(request)
            self.answered.append(request)
            self.book.note(request.idempotency_key, Ack(answer.tip_id, answer.user_seq))

    @precondition(lambda self: self.answered)
    @rule(process=which, dies=points, nth=st.integers(0, 99))
    def send_again(self, process: int, dies: Point, nth: int) -> None:
        """A key gives the same answer, whichever process is asked, and takes no other body."""
        request = self.answered[nth % len(self.answered)]
        own = self.processes[process]
        with pytest.raises(Conflict):
            self.run(own.border.accept(request._replace(dwell_ms=1)))
        answer = self.run(own.attempt(dies, own.border.accept(request)))
        if answer:
            assert not answer.fresh
            self.book.note(request.idempotency_key, Ack(answer.tip_id, answer.user_seq))

    @rule(process=which, dies=points)
    def look_for_missed(self, process: int, dies: Point) -> None:
        """oO notices by itself what was seen and not reacted to."""
        own = self.processes[process]

        async def look() -> None:
            async with own.db.write() as connection:
                for request in self.open:
                    await decisions.mark_seen(
                        connection, request.user_id, request.tip_id, self.clock.now()
                    )
            await Outcomes(own.db, self.clock).settle_missed()

        self.run(own.attempt(dies, look()))

    @rule(process=which, person=which)
    def live(self, process: int, person: int) -> None:
        """A tip, a reaction and its answer, as it mostly is."""
        self.serve(process, person, Action.DONE, Point.NEVER)
        self.react(process, Point.NEVER, True, len(self.open) - 1)

    @rule(process=which, person=which, then=st.booleans(), dies=points)
    def ask(self, process: int, person: int, then: bool, dies: Point) -> None:
        """A decision knows every reaction that was acknowledged before it."""
        own, user = self.processes[process], self.people[person]

        async def score() -> tuple[int, Choice | Exception]:
            async with own.db.read() as connection:
                seq = (await users.sequences(connection))[user]
            (choice,) = await own.learner.score([ScoreRequest(user, seq, 7, FEATURES, 0)])
            return seq, choice

        seq, choice = self.run(score())
        assert isinstance(choice, Choice)
        assert choice.state_seq == seq
        if then:
            self.flush(process, dies)

    @rule(process=which, dies=points)
    def flush(self, process: int, dies: Point) -> None:
        """A process writes the states that it has folded, however old they are."""
        own = self.processes[process]
        before = self.run(self._applied())
        self.run(own.attempt(dies, own.learner.flush()))
        after = self.run(self._applied())
        assert all(after[user] >= seq for user, seq in before.items())

    @rule(process=which, person=which, dies=points)
    def overtake(self, process: int, person: int, dies: Point) -> None:
        """One is frozen with what it has folded, another folds on and writes, and it goes on."""
        other = 1 - process
        self.live(other, person)
        self.ask(process, person, False, Point.NEVER)
        self.live(other, person)
        self.ask(other, person, True, Point.NEVER)
        self.flush(process, dies)

    @rule(hours=st.sampled_from((1, 25, -25, 24 * 40)))
    def jump(self, hours: int) -> None:
        """The clock shows another time."""
        self.clock._now += timedelta(hours=hours)

    async def _applied(self) -> dict[str, int]:
        db = self.processes[0].db
        async with db.read() as connection:
            stored = await models.load(connection, self.people, POLICY.state_key)
        return {user: model.applied_seq for user, model in stored.items()}

    def teardown(self) -> None:
        if not hasattr(self, "processes"):
            return
        try:
            self.run(self._end())
        finally:
            self.runner.close()
            self.folder.cleanup()

    async def _end(self) -> None:
        """What was sent and not heard of is sent again; then every model is the fold of its log."""
        own = self.processes[0]
        for request in self.open:
            answer = await own.border.accept(request)
            self.book.note(request.idempotency_key, Ack(answer.tip_id, answer.user_seq))
        assert await judge(own.db, self.book) == (0, 0)
        half = await check_models(own.db, find_by_key)
        assert half.different == []
        async with own.db.read() as connection:
            newest = await users.sequences(connection)
        await own.learner.catch_up(newest)
        await own.learner.flush()
        whole = await check_models(own.db, find_by_key)
        assert (whole.different, whole.behind) == ([], 0)
        assert whole.reactions == sum(newest.values())
        for one in self.processes:
            await one.db.close()


def _memory() -> str | None:
    """A folder that does not wait for a disk, where the machine has one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

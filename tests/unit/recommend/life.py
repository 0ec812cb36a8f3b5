"""A person to whom things happen, the product around them, and what the test knows of both."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from ml.composing.fallback import fallback
from ml.features import REGISTRY
from ml.generation.drafts import Source
from ml.generation.gate import draft
from ml.generation.language import work_of
from ml.generation.validation import judge
from ml.models.people import Situation
from ml.models.writer import answer
from oo.domain.context import PromptContext
from oo.domain.model_calls import Terms
from oo.domain.rewards import Action
from oo.domain.signals import SignalSource, Upload
from oo.domain.tasks import Task
from oo.domain.tips import TipCandidate
from oo.integrations import reconcile
from oo.integrations.imports import take_upload
from oo.integrations.registry import ConfiguredSource
from oo.integrations.sources.file import SOURCE as FILE
from oo.kit.clock import ManualClock
from oo.kit.errors import Unavailable
from oo.recommend.deciding import Account, Served
from oo.recommend.fallback import FallbackPool
from oo.recommend.filling import PoolFiller
from oo.recommend.gathering import gather
from oo.recommend.pool import Pool
from oo.recommend.ports import Assembled, Draft, Written
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import DISMISS_TASK_FOR, SNOOZE_FOR, ReactionRequest, Reactions
from oo.recommend.recommender import Recommender
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import kinds, users
from oo.store.database import Database
from tests.unit.recommend.readings import lies
from tests.unit.recommend.truth import Act, Known, Truth

START = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)  # Europe's clocks change two nights later
SEEN: Counter[str] = Counter()


@dataclass(frozen=True)
class Row:
    """A task of a list to be imported; days and minutes count from the moment of the import."""

    number: int
    title: str
    priority: int
    due_days: int | None
    due_minutes: int | None
    age: int | None


Change = Callable[["Life"], Awaitable[None]]


class Life:
    """A person, what the test knows of them, and the product around them."""

    def __init__(self, db: Database, user_id: str, clock: ManualClock, seed: int) -> None:
        self.db, self.user_id, self.clock, self.random = db, user_id, clock, Random(seed)
        self.zone = ZoneInfo("UTC")
        self.open: dict[str, Known] = {}
        self.finished: dict[str, datetime] = {}
        self.ticked: set[str] = set()  # finished, as far as a list said so
        self.resting: dict[str, datetime] = {}
        self.acted: list[Act] = []
        self.served: Served | None = None
        self.while_ranking: Change | None = None
        self.while_writing: Change | None = None
        self.keys = iter(range(10**6))
        self.filler = PoolFiller(db, clock, self, self)
        self.pool = Pool(db, clock)
        self.reactions = Reactions(db, clock)
        self.recommender = Recommender(
            db=db,
            clock=clock,
            pool=self.pool,
            profiles=Profiles(db, clock),
            features=REGISTRY.columns,
            ranker=self,
            refill=self,
            fallback=FallbackPool(
                db, clock, lambda context, count: fallback(context, count, self.random)
            ),
            seeds=iter(range(10**6)).__next__,
            deadline_s=1e6,  # the clock moves by hours while tips are decided on
        )

    @property
    def truth(self) -> Truth:
        return Truth(self.open, self.zone, self.clock.now(), self.acted)

    @property
    def available(self) -> set[str]:
        now = self.clock.now()
        return {i for i in self.open if i not in self.resting or self.resting[i] <= now}

    # what happens to the person

    def made(self, row: Row) -> Task:
        now = self.clock.now()
        today = now.astimezone(self.zone).date()
        minutes = row.due_minutes
        return Task(
            id=f"file:{row.number}",
            source="file",
            external_id=str(row.number),
            title=row.title,
            priority=row.priority,
            due=None if row.due_days is None else today + timedelta(days=row.due_days),
            due_at=None if minutes is None else now + timedelta(minutes=minutes),
            added_at=None if row.age is None else now - timedelta(days=row.age),
        )

    async def upload(self, found: Sequence[Row], done: Sequence[int] = ()) -> None:
        told = tuple(map(self.made, found))
        ticked = tuple(f"file:{number}" for number in done)
        source = SignalSource(uploads=_Handed(Upload(told, ticked)))
        configured = ConfiguredSource(FILE.manifest, source)
        await take_upload(self.db, self.clock, configured, self.user_id, "list", b"")
        before = set(self.open)
        for task in told:
            # what only a list said to be finished is open again when a list has it as open
            if task.id not in self.finished or task.id in self.ticked:
                self.finished.pop(task.id, None)
                self.ticked.discard(task.id)
                self.know(task)
        for task_id in before.intersection(ticked):
            self.finish(task_id)
            self.ticked.add(task_id)

    async def sync(self, found: Sequence[Row]) -> None:
        told, now = tuple(map(self.made, found)), self.clock.now()
        async with self.db.write() as connection:
            stored = await kinds.list_of_source(connection, self.user_id, "file")
            changes = reconcile.compare(stored, told, now)
            await reconcile.apply(connection, self.user_id, changes, now)
        for task_id in set(self.open) - {task.id for task in told}:
            del self.open[task_id]
            self.resting.pop(task_id, None)
        for task in told:
            if now - self.finished.get(task.id, START - timedelta(days=1)) >= reconcile.CLOSING:
                self.finished.pop(task.id, None)
                self.ticked.discard(task.id)
                self.know(task)

    def know(self, task: Task) -> None:
        self.open[task.id] = Known(task.title, task.priority, task.due, task.due_at, task.added_at)

    def finish(self, task_id: str) -> None:
        if self.open.pop(task_id, None):
            self.finished[task_id] = self.clock.now()

    async def react(self, action: Action) -> None:
        served, self.served = self.served, None
        if served is None:
            return
        now, task_id = self.clock.now(), served.candidate.task_id
        await self.reactions.accept(
            ReactionRequest(self.user_id, served.decision.id, action, 20_000, f"{next(self.keys)}")
        )
        self.acted.append(Act(now, action.value, served.candidate.kind.value))
        if task_id is None or task_id not in self.open:
            return
        if action is Action.DONE:
            self.finish(task_id)
        else:
            span = SNOOZE_FOR if action is Action.SNOOZE else DISMISS_TASK_FOR
            self.resting[task_id] = now + span

    async def travel(self, zone: str) -> None:
        async with self.db.write() as connection:
            await users.set_timezone(connection, self.user_id, zone)
        self.zone = ZoneInfo(zone)

    async def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    async def wait_for_an_edge(self, after: float) -> None:
        """To about the next instant at which something changes by itself."""
        now, local = self.clock.now(), self.clock.now().astimezone(self.zone)
        hour = local.replace(minute=0, second=0, microsecond=0)
        edges = [(hour + timedelta(hours=ahead)).astimezone(UTC) for ahead in range(1, 25)]
        edges = [edge for edge in edges if edge.astimezone(self.zone).hour in (0, 5, 12, 17, 22)]
        edges += [task.due_at for task in self.open.values() if task.due_at]
        edge = min(edge for edge in edges if edge > now)
        self.clock.advance(max(0.0, (edge - now).total_seconds() + after))

    # what the product asks for

    async def assemble(self, user_id: str) -> Assembled:
        now = self.clock.now()
        async with self.db.read() as connection:
            assembled = await gather(connection, user_id, now)
        assert assembled is not None
        return Assembled(replace(assembled.context, heard=()), assembled.pool_version)

    def pool_key(self, context: PromptContext, cloud_consent: bool) -> str:
        return str(hash(context))

    async def write(
        self, context: PromptContext, count: int, deadline_s: float, terms: Terms
    ) -> Written:
        if self.random.random() < 0.5:
            await self._interrupt("while_writing")
            tips = fallback(context, count, self.random)
            return Written([replace(tip, source=Source.LLM) for tip in tips])
        situation = Situation(context, tuple(work_of(task.title) for task in context.tasks))
        found: list[Draft] = []
        for raw in answer(self.random, situation, count):
            tip = draft(raw, context, "model", "v")
            assert tip is not None
            verdict = judge(tip, context)
            assert not verdict.flaws
            found.append(replace(tip, claims=verdict.claims))
        await self._interrupt("while_writing")
        return Written(found)

    async def now(self, user_id: str, within_s: float) -> None:
        if self.random.random() < 0.5:
            raise Unavailable("away")
        await self.filler.fill(user_id, within_s)

    def behind(self, user_id: str) -> None:
        """Fills are a step of their own."""

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Choice]:
        await self._interrupt("while_ranking")
        return [self._choice(request) for request in requests]

    def _choice(self, request: ScoreRequest) -> Choice:
        count = len(request.features["priority"])
        chosen = self.random.randrange(count)
        return Choice(chosen, [0.0] * count, [1 / count] * count, "random", "1", 0)

    async def _interrupt(self, when: str) -> None:
        change: Change | None = getattr(self, when)
        setattr(self, when, None)
        if change is not None:
            await change(self)

    async def look(self) -> None:
        """Ask for a tip, and judge it and all others that might have come."""
        async with self.db.read() as connection:
            head = (await users.heads(connection, [self.user_id]))[self.user_id]
        account = Account(self.user_id, head.user_seq, head.pool_version, head.timezone)
        told = await self.recommender.recommend(account)
        if isinstance(told, Served):
            self.served = told
            self.judge(told.candidate)
        else:
            assert not self.available, "there is something to say, and nothing was"
        async with self.db.read() as connection:
            head = (await users.heads(connection, [self.user_id]))[self.user_id]
        stock = await self.pool.stock(self.user_id, head.pool_version)
        for entry in stock.eligible(self.clock.now()):
            self.judge(entry.candidate)

    def judge(self, tip: TipCandidate) -> None:
        found = lies(tip.content, tip.task_id, self.truth, SEEN, tip.about)
        assert not found, f"{tip.content!r} at {self.clock.now()} in {self.zone}: {found}"


class _Handed:
    """A file that says what the test wants it to say."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    def parse(self, filename: str, data: bytes, today: date) -> Upload:
        return self._upload

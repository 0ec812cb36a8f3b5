"""A demonstration: simulated people over a month, through the code that serves real ones.

Every sign-in, import, fill, tip, push, reaction, opinion and promotion goes through the use case
that a request goes through, on a clock that is moved; nothing is inserted. Simulated are the writer
(composed lines under the names of two prompts, one of which says why) and what is behind channels.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from random import Random
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from ml.composing.fallback import fallback, warm
from ml.features import REGISTRY
from oo.domain import due
from oo.domain.consents import POOLING
from oo.domain.context import PromptContext
from oo.domain.policies import ref_of
from oo.domain.roles import Role
from oo.events.relay import Relay
from oo.identity.agreeing import imply_terms
from oo.identity.local import LOCAL
from oo.identity.people import Profile, ensure_user
from oo.identity.roles import Roles
from oo.integrations.service import Integrations
from oo.jobs.periodic import rebuild_profiles
from oo.kit.clock import ManualClock
from oo.kit.errors import OoError, Unavailable
from oo.kit.settings import Settings
from oo.mlops import roles as policy_roles
from oo.mlops.demo_deliveries import DemoDeliveries, World
from oo.mlops.demo_people import DemoPerson, answer, draw_people, list_of
from oo.mlops.demo_writer import REASON, Writer
from oo.mlops.policy_lookup import choose, serving
from oo.mlops.promotion import Trial, examine, prepare
from oo.mlops.roles import Order
from oo.mlops.shadows import ShadowPolicies
from oo.recommend.catching_up import CatchingUp
from oo.recommend.deciding import Account, Served
from oo.recommend.fallback import FallbackPool
from oo.recommend.filling import PoolFiller
from oo.recommend.gathering import gather
from oo.recommend.learner import Learner
from oo.recommend.pool import Pool
from oo.recommend.ports import Assembled, Draft
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.recommender import Recommender
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.store import consenting, decisions, policies, tasks, users
from oo.store.consents import Said
from oo.store.database import Database

T = TypeVar("T")
SLOTS = (8, 17)  # local hours at which somebody may look
ALLOWING = 5  # one of so many wants to be spoken to
MOMENT = timedelta(minutes=16)  # after an hour: what is thought of at it is due by then
FILLED_EACH = timedelta(hours=4)  # candidates end with their part of the day
ACTOR = "operator:demo"
GATE = Trial(50, 7, 1)


class Filled(NamedTuple):
    """What there is now."""

    people: int
    tips: int
    reactions: int
    owner: str


class _NoRefill:
    """The pool was filled before: whoever is without a candidate gets what is composed."""

    async def now(self, user_id: str, within_s: float) -> None:
        raise Unavailable("the demonstration fills pools before")

    def behind(self, user_id: str) -> None:
        pass


class Demo:
    """A month of simulated people in one store."""

    def __init__(self, db: Database, settings: Settings, end: datetime, seed: int = 1) -> None:
        self._db = db
        self._settings = settings
        self._end = end
        self._random = Random(seed)
        self.tips = 0
        self.reactions = 0

    async def fill(
        self, people: int, days: int, on_day: Callable[[int], None] = lambda day: None
    ) -> Filled:
        """Let `people` live with oO for the `days` before the end; the owner is an admin."""
        with ProcessPoolExecutor(1, get_context("spawn"), warm) as composing:
            return await self._fill_with(composing, people, days, on_day)

    async def _fill_with(
        self, composing: Executor, people: int, days: int, on_day: Callable[[int], None]
    ) -> Filled:
        warm()
        self._begin = self._end - timedelta(days=days)
        clock = self._clock = ManualClock(self._begin)
        self._integrations = Integrations.of(self._settings, self._db, clock)
        self._filler = PoolFiller(self._db, clock, self, Writer(self._random, composing))
        self._reactions = Reactions(self._db, clock)
        self._shadows = ShadowPolicies(self._db)
        self._relay = Relay(self._db, clock)
        self._opinions = ShadowOpinions(self._db, clock, self._shadows)
        owner = await self._owner()
        self._people = draw_people(people, days, self._random)
        self._ids: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._deliveries = self._delivering(clock)
        self._filled: dict[str, datetime] = {}
        await self._follow_policies()
        for day in range(days):
            on_day(day)
            await self._join(day)
            await self._policies_of(day, days)
            for hour in range(24):
                await self._hour(day, hour)
            await self._relay.relay()
        await self._learner.flush()
        await CatchingUp(self._db, clock, serving).fold_behind(people)
        for _ in range(0, people, rebuild_profiles.BATCH):
            await rebuild_profiles.run(self._db, clock, Profiles(self._db, clock))
        return Filled(people, self.tips, self.reactions, owner)

    def _delivering(self, clock: ManualClock) -> DemoDeliveries:
        def at(work: Callable[[DemoPerson], Awaitable[T]]) -> Callable[[int], Awaitable[T]]:
            return lambda number: work(self._people[number])

        async def react(number: int, served: Served) -> None:
            await self._answer(self._people[number], served)

        world = World(self._numbers.__getitem__, at(self._fill), at(self._ask), react)
        # chances of their own: people are the same with and without devices
        random = Random(self._random.getrandbits(64))
        return DemoDeliveries(self._db, self._settings, clock, random, world)

    async def assemble(self, user_id: str, at: datetime | None = None) -> Assembled | None:
        """The person's context, as the assembler's deployment gives it."""
        async with self._db.read_hot() as connection:
            return await gather(connection, user_id, at or self._clock.now())

    async def _owner(self) -> str:
        async with self._db.write() as connection:
            owner = await ensure_user(connection, LOCAL, self._clock)
            await imply_terms(connection, owner, self._clock)
        await Roles(self._db, self._clock).set(ACTOR, owner, Role.ADMIN, "shows the demonstration")
        return owner

    async def _join(self, day: int) -> None:
        for person in self._people:
            if person.joins != day:
                continue
            profile = Profile("https://demo.example", f"{person.number}", person.email, "", True)
            async with self._db.write() as connection:
                user_id = await ensure_user(connection, profile, self._clock)
                await imply_terms(connection, user_id, self._clock)
                await users.set_timezone(connection, user_id, person.zone)
                agrees = self._random.random() < 0.7
                said = Said(POOLING, 1, agrees, self._clock.now(), "demo")
                await consenting.change(connection, user_id, said)
            self._ids[person.number] = user_id
            self._numbers[user_id] = person.number
            if person.connects:
                await self._list(person)
            if person.connects and person.number % ALLOWING == 0:
                await self._deliveries.allow(user_id, person.number)

    async def _list(self, person: DemoPerson) -> None:
        """Hand in a list, as a person does on the connect page; again when it is nearly done."""
        today = self._clock.now().date()
        lines = [
            f"- [ ] {title} 📅 {today + timedelta(days=self._random.randrange(-5, 9))}"
            if self._random.random() < 0.7
            else f"- [ ] {title}"
            for title in list_of(person, self._random).splitlines()
        ]
        data = "\n".join(lines).encode()
        await self._integrations.import_file(self._ids[person.number], "list.md", data)

    async def _follow_policies(self) -> None:
        """The policy in force decides from the next tip on, as shards follow it."""
        async with self._db.read() as connection:
            policy = await choose(connection, None, await policies.roles(connection))
        self._learner = Learner(self._db, policy, self._clock)
        self._recommender = Recommender(
            db=self._db,
            clock=self._clock,
            pool=Pool(self._db, self._clock),
            profiles=Profiles(self._db, self._clock),
            features=REGISTRY.columns,
            ranker=self._learner,
            refill=_NoRefill(),
            fallback=FallbackPool(self._db, self._clock, self._templates),
            seeds=lambda: self._random.getrandbits(63),
            deadline_s=120.0,
        )

    def _templates(self, context: PromptContext, count: int) -> Sequence[Draft]:
        return fallback(context, count, self._random)

    async def _policies_of(self, day: int, days: int) -> None:
        """A shadow early, an attempt that the gate refuses, and a promotion late."""
        order = Order(ACTOR, "", self._clock.now())
        if day == 2:
            why = "to compare with what is in force"
            await policy_roles.shadow(self._db, "lints", replace(order, reason=why))
            await policy_roles.shadow(self._db, "egreedy-v2", replace(order, reason=why))
        if day == days // 2:
            with_reason = replace(order, reason="the shadow looks good")
            contest = await prepare(self._db, "egreedy-v2", self._clock.now())
            report = await asyncio.to_thread(examine, contest, GATE, lambda: None)
            await policy_roles.decide(self._db, contest, report, with_reason)
        if day == days * 2 // 3:
            found = next(one for one in await self._shadows.current() if one.policy.name == "lints")
            change = replace(order, reason="agreed to try it for a week").change(
                ref_of(found.policy), policies.IN_FORCE
            )
            async with self._db.write() as connection:
                await policies.to_change(connection)
                await policies.record(connection, change)
            await self._follow_policies()

    async def _hour(self, day: int, hour: int) -> None:
        """Everybody whose local hour is one of those looks perhaps; then the hour is over."""
        looking = [person for person in self._people if self._looks(person)]
        if looking:
            await asyncio.gather(*(self._fill(person) for person in looking))
            served = await asyncio.gather(*(self._ask(person) for person in looking))
            self._clock.advance(20 + self._random.random() * 20)
            seen = [(p, tip) for p, tip in zip(looking, served, strict=True) if tip is not None]
            await asyncio.gather(*(self._answer(person, tip) for person, tip in seen))
            await self._learner.flush()
            while await self._opinions.ask():
                pass
        begun = self._begin + timedelta(days=day, hours=hour)
        self._wait_until(begun + MOMENT)
        await self._deliveries.hour()
        self._wait_until(begun + timedelta(hours=1))

    def _wait_until(self, at: datetime) -> None:
        self._clock.advance(max((at - self._clock.now()).total_seconds(), 0.0))

    def _looks(self, person: DemoPerson) -> bool:
        if person.number not in self._ids or not person.connects:
            return False
        hour = self._clock.now().astimezone(ZoneInfo(person.zone)).hour
        likes = 1.3 if abs(hour - person.hour) <= 2 else 0.7
        return hour in SLOTS and self._random.random() < person.presence * likes * 0.6

    async def _fill(self, person: DemoPerson) -> None:
        user_id = self._ids[person.number]
        async with self._db.read_hot() as connection:
            open_tasks = sum((await tasks.count_open(connection, user_id)).values())
        if open_tasks < 6:
            await self._list(person)
        elif self._clock.now() - self._filled.get(user_id, self._begin) < FILLED_EACH:
            return
        self._filled[user_id] = self._clock.now()
        await self._filler.fill(user_id, 60.0)

    async def _ask(self, person: DemoPerson) -> Served | None:
        user_id = self._ids[person.number]
        async with self._db.read_hot() as connection:
            head = (await users.heads(connection, [user_id]))[user_id]
        account = Account(user_id, head.user_seq, head.pool_version, person.zone)
        found = await self._recommender.recommend(account)
        if not isinstance(found, Served):
            return None
        self.tips += 1
        return found

    async def _answer(self, person: DemoPerson, served: Served) -> None:
        user_id, tip = self._ids[person.number], served.decision
        if self._random.random() < 0.06:
            return  # the page was never looked at
        async with self._db.write_hot() as connection:
            await decisions.mark_seen(connection, user_id, tip.id, self._clock.now())
        local = self._clock.now().astimezone(ZoneInfo(person.zone))
        late = due.days_late(served.entry.task, local) if served.entry.task else None
        said = answer(
            person,
            tip.candidate.kind.value,
            local.hour,
            late or 0,
            says_why=tip.candidate.prompt_version == REASON,
            random=self._random,
        )
        if said.action is None:
            return
        request = ReactionRequest(user_id, tip.id, said.action, said.dwell_ms, f"demo-{tip.id}")
        try:
            await self._reactions.accept(request)
        except OoError:
            return  # somebody was quicker
        self.reactions += 1

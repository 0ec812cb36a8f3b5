"""Serve handles as the ports that the core asks for."""

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any

from deployments.calls import answered, calling
from oo.domain.agents import Listens, Report
from oo.kit import tracing
from oo.kit.clock import Clock
from oo.kit.debounce import Debounce
from oo.kit.errors import Unavailable
from oo.kit.metrics import MODEL_CALLS
from oo.recommend.scoring import Choice, ScoreRequest

log = logging.getLogger(__name__)

CALL_LIMIT_S = 0.5
PER_CALL = 16
LOOK_EVERY_S = 0.25  # at a shard that is away
REFILL_QUIET_S = 0.5  # after a change; several in a row cost one fill
REFILL_AT_MOST_S = 3.0
REFILL_LIMIT_S = 30.0
LATE_RESTS_S = 10.0
REFILL_WRITE_S = 20.0  # what is written by then is kept
WAKE_LIMIT_S = 5.0
WAKE_EVERY_S = 0.25
LISTEN_LIMIT_S = 1.0

Score = Callable[[list[ScoreRequest], str], Awaitable[Sequence[Choice | Exception]]]


def _by_handle(handle: Any) -> Score:
    async def score(batch: list[ScoreRequest], carried: str) -> Sequence[Choice | Exception]:
        choices: Sequence[Choice | Exception] = await answered(handle.score.remote(batch, carried))
        return choices

    return score


class Shards:
    """The bandit shards: a person is sent to the same one where that pays, calls share a hop.

    The address is a matter of locality only: whichever shard a person reaches folds what it lacks,
    and the store's compare-and-set decides whose state is kept. So the people of one that is away
    go to another; nobody's request finds out that it is back, a look at its status does.

    `near` gives what scores in a handle's place, such as a shorter way to the same shard.
    """

    def __init__(self, handles: Sequence[Any], near: Callable[[Any], Score] | None = None) -> None:
        self._handles = handles
        self._scores = [near(it) if near else _by_handle(it) for it in handles]
        self._away: dict[int, asyncio.Task[None]] = {}  # and what waits for each to be back
        self._news: list[dict[str, int]] = [{} for _ in handles]
        self._causes: list[list[tracing.Cause]] = [[] for _ in handles]  # of the news
        self._waking: set[asyncio.Task[None]] = set()

    async def score(self, requests: Sequence[ScoreRequest]) -> Sequence[Choice | Exception]:
        """One pick per request; the error where no shard could be asked in time."""
        if len(self._handles) == 1:
            return await self._score(0, requests)
        by_slot = self._by_slot(requests)
        answers = await asyncio.gather(
            *(
                self._score(slot, [requests[index] for index in indices])
                for slot, indices in by_slot.items()
            )
        )
        merged: dict[int, Choice | Exception] = {}
        for indices, part in zip(by_slot.values(), answers, strict=True):
            merged.update(zip(indices, part, strict=True))
        return [merged[index] for index in range(len(requests))]

    def _by_slot(self, requests: Sequence[ScoreRequest]) -> dict[int, list[int]]:
        """Which requests go where, by index: each person to their own shard, in calls that pay.

        A call costs as much as scoring several people. Calls of fewer than PER_CALL would eat what
        another shard gives, so those few go along with the largest part.
        """
        by_slot: dict[int, list[int]] = {}
        for index, request in enumerate(requests):
            by_slot.setdefault(self._nearest_up(self._slot(request.user_id)), []).append(index)
        largest = max(by_slot, key=lambda slot: (len(by_slot[slot]), -slot))
        for slot in [slot for slot, part in by_slot.items() if len(part) < PER_CALL]:
            if slot != largest:
                by_slot[largest] += by_slot.pop(slot)
        return by_slot

    def _nearest_up(self, slot: int) -> int:
        """The slot, or where it is away the next one that is not; itself where all are."""
        count = len(self._handles)
        slots = ((slot + step) % count for step in range(count))
        return next((it for it in slots if it not in self._away), slot)

    def wake(self, user_id: str, user_seq: int) -> None:
        """Tell the shard of a new reaction; a lost message is found by the sweep."""
        slot = self._slot(user_id)
        news = self._news[slot]
        pending = bool(news)
        news[user_id] = max(user_seq, news.get(user_id, 0))
        self._causes[slot].append(tracing.cause())
        if not pending:
            task = asyncio.create_task(self._wake(slot), context=Context())
            self._waking.add(task)
            task.add_done_callback(self._waking.discard)

    async def status(self) -> str:
        """Under which key the states of the policy in force are stored; raises if one is away."""
        names: list[str] = await asyncio.gather(
            *(answered(it.status.remote()) for it in self._handles)
        )
        return names[0]

    async def pinned(self) -> str | None:
        """The policy that is pinned, as the shard says that `user_config` reaches; None where
        there is none, or it does not say.
        """
        try:
            async with asyncio.timeout(CALL_LIMIT_S):
                found: str | None = await answered(self._handles[0].pin.remote())
                return found
        except Exception as error:
            log.info("whether a policy is pinned cannot be told: %r", error)
            return None

    def _slot(self, user_id: str) -> int:
        return zlib.crc32(user_id.encode()) % len(self._handles)

    async def _score(
        self, slot: int, batch: Sequence[ScoreRequest]
    ) -> Sequence[Choice | Exception]:
        if slot in self._away:
            return [Unavailable("the bandit shard is away")] * len(batch)
        try:
            with calling("BanditShard.score"):
                async with asyncio.timeout(CALL_LIMIT_S):
                    return await self._scores[slot](list(batch), tracing.carried())
        except Exception as error:
            if slot not in self._away:
                self._away[slot] = asyncio.create_task(self._until_back(slot))
            another = self._nearest_up(slot)
            # what failed at once has time for another shard, what took its time has not
            if isinstance(error, TimeoutError) or another in self._away:
                return [error] * len(batch)
            return await self._score(another, batch)

    async def _until_back(self, slot: int) -> None:
        """Ask it how it is until it says so; whoever asks for tips meanwhile goes elsewhere."""
        is_back = False
        while not is_back:
            await asyncio.sleep(LOOK_EVERY_S)
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CALL_LIMIT_S):
                    await answered(self._handles[slot].status.remote())
                    is_back = True
        del self._away[slot]

    async def _wake(self, slot: int) -> None:
        # a decision asks for what it must know by number, so this may take its time
        await asyncio.sleep(WAKE_EVERY_S)
        news, self._news[slot] = self._news[slot], {}
        causes, self._causes[slot] = self._causes[slot], []
        try:
            with tracing.together("wake", causes, tracing.instant()), calling("BanditShard.wake"):
                async with asyncio.timeout(WAKE_LIMIT_S):
                    await answered(self._handles[slot].wake.remote(news, tracing.carried()))
        except Exception as error:
            log.info("a wake-up was lost, the sweep will find it: %r", error)


class GeneratorRefill:
    """Has pools filled by the TipGenerator; refuses at once while its engine is not ready.

    An engine that was not in time for one who waited will not be for the next: for LATE_RESTS_S
    nobody waits for it, and what it writes is for later.
    """

    def __init__(self, handle: Any, clock: Clock) -> None:
        self._handle = handle
        self._clock = clock
        self._late_until = float("-inf")
        self.engine_ready = False
        self._changes = Debounce(self._fill, REFILL_QUIET_S, REFILL_AT_MOST_S, "pool.refill")
        MODEL_CALLS.show()

    async def now(self, user_id: str, within_s: float) -> None:
        """Fill the person's pool; raises Unavailable or TimeoutError."""
        if not self.engine_ready or within_s <= 0:
            raise Unavailable("the tip generator is not ready")
        if self._clock.monotonic() < self._late_until:
            raise Unavailable("the tip generator was late a moment ago")
        MODEL_CALLS.inc()
        try:
            with calling("TipGenerator.fill"):
                async with asyncio.timeout(within_s):
                    call = self._handle.fill.remote(user_id, within_s, tracing.carried())
                    await answered(call)
        except TimeoutError:
            self._late_until = self._clock.monotonic() + LATE_RESTS_S
            raise

    def behind(self, user_id: str) -> None:
        """Fill it when nothing has changed for a moment, soon at the latest."""
        if self.engine_ready:
            self._changes.note(user_id)

    async def _fill(self, user_id: str) -> None:
        try:
            with calling("TipGenerator.fill"):
                async with asyncio.timeout(REFILL_LIMIT_S):
                    call = self._handle.fill.remote(user_id, REFILL_WRITE_S, tracing.carried())
                    await answered(call)
        except Exception as error:
            log.info("a pool was not filled, the job will: %r", error)


class GeneratorListener:
    """Has sub-agents asked where tips are written; in this process where that is away or busy."""

    def __init__(self, handle: Any, otherwise: Listens) -> None:
        self._handle = handle
        self._otherwise = otherwise

    async def listen(self, user_id: str) -> Report:
        """See Listens."""
        try:
            with calling("TipGenerator.listen"):
                async with asyncio.timeout(LISTEN_LIMIT_S):
                    call = self._handle.listen.remote(user_id, tracing.carried())
                    report: Report = await answered(call)
                    return report
        except Exception as error:
            log.info("the sub-agents are asked here, by words alone: %r", error)
            return await self._otherwise.listen(user_id)

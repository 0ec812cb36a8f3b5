"""Coalescing: concurrent calls share one batch, with one batch in flight.

While a batch runs, further calls queue; when it ends they form the next one. Under load the cost
of a hop, a query or a commit is shared by all that wait; a lone call waits for nothing.

Without more, callers that come back as soon as they are answered split into two groups that take
turns, each batch half as large as it could be. So after a batch of several, the next one lingers
for a moment: those just answered can join it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from contextvars import Context
from typing import Generic, NamedTuple, TypeVar

from oo.kit import tracing
from oo.kit.cancellation import is_cancelled

T = TypeVar("T")
R = TypeVar("R")


class _Waiting(NamedTuple, Generic[T, R]):
    item: T
    future: "asyncio.Future[R]"
    cause: tracing.Cause


Take = Callable[[], Sequence[T]]


class Coalescer(Generic[T, R]):
    """Runs `run(take)` over what came together; result i answers item i of those that it took.

    `run` takes its items once it has waited for what it needs. Where processes take turns, such as
    the writers of one file, all that comes until its turn goes with it, and not only what had come
    when it began to wait.

    A result that is an exception fails its own caller only; an exception raised by `run`, or a
    cancellation that comes from inside it, fails the whole batch.

    A caller that is cancelled leaves its item, unless items are `perishable`: then what nobody
    waits for any more is dropped, and when more wait than one batch holds, the newest go first.
    Work for callers that have given up would keep those who ask again waiting until they give up
    too. Newest first: Maurer 2015, "Fail at Scale", ACM Queue 13(8). There `run` takes before it
    waits.

    `name` is what a batch is called in traces; it is nobody's own request, see
    :func:`oo.kit.tracing.together`.
    """

    def __init__(
        self,
        run: Callable[[Take[T]], Awaitable[Sequence[R | Exception]]],
        max_batch: int = 256,
        linger_s: float = 0.0,
        *,
        perishable: bool = False,
        name: str = "batch",
    ) -> None:
        self._name = name
        self._run = run
        self._max_batch = max_batch
        self._linger_s = linger_s
        self._perishable = perishable
        self._queue: list[_Waiting[T, R]] = []
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> R:
        """Put `item` in the next batch and wait for its result."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(item, future, tracing.cause()))
        if self._worker is None:
            # what is done for several has nobody's context: not the first one's trace, nor is it
            # cancelled with their request
            self._worker = asyncio.create_task(self._drain(), context=Context())
        return await future

    async def _drain(self) -> None:
        try:
            while self._queue:
                size = await self._answer()
                if self._linger_s and size > 1:
                    await asyncio.sleep(self._linger_s)
        finally:
            self._worker = None

    def _wanted(self) -> bool:
        """Drop what nobody waits for any more; whether something is left."""
        self._queue = [waiting for waiting in self._queue if not waiting.future.done()]
        return bool(self._queue)

    def _next(self) -> list[_Waiting[T, R]]:
        """The next batch out of the queue."""
        begin = 0
        if self._perishable:
            self._wanted()
            begin = max(0, len(self._queue) - self._max_batch)
        found = self._queue[begin : begin + self._max_batch]
        del self._queue[begin : begin + self._max_batch]
        return found

    async def _answer(self) -> int:
        """Run one batch; how many it answered."""
        if self._perishable and not self._wanted():
            return 0
        with ExitStack() as traced:
            return await self._batch(traced)

    async def _batch(self, traced: ExitStack) -> int:
        batch = list[_Waiting[T, R]]()
        began = tracing.instant()

        def take() -> list[T]:
            batch.extend(self._next())
            causes = [waiting.cause for waiting in batch]
            traced.enter_context(tracing.together(self._name, causes, began))
            return [waiting.item for waiting in batch]

        try:
            results = await self._run(take)
            if not batch or len(results) != len(batch):  # else for ever
                raise RuntimeError(f"{len(results)} results for {len(batch)} items")
        except BaseException as error:
            goes_on = isinstance(error, Exception) or (
                isinstance(error, asyncio.CancelledError) and not is_cancelled()
            )
            failure = error if isinstance(error, Exception) else RuntimeError("batch cancelled")
            if not batch:
                batch.extend(self._next())  # it could not even begin
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(failure)
            if not goes_on:
                raise
            return len(batch)
        for waiting, result in zip(batch, results, strict=True):
            if waiting.future.done():
                continue
            if isinstance(result, Exception):
                waiting.future.set_exception(result)
            else:
                waiting.future.set_result(result)
        return len(batch)

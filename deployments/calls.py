"""Calls on Serve handles, each with an answer or an `Exception`, and what goes along with them."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from oo.kit import tracing
from oo.kit.cancellation import is_cancelled
from oo.kit.errors import Unavailable
from oo.kit.scope import Scope

T = TypeVar("T")
_RPC = {"rpc.system.name": "ray_serve"}


def calling(method: str) -> tracing.Live:
    """The span of a call on a handle; the callee takes :func:`oo.kit.tracing.carried` along."""
    return tracing.span(method, tracing.CLIENT, _RPC)


@contextmanager
def called(method: str, carried: str, user_id: str = "") -> Iterator[None]:
    """A call that another process made for one of its requests, about that person if it is one."""
    with tracing.arrived(carried, method, _RPC):
        request_id = tracing.request_of(carried)
        if request_id or user_id:
            with Scope("", user_id, request_id):
                yield
        else:
            yield


async def answered(call: Awaitable[T]) -> T:
    """What a call on a handle answers; every await on a handle goes through here.

    A replica that ends with calls under way cancels them, and Serve raises that where they are
    awaited. `CancelledError` is no `Exception`: left alone it passes every fallback and ends tasks
    that nobody cancelled. Here it is Unavailable, unless the caller itself was cancelled.
    """
    try:
        return await call
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise Unavailable("the part that was asked ended before it answered") from error

"""Calls on Serve handles, each with an answer or an `Exception`."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from oo.kit.cancellation import is_cancelled
from oo.kit.errors import Unavailable

T = TypeVar("T")


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

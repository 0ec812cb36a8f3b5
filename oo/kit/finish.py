"""Work in a thread cannot be stopped: whoever starts it must see it end."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def finished(work: Awaitable[T]) -> T:
    """Wait for `work` to its end, however often the caller is cancelled; then let it be."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
        except Exception:
            break  # raised again below, where the result is taken
    if cancelled:
        raise asyncio.CancelledError
    return task.result()

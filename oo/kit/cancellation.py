"""Whose cancellation it is: that of the running task, or of something that it awaits."""

import asyncio


def is_cancelled() -> bool:
    """Whether the running task itself was asked to end; else a `CancelledError` came from afar."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0

"""A database server that is gone without a word is noticed.

A machine that lost its power or its network closes nothing: who waits for an answer of it waits for
ever, and a write that is under way for a quarter of an hour. So the kernel asks, and gives up on
what stays silent; a server that is slow, or stands still on a machine that lives, answers to that.
"""

import socket
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

IDLE_S = 10
EVERY_S = 5
TIMES = 3
GIVE_UP_S = IDLE_S + EVERY_S * TIMES  # for what was sent, too


def notice_silence(engine: AsyncEngine) -> None:
    """Have each connection of the pool to PostgreSQL end GIVE_UP_S after the last sign of life."""
    event.listen(engine.sync_engine, "connect", _watch)


def _watch(connection: Any, _record: object) -> None:
    # asyncpg has no option for it and shows its socket to nobody
    own = connection.driver_connection._transport.get_extra_info("socket")
    if own.family == socket.AF_UNIX:
        return
    own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", IDLE_S),
        ("TCP_KEEPINTVL", EVERY_S),
        ("TCP_KEEPCNT", TIMES),
        ("TCP_USER_TIMEOUT", GIVE_UP_S * 1000),
    ):
        option = getattr(socket, name, None)  # not every system has all of them
        if option is not None:
            own.setsockopt(socket.IPPROTO_TCP, option, value)

"""Counts that several processes keep together, in Redis or Valkey.

They may be lost whole: each process goes on by what it counts itself, and nothing of a person is
in them but digests of their ids and addresses, for as long as a window lasts.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

ANSWER_S = 1.0
AWAY = (RedisError, OSError, TimeoutError)  # what an exchange fails with while there is no server


class More(NamedTuple):
    """So many more of something, in the window of `seconds` that began with the first of them."""

    name: str
    more: int
    seconds: float


class Total(NamedTuple):
    """How many all processes counted in the window, and the seconds until it ends."""

    counted: int
    left_s: float


class RedisCounts:
    """Counts in a Redis 7 or a Valkey at `url` (redis://, rediss:// or unix://)."""

    def __init__(self, url: str) -> None:
        """Nothing is connected yet; raises ValueError for what is no such address."""
        self._redis = Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)

    async def add(self, counted: Sequence[More]) -> list[Total]:
        """Add what this process counted: one total for each, in one round trip.

        Where there is nothing it asks all the same; raises one of AWAY without an answer in time.
        """
        if not counted:
            await self._redis.ping()
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for one in counted:
                key = _key(one.name)
                pipe.incrby(key, one.more)
                pipe.pexpire(key, max(int(one.seconds * 1000), 1), nx=True)
                pipe.pttl(key)
            said = await pipe.execute()
        return [
            Total(int(count), max(int(left_ms), 0) / 1000)
            for count, left_ms in zip(said[::3], said[2::3], strict=True)
        ]

    async def close(self) -> None:
        """End the connections."""
        await self._redis.aclose()


def _key(name: str) -> str:
    return f"oo:count:{hashlib.sha256(name.encode()).hexdigest()[:32]}"

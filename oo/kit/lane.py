"""A short way between two processes of one user on one host: calls over a Unix socket.

A frame is its length in four bytes, big-endian, and a pickle. Pickles do whatever they say, so the
socket is for its owner only, and each side looks who is at the other end (`SO_PEERCRED`, unix(7)).
One call is under way on a connection at a time; what was late takes its connection along.
"""

import asyncio
import os
import pickle
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

LENGTH = struct.Struct(">I")
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid
LIMIT = 1 << 24  # bytes of a frame
Answer = Callable[..., Awaitable[Any]]


class NobodyThere(ConnectionError):
    """Nothing listens at the path."""


class LaneEnded(ConnectionError):
    """Who was asked ended before it answered."""


class _Frames(asyncio.Protocol):
    """Whole messages out of a stream of bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        known = cast(asyncio.Transport, transport)
        if _owner_of(known.get_extra_info("socket")) not in (None, os.getuid()):
            known.abort()
            return
        self._transport = known

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        buffer = self._buffer
        buffer += data
        while len(buffer) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(buffer)
            if length > LIMIT:
                self._transport.abort()
                return
            end = LENGTH.size + length
            if len(buffer) < end:
                return
            message = pickle.loads(bytes(buffer[LENGTH.size : end]))  # noqa: S301 - of this user
            del buffer[:end]
            self.received(message)

    def received(self, message: Any) -> None:
        """What came."""
        raise NotImplementedError

    def say(self, message: Any) -> None:
        """Send it, while somebody is there; raises what keeps it from being a pickle."""
        body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(LENGTH.pack(len(body)) + body)


class _Answering(_Frames):
    """The end that is asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()

    def received(self, message: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._say_answer(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _say_answer(self, message: Any) -> None:
        try:
            self.say((True, await self._answer(*message)))
        except Exception as error:
            self.say((False, f"{type(error).__name__}: {error}"))

    def connection_lost(self, error: Exception | None) -> None:
        for task in self._tasks:
            task.cancel()


class _Asking(_Frames):
    """The end that asks."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: asyncio.Future[Any] | None = None
        self.is_open = True

    def received(self, message: Any) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(message)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(LaneEnded("it ended before it answered"))

    def close(self) -> None:
        """Hear no more of it."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()


class Lane:
    """Calls what listens at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._turn = asyncio.Lock()
        self._end: _Asking | None = None

    async def call(self, *message: Any) -> Any:
        """What is answered to `message`.

        Raises NobodyThere, LaneEnded, and RuntimeError with what went wrong there. A call that is
        cancelled leaves nothing behind that the next could hear.
        """
        async with self._turn:
            end = self._end
            if end is None or not end.is_open:
                end = self._end = await self._connected()
            end.answer = asyncio.get_running_loop().create_future()
            try:
                end.say(message)
                is_well, answer = await end.answer
            except BaseException:
                end.close()
                raise
            if not is_well:
                raise RuntimeError(answer)
            return answer

    async def _connected(self) -> _Asking:
        loop = asyncio.get_running_loop()
        try:
            _, end = await loop.create_unix_connection(_Asking, self._path)
        except OSError as error:
            raise NobodyThere(str(error)) from error
        return end


async def listen(path: Path, answer: Answer) -> asyncio.Server:
    """Answer at `path` what `answer` says to the parts of each message, instead of who did before.

    Whoever is connected to another process that listened there stays with it.
    """
    loop = asyncio.get_running_loop()
    own = path.with_name(f"{path.name}.{os.getpid()}")
    own.unlink(missing_ok=True)
    server = await loop.create_unix_server(lambda: _Answering(answer), str(own))
    own.chmod(0o600)
    own.rename(path)  # no moment without a socket where one was
    return server


def _owner_of(end: socket.socket) -> int | None:
    """The user at the other end; None where the system does not tell."""
    with suppress(AttributeError, OSError):
        credentials = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        return int(CREDENTIALS.unpack(credentials)[1])
    return None

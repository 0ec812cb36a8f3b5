"""A TCP proxy on loopback that delays, goes silent, resets, and cuts connections at a COMMIT."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

CHUNK = 65_536
COMMIT = b"COMMIT"  # as asyncpg sends it, a message of its own
RST = struct.pack("ii", 1, 0)  # SO_LINGER: closing drops what waits and tells so


class Cut(StrEnum):
    """When a connection is reset that carries a COMMIT."""

    BEFORE = "before"  # the server never hears of it
    AFTER = "after"  # the server has committed, and nobody is told


@dataclass(eq=False)
class Link:
    """One client's connection and its connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    up_reader: asyncio.StreamReader
    up_writer: asyncio.StreamWriter
    is_silent: bool = False  # bytes are taken and go nowhere
    is_cut_after: bool = False  # the server's next answer is dropped, and so is the client

    def reset(self) -> None:
        """Drop both ends at once."""
        for writer in (self.writer, self.up_writer):
            own = writer.get_extra_info("socket")
            with suppress(OSError):
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            writer.transport.abort()


@dataclass(eq=False)
class Proxy:
    """Where it listens, and what it does to what passes; change it at any time."""

    target: int  # the server's port
    port: int = 0
    delay_s: float = 0.0  # of each chunk, each way
    cuts: list[Cut] = field(default_factory=list)  # for the next COMMITs, one each
    done: int = 0  # cuts that were made
    links: set[Link] = field(default_factory=set)

    def silence(self) -> int:
        """From now on nothing passes on the connections that there are, nor do they end."""
        for link in self.links:
            link.is_silent = True
        return len(self.links)

    def reset(self) -> int:
        """Reset all connections; how many."""
        found = list(self.links)
        for link in found:
            link.reset()
        return len(found)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(reader, writer, *up)
        self.links.add(link)
        try:
            ways = [
                asyncio.create_task(self._up(link)),
                asyncio.create_task(self._down(link)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self.links.discard(link)
            for one in (writer, link.up_writer):
                one.close()

    async def _up(self, link: Link) -> None:
        while chunk := await link.reader.read(CHUNK):
            if self.cuts and COMMIT in chunk:
                self.done += 1
                if self.cuts.pop(0) is Cut.BEFORE:
                    link.reset()
                    return
                link.is_cut_after = True
            await self._pass(link, link.up_writer, chunk)

    async def _down(self, link: Link) -> None:
        while chunk := await link.up_reader.read(CHUNK):
            if link.is_cut_after:
                link.reset()
                return
            await self._pass(link, link.writer, chunk)

    async def _pass(self, link: Link, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if not link.is_silent:
            writer.write(chunk)
            await writer.drain()


@asynccontextmanager
async def proxy(target: int) -> AsyncIterator[Proxy]:
    """A proxy to that port of this machine, on a free port."""
    made = Proxy(target)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.reset()
        await asyncio.sleep(0)

"""A real nats-server with JetStream on loopback: killed, wiped and started anew at will."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
from nats.js.errors import NotFoundError

from tests.peers.serving import ServerPeer

SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")


class NatsPeer(ServerPeer):
    """The server: where it is, and what its streams hold."""

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it on its port, with what its folder holds."""
        assert SERVER is not None, "needs Debian's nats-server"
        self.process = subprocess.Popen(
            [SERVER, "-js", "-sd", str(self.folder), "-a", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wipe(self) -> None:
        """Lose all that it stored."""
        shutil.rmtree(self.folder, ignore_errors=True)

    async def ready(self) -> None:
        """Return when it answers."""
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        raise RuntimeError("nats-server did not start")

    async def held(self, stream: str) -> "list[tuple[str, dict[str, str], bytes]]":
        """Subject, headers and body of each message of the stream, in its order."""
        client = await nats.connect(self.url, allow_reconnect=False)
        try:
            js = client.jetstream()
            try:
                state = (await js.stream_info(stream)).state
            except NotFoundError:
                return []
            found = []
            if state.messages:
                reader = await js.subscribe(f"{stream}.>", stream=stream, ordered_consumer=True)
                for _ in range(state.messages):
                    message = await reader.next_msg(timeout=10)
                    found.append((message.subject, dict(message.headers or {}), message.data))
            return found
        finally:
            await client.close()


@contextmanager
def nats_server(folder: Path) -> Iterator[NatsPeer]:
    """A running server that keeps its streams in `folder`."""
    peer = NatsPeer(folder)
    peer.start()
    try:
        yield peer
    finally:
        peer.kill()

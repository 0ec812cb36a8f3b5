"""A real Redis or Valkey on loopback: killed, frozen, wiped and started anew at will."""

import shutil
import signal
import subprocess
import time

from redis import Redis
from redis.exceptions import RedisError

from tests.peers.serving import ServerPeer

SERVER = shutil.which("valkey-server") or shutil.which("redis-server")


class RedisPeer(ServerPeer):
    """The server, with nothing on the disk."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it on its port, empty, and return when it answers."""
        assert SERVER is not None, "needs Debian's valkey-server or redis-server"
        self.process = subprocess.Popen(
            [SERVER, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        with Redis(port=self.port) as client:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    client.ping()
                except RedisError:
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError("Redis did not start")

    def freeze(self) -> None:
        """It is there and answers nothing, until :meth:`kill`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def keys(self) -> dict[bytes, int]:
        """All that it holds, with the milliseconds until it is dropped."""
        with Redis(port=self.port) as client:
            return {key: int(client.pttl(key)) for key in client.scan_iter()}

    def wipe(self) -> None:
        """Lose all that it holds."""
        with Redis(port=self.port) as client:
            client.flushall()

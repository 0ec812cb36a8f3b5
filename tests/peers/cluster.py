"""Several Ray nodes on this machine, each a host of its own as far as one machine goes.

A node gets the environment that `cluster.yaml` gives a host, by running the very commands of that
file in a home of its own; what one machine cannot have twice, its ports, is given besides.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
OBJECT_STORE_BYTES = 100 * 1024**2
UP_WITHIN_S = 90.0
STARTED = "Ray runtime started."
NODE_PORTS = 200  # of a node: twenty of its own, then those of replicas, HTTP and gRPC
REPLICA_PORTS = 90
MOST_NODES = 5
TRIES = 6  # a raylet gives its agents 15 s to start, which may be short on a busy machine
SECRET_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def free_ranges(count: int) -> Iterator[int]:
    """Starts of ranges of NODE_PORTS below the ephemeral ones, in which nothing listens now."""
    found = 0
    for low in range(12_000, 32_000, NODE_PORTS):
        if found < count and all(_is_free(low + it) for it in range(NODE_PORTS)):
            found += 1
            yield low


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@dataclass
class Node:
    """One host: its home, its environment, and the process that keeps its Ray daemons."""

    name: str
    home: Path
    environment: dict[str, str]
    port: int  # of its proxy
    arguments: list[str]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start its Ray node, and return when its daemons run."""
        for _ in range(TRIES):
            if self._starts():
                return
            self.kill()
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")

    @property
    def log(self) -> Path:
        """What its Ray node says."""
        return self.home / "ray.log"

    def _starts(self) -> bool:
        command = ["-m", "tests.peers.ray_on_loopback", "start", "--block", *self.arguments]
        before = self.log.read_text().count(STARTED) if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + UP_WITHIN_S
        while time.monotonic() < end and self.process.poll() is None:
            if self.log.read_text(errors="replace").count(STARTED) > before:
                return True
            time.sleep(0.1)
        return False

    def processes(self) -> list[psutil.Process]:
        """All that run in its environment."""
        return [it for it in psutil.process_iter() if self._is_mine(it)]

    def replicas(self, deployment: str) -> list[psutil.Process]:
        """Its replicas of a deployment of `oo`."""
        wanted = f"ray::ServeReplica:oo:{deployment}"
        found = []
        for it in self.processes():
            with contextlib.suppress(psutil.Error):
                title = " ".join(it.cmdline()).strip()
                if title == wanted:
                    found.append(it)
        return found

    def kill(self) -> None:
        """The host is gone from one moment to the next: kill -9 of all that runs on it."""
        for _ in range(3):
            victims = self.processes()
            for one in victims:  # first none may notice that others end
                with contextlib.suppress(psutil.Error):
                    one.suspend()
            for one in victims:
                with contextlib.suppress(psutil.Error):
                    one.kill()
        if self.process is not None:
            self.process.wait(10)
        self.process = None

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("HOME") == str(self.home)
        except psutil.Error:
            return False


@dataclass
class Cluster:
    """A head and workers on one store; workers are added and killed at will."""

    folder: Path
    settings: Mapping[str, str]  # as `cluster.env` has them: OO_…
    redis: str  # host:port
    besides: Mapping[str, str] = field(default_factory=dict)  # that `cluster.yaml` has otherwise
    nodes: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.token = secrets.token_hex(32)
        self.ranges = list(free_ranges(MOST_NODES))
        self.gcs = self.ranges[0]
        self.script = environment_commands()

    @property
    def address(self) -> str:
        """Where the control store listens."""
        return f"{LOOPBACK}:{self.gcs}"

    def add(self, name: str, cpus: int) -> Node:
        """A node with so many logical CPUs, started; the first one is the head."""
        is_head = not self.nodes
        home = self.folder / name
        low = self.ranges[len(self.nodes)] + 1  # before it, the control store's
        own = list(range(low, low + 10))
        environment = self._environment(home, own)
        where = ["--head", f"--port={self.gcs}", "--include-dashboard=false"]
        where += [f"--ray-client-server-port={own[9]}", f"--temp-dir={self.folder / 'ray'}"]
        node = Node(
            name,
            home,
            environment,
            own[0],
            [
                *(where if is_head else [f"--address={self.address}"]),
                f"--node-ip-address={LOOPBACK}",
                f"--num-cpus={cpus}",
                f"--object-store-memory={OBJECT_STORE_BYTES}",
                f"--dashboard-agent-listen-port={own[5]}",
                f"--dashboard-agent-grpc-port={own[6]}",
                f"--metrics-export-port={own[7]}",
                f"--runtime-env-agent-port={own[8]}",
                "--min-worker-port=0",
                "--max-worker-port=0",
                "--disable-usage-stats",
                "--include-log-monitor=false",
            ],
        )
        self.nodes[name] = node
        node.start()
        return node

    def run(self, node: Node, *arguments: str, limit_s: float = 180) -> str:
        """What `oo ARGUMENTS` prints on a node."""
        done = subprocess.run(
            [sys.executable, "-m", "oo.cli.main", *arguments],
            cwd=ROOT,
            env={**node.environment, "RAY_ADDRESS": self.address},
            capture_output=True,
            text=True,
            timeout=limit_s,
        )
        if done.returncode:
            raise RuntimeError(f"oo {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def said(self) -> str:
        """The end of what each node said."""
        logs = [it.log for it in self.nodes.values() if it.log.exists()]
        return "\n".join(it.read_text(errors="replace")[-1500:] for it in logs)

    def close(self) -> None:
        """End all nodes."""
        for node in self.nodes.values():
            node.kill()

    def _environment(self, home: Path, own: list[int]) -> dict[str, str]:
        """As the commands of `cluster.yaml` make it, in a home of its own."""
        private = home / ".oo"
        private.mkdir(parents=True)
        (home / ".bashrc").touch()
        lines = [f"{name}='{value}'" for name, value in self.settings.items()]
        (private / "cluster.env").write_text("\n".join(lines) + "\n")
        (private / "ray.token").write_text(self.token)
        (home / "oo").symlink_to(ROOT)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OO_", "RAY_", "PYTHONDONTWRITE"))
        }
        shell = {**inherited, "HOME": str(home)}
        subprocess.run(["bash", "-ec", self.script], env=shell, check=True, cwd=home)
        made = subprocess.run(
            ["bash", "-c", ". ~/.oo/environment.sh; env -0"],
            env=shell,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        found = dict(line.split("=", 1) for line in made.split("\0") if "=" in line)
        low = own[-1] + 10
        return {
            **found,
            "PYTHONPATH": str(ROOT),
            # the sign-in links of scripts are for loopback
            "OO_HOST": LOOPBACK,
            # the control store outlives the head
            "RAY_REDIS_ADDRESS": self.redis,
            "RAY_external_storage_namespace": "oo-nodes",
            # all its nodes start on one machine, which may be busy
            "RAY_agent_register_timeout_ms": str(int(1000 * UP_WITHIN_S)),
            # one machine: loopback, and ports that no other node has
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_SERVE_WORKER_PROXY_HTTP_PORT": str(own[0]),
            "RAY_SERVE_HAPROXY_STATS_PORT": str(own[1]),
            "RAY_SERVE_HAPROXY_METRICS_PORT": str(own[2]),
            "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(own[3]),
            "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT": str(own[4]),
            "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(low),
            "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(low + REPLICA_PORTS - 1),
            "RAY_SERVE_DIRECT_INGRESS_MIN_GRPC_PORT": str(low + REPLICA_PORTS),
            "RAY_SERVE_DIRECT_INGRESS_MAX_GRPC_PORT": str(low + 2 * REPLICA_PORTS - 1),
            **self.besides,
        }


def environment_commands() -> str:
    """The commands of `cluster.yaml` that give a host its environment."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    (found,) = [it for it in content["setup_commands"] if "environment.sh" in it]
    return str(found)


@contextlib.contextmanager
def cluster(
    settings: Mapping[str, str], redis: str, besides: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """A cluster without nodes, in a folder whose path is short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="oo", dir="/tmp"))
    made = Cluster(folder, settings, redis, besides or {})
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)

"""`python -m tests.bench.between`: calls between replicas of several hosts, by Ray and by gRPC.

Two clusters of a head and two workers on this machine, as `cluster.yaml` makes them, one with
RAY_SERVE_USE_GRPC_BY_DEFAULT=0 and one with 1, each on a PostgreSQL database of its own. Both are
up all the time and are asked for tips by turns, so that the machine's slow phases meet both.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from oo.kit.settings import Settings
from oo.vault.service import Vault
from tests.bench.load import lines_of, picked_at_random, wrk
from tests.bench.noticed import BEHIND, WAITED_FOR, say, wait_until_ready
from tests.bench.seed import seed
from tests.peers.cluster import ROOT, SECRET_KEY, Cluster, Node, cluster
from tests.peers.postgres import new_database, postgres
from tests.peers.redis import RedisPeer
from tests.peers.serving import free_port

WAYS = {"by Ray": "0", "by gRPC": "1"}
PEOPLE = 64
CPUS = 8
START_WITHIN_S = 300.0
REPLICAS = ("Ingress", "BanditShard", "BanditShard-2")


@dataclass
class Side:
    """One of the two clusters, and what it was measured to do."""

    nodes: Cluster
    workers: list[Node]
    address: str
    lines: Path
    measured: dict[int, list[dict[str, Any]]] = field(default_factory=dict)  # by connections

    def ask(self, connections: int, seconds: int) -> None:
        """Ask for tips for that long."""
        before, chance = self._cpu_s(), self._chance()
        found = wrk(self.workers[0].port, "recommend", self.lines, 0, connections, seconds)
        found["cpu_us"] = 1e6 * (self._cpu_s() - before) / max(1, found["requests"])
        found["by_chance"] = self._chance() - chance
        self.measured.setdefault(connections, []).append(found)

    def _chance(self) -> int:
        return picked_at_random(Path(), self.address)

    def _cpu_s(self) -> float:
        """Of the replicas that tips are made in."""
        total = 0.0
        for replica in (
            it for node in self.workers for name in REPLICAS for it in node.replicas(name)
        ):
            with contextlib.suppress(psutil.Error):
                times = replica.cpu_times()
                total += times.user + times.system
        return total


def main() -> int:
    """Print both side by side."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.between", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=4, help="per measurement")
    parser.add_argument("--connections", default="1,16")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    told = parser.parse_args()
    counts = [int(it) for it in told.connections.split(",")]
    with (
        tempfile.TemporaryDirectory(prefix="oo-between-") as name,
        postgres() as url,
        contextlib.ExitStack() as stack,
    ):
        sides = {
            way: stack.enter_context(started(Path(name) / value, url, value))
            for way, value in WAYS.items()
        }
        for number in range(told.rounds + 1):
            say(f"round {number}" if number else "warming")
            # who is asked first changes from round to round
            for way in sorted(sides, reverse=bool(number % 2)):
                for connections in counts:
                    sides[way].ask(connections, told.seconds)
            if not number:
                for side in sides.values():
                    side.measured.clear()
    figures = {way: side.measured for way, side in sides.items()}
    print_all(figures, counts)
    if told.json:
        told.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


@contextlib.contextmanager
def started(folder: Path, server: str, by_grpc: str) -> Iterator[Side]:
    """A cluster that is ready to be asked, on a database of its own."""
    folder.mkdir()
    address = asyncio.run(new_database(server))
    redis = RedisPeer(folder)
    redis.start()
    keys = {"bench": SECRET_KEY}
    settings = {
        "OO_PROFILE": "dev",
        "OO_DATABASE_URL": address,
        "OO_MASTER_KEYS": json.dumps(keys),
    }
    besides = {"RAY_SERVE_USE_GRPC_BY_DEFAULT": by_grpc}
    try:
        with cluster(settings, f"127.0.0.1:{redis.port}", besides) as nodes:
            say(f"a head and two workers start, gRPC between replicas: {by_grpc}")
            head = nodes.add("head", 0)
            workers = [nodes.add("a", CPUS), nodes.add("b", CPUS)]
            vault = Vault.of(Settings(data_dir=folder, master_keys=keys))
            seeded = asyncio.run(seed(folder, PEOPLE, PEOPLE, vault, address))
            nodes.run(head, "deploy", str(configured(folder)))
            ports = [it.port for it in workers]
            wait_until_ready(ports, START_WITHIN_S, parts=WAITED_FOR | BEHIND, at_least=1)
            yield Side(nodes, workers, address, lines_of(folder / "lines", "recommend", seeded))
    finally:
        redis.kill()


def configured(folder: Path) -> Path:
    """The shipped configuration with an ingress and two shards, and without the engine."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
    content["applications"] = [it for it in content["applications"] if it["name"] == "oo"]
    content["applications"][0]["args"] = {"ingress": {"replicas": 1}, "shards": {"replicas": 2}}
    content["http_options"] = {"host": "127.0.0.1", "port": free_port()}
    file = folder / "serve.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def print_all(figures: dict[str, dict[int, list[dict[str, Any]]]], counts: Sequence[int]) -> None:
    """As docs/production.md has it: the median of the rounds, and the ratios of each."""
    lines = [
        "| Connections | Calls | Requests/s | p50 ms | p99 ms | CPU µs of ingress and shards"
        " | By chance | Not 2xx | Requests/s to by Ray, each round |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for count in counts:
        base = [_rate(it) for it in figures["by Ray"][count]]
        for way, measured in figures.items():
            found = measured[count]
            ratios = [_rate(it) / to for it, to in zip(found, base, strict=True)]
            middle = {
                key: statistics.median(it[key] for it in found)
                for key in ("p50_ms", "p99_ms", "cpu_us")
            }
            spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            lines.append(
                f"| {count} | {way} | {statistics.median(map(_rate, found)):.0f}"
                f" | {middle['p50_ms']:.1f} | {middle['p99_ms']:.1f} | {middle['cpu_us']:.0f}"
                f" | {sum(it['by_chance'] for it in found)}"
                f" | {sum(it['not_2xx'] + it['broken'] for it in found)} | {spread} |"
            )
    sys.stdout.write("\n".join(lines) + "\n")


def _rate(found: dict[str, Any]) -> float:
    return float(found["requests"]) / float(found["seconds"])


if __name__ == "__main__":
    sys.exit(main())

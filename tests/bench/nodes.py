"""`python -m tests.bench.nodes`: oO on a head and two workers, while nodes die and come.

Each node is a Ray node of its own on this machine, with the environment that `cluster.yaml` gives a
host; PostgreSQL is the store, Redis keeps Ray's control store, a load balancer is in front. While
20 requests a second go on, tips and reactions in turn, a worker is killed, another one added, the
head killed and started again, and the application deployed anew. The engine is left out: composed
tips serve.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.bench.noticed import (
    BACK_WITHIN_S,
    BEHIND,
    QUIET_S,
    WAITED_FOR,
    Checked,
    Phase,
    Ready,
    check,
    hand_in,
    phase,
    print_all,
    say,
    wait_until_ready,
)
from tests.faults.steady import Steady
from tests.peers.balancer import Balancer, balancer
from tests.peers.cluster import ROOT, SECRET_KEY, Cluster, Node, cluster
from tests.peers.postgres import postgres
from tests.peers.redis import RedisPeer
from tests.peers.serving import free_port

WORDS = {
    "calm": "nothing happens",
    "kill": "a worker is killed",
    "add": "a worker is added",
    "head": "the head is killed, and started again",
    "config": "oo deploy, another user_config",
    "roll": "oo deploy, other args: all replicas anew",
}
ENOUGH = {"kill": 0.999}  # which part of the requests must be answered at once; all of the others
PEOPLE = 12
INGRESSES = 2
CALM_S = 15.0
HEAD_AWAY_S = 10.0
START_WITHIN_S = 300.0
CPUS = 8


def main() -> int:
    """Run the phases, print the table; 1 when a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nodes", description=__doc__)
    parser.add_argument("--phases", default=",".join(WORDS), help="of these, in this order")
    parser.add_argument("--rate", type=float, default=20.0, help="requests per second")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    told = parser.parse_args()
    chosen = told.phases.split(",")
    if unknown := set(chosen) - set(WORDS):
        parser.error(f"there is no phase {', '.join(sorted(unknown))}")
    phases, checked = run(chosen, told.rate, say)
    print_all(phases, checked, told.json)
    return 0 if are_kept(phases, checked) else 1


def are_kept(phases: Sequence[Phase], checked: Checked) -> bool:
    """Whether all that was promised held."""
    is_whole = checked.is_whole and " 0 behind" in checked.replay
    return is_whole and all(it.answered >= ENOUGH.get(it.name, 1.0) for it in phases)


def run(
    chosen: Sequence[str], rate: float, tell: Callable[[str], None]
) -> tuple[list[Phase], Checked]:
    """The phases one after the other, and what the store says after them."""
    with several(tell) as system:
        load = Steady(system.front.url, system.cookies, rate)
        phases: list[Phase] = []
        with load.kept():
            for name in chosen:
                try:
                    phases.append(system.phase(name, load))
                except Exception:
                    tell(f"{name} failed: {system.nodes.said()}")
                    raise
        tell("oo replay --check")
        replay = ("replay", "--check")
        return phases, check(system.url, load, lambda: system.nodes.run(system.head, *replay))


@contextlib.contextmanager
def several(tell: Callable[[str], None]) -> Iterator["System"]:
    """The whole system, with people who have lists, ready to be asked."""
    with tempfile.TemporaryDirectory(prefix="oo-nodes-") as name, postgres() as url:
        redis = RedisPeer(Path(name))
        redis.start()
        settings = {
            "OO_PROFILE": "dev",
            "OO_DATABASE_URL": url,
            "OO_MASTER_KEYS": json.dumps({"bench": SECRET_KEY}),
        }
        try:
            with cluster(settings, f"127.0.0.1:{redis.port}") as nodes:
                tell("a head and two workers start")
                head = nodes.add("head", 0)
                workers = [nodes.add("a", CPUS), nodes.add("b", CPUS)]
                tell("oo migrate, oo deploy")
                nodes.run(head, "migrate")
                with balancer(Path(name), {it.name: it.port for it in workers}) as front:
                    system = System(nodes, front, url, tell, workers)
                    system.begin()
                    yield system
        finally:
            redis.kill()


class System:
    """oO on its nodes, and what happens to them."""

    def __init__(
        self,
        nodes: Cluster,
        front: Balancer,
        url: str,
        tell: Callable[[str], None],
        workers: list[Node],
    ) -> None:
        self.nodes, self.front, self.url, self.tell = nodes, front, url, tell
        self.head = nodes.nodes["head"]
        self.workers = workers
        self.port = free_port()  # of the head's own proxy
        self.cookies: list[str] = []
        self._deployed = 0

    def begin(self) -> None:
        """Deploy, wait until every part is ready, and let people in."""
        self.deploy()
        wait_until_ready(self._ports(), START_WITHIN_S, parts=WAITED_FOR | BEHIND)
        self.tell(f"{PEOPLE} people hand in their lists")
        emails = [f"person{number}@test.test" for number in range(PEOPLE)]
        self.cookies = self.nodes.run(self.head, "user", "session", *emails).split()
        hand_in(self.front.url, self.cookies)

    def deploy(
        self, args: dict[str, Any] | None = None, user_config: dict[str, Any] | None = None
    ) -> None:
        """`oo deploy` of the shipped configuration, for two hosts and without the engine."""
        content: dict[str, Any] = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
        (application,) = [it for it in content["applications"] if it["name"] == "oo"]
        application["args"] = {
            "ingress": {"replicas": INGRESSES, "per_node": 1},
            "shards": {"replicas": 2},
            **(args or {}),
        }
        (ingress,) = [it for it in application["deployments"] if it["name"] == "Ingress"]
        ingress["user_config"] = user_config or {}
        content["applications"] = [application]
        content["http_options"] = {"host": "127.0.0.1", "port": self.port}
        self._deployed += 1
        file = self.nodes.folder / f"serve-{self._deployed}.yaml"
        file.write_text(yaml.safe_dump(content))
        self.nodes.run(self.head, "deploy", str(file))

    def phase(self, name: str, load: Steady) -> Phase:
        """Have it happen while people ask, and say what they noticed."""
        return phase(
            name,
            WORDS[name],
            load,
            getattr(self, f"_{name}"),
            self._until_ready,
            self.tell,
        )

    def _until_ready(self, since: float) -> Ready:
        ingresses = min(INGRESSES, len(self.workers))
        return wait_until_ready(self._ports(), BACK_WITHIN_S, since, at_least=ingresses)

    def _ports(self) -> list[int]:
        return [it.port for it in self.workers]

    def _calm(self) -> None:
        time.sleep(CALM_S)

    def _kill(self) -> None:
        self.workers.pop(0).kill()

    def _add(self) -> None:
        self.workers.append(self.nodes.add("c", CPUS))
        self.front.take({it.name: it.port for it in self.workers})

    def _head(self) -> None:
        self.head.kill()
        time.sleep(HEAD_AWAY_S)
        self.head.start()

    def _config(self) -> None:
        self.deploy(user_config={"deadline_s": 1.9})
        time.sleep(QUIET_S)

    def _roll(self) -> None:
        before = self._ingresses()
        changed = {"ingress": {"replicas": INGRESSES, "per_node": 1, "max_ongoing": 999}}
        self.deploy(args=changed, user_config={"deadline_s": 1.9})
        end = time.monotonic() + BACK_WITHIN_S
        while not before or before & self._ingresses():
            if time.monotonic() > end:
                raise RuntimeError(f"ingresses of before: {before}, now: {self._ingresses()}")
            time.sleep(2)  # a look at every process costs what people would notice

    def _ingresses(self) -> set[int]:
        return {it.pid for node in self.workers for it in node.replicas("Ingress")}


if __name__ == "__main__":
    sys.exit(main())

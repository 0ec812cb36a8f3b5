"""`python -m tests.bench.migrating`: a release takes over from the one before, under load.

The code of before is taken from git, by default that of before the newest migration, and serves the
frozen store of 0.1.0, brought to its own shape, with people who ask 20 times a second. Then the new
code, that of the last commit here, migrates the store beside it. How it goes on says `--way`:

- `in-place`: the new code takes the place of the old one in its folder, `oo deploy --anew` replaces
  what runs, and last `oo serve` is ended and started again;
- `beside`, on PostgreSQL alone: the new release starts beside the old one, to which it gives way,
  both serve behind a load balancer, and the old one ends.

The engine is left out: composed tips serve.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from oo.store.database import Database
from tests.bench.code import ROOT, Code, before_newest_migration, checked_out, git
from tests.bench.noticed import (
    BACK_WITHIN_S,
    BEHIND,
    QUIET_S,
    WAITED_FOR,
    Checked,
    Phase,
    Ready,
    by_chance,
    check,
    hand_in,
    phase,
    print_all,
    say,
    wait_until_ready,
)
from tests.faults.steady import Steady
from tests.peers import releases
from tests.peers.balancer import balancer
from tests.peers.postgres import postgres
from tests.peers.serving import free_port
from tests.peers.tables import SQLITE

RELEASE = "0.1.0"
PEOPLE = 12
START_WITHIN_S = 240.0
WAYS = ("in-place", "beside")
STORES = ("sqlite", "postgres")
GIVING_WAY = ("--give-way",)
RESTART = "restart"  # the one phase in which requests may fail


@dataclass
class Upgrade:
    """The old oO, which runs, and all that is known of the new one."""

    old: Code
    folder: Path
    load: Steady
    old_one: contextlib.ExitStack
    new_one: contextlib.ExitStack
    phases: list[Phase] = field(default_factory=list)

    def phase(self, name: str, words: str, happens: Callable[[], object], *ports: int) -> None:
        """Have it happen while people ask; then oO at these ports is to be ready."""

        def ready(since: float) -> Ready:
            return wait_until_ready(ports, BACK_WITHIN_S + START_WITHIN_S, since)

        def happening() -> None:
            if said := happens():
                say(str(said))

        self.phases.append(phase(name, words, self.load, happening, ready))
        say(f"  {asyncio.run(by_chance(self.old.url))} tips by chance until now")


def main() -> int:
    """Let one release take over from another, print the table; 1 when a request failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.migrating", description=__doc__)
    parser.add_argument("--before", default="", help="the git revision of the code of before")
    parser.add_argument("--way", choices=WAYS, default=WAYS[0])
    parser.add_argument("--store", choices=STORES, default=STORES[0], help="for in-place")
    parser.add_argument(
        "--at-once", action="store_true", help="for beside: the new one does not give way"
    )
    parser.add_argument("--rate", type=float, default=20.0, help="requests per second")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    told = parser.parse_args()
    before = told.before or before_newest_migration()
    phases, checked = run(
        before, told.rate, told.way, told.store, () if told.at_once else GIVING_WAY
    )
    print_all(phases, checked, told.json)
    return 0 if is_kept(phases, checked) else 1


def is_kept(phases: Sequence[Phase], checked: Checked) -> bool:
    """Whether nothing is missing, and no request failed but while oO was away."""
    return checked.is_whole and not any(it.failed for it in phases if it.name != RESTART)


def run(
    before: str, rate: float, way: str, store: str, options: Sequence[str] = GIVING_WAY
) -> tuple[list[Phase], Checked]:
    """The phases, and what the store says after them."""
    with (
        tempfile.TemporaryDirectory(prefix="oo", dir="/tmp") as name,
        checked_out(before, Path(name) / "before") as folder,
        kept_by(store if way == "in-place" else "postgres", Path(name)) as url,
        contextlib.ExitStack() as old_one,
        contextlib.ExitStack() as new_one,
    ):
        old = Code(folder, Path(name) / "o", free_port(), url)
        say(f"the frozen store of {RELEASE}, in the shape of {before[:12]}")
        asyncio.run(put_frozen(url))
        old.run("migrate")
        say("the code of before starts")
        old_one.enter_context(old.served())
        wait_until_ready([old.port], START_WITHIN_S, parts=WAITED_FOR | BEHIND)
        emails = [f"person{number}@test.test" for number in range(PEOPLE)]
        cookies = old.run("user", "session", *emails).split()
        hand_in(f"http://127.0.0.1:{old.port}", cookies)
        load = Steady(f"http://127.0.0.1:{old.port}", cookies, rate)
        upgrade = Upgrade(old, Path(name), load, old_one, new_one)
        last = in_place(upgrade) if way == "in-place" else beside(upgrade, options)
        say("oo replay --check --decisions")
        replay = ("replay", "--check", "--decisions")
        # models of policies that serve nobody any more stay where they were
        return upgrade.phases, check(url, load, lambda: last.run(*replay), within_s=0.0)


def in_place(it: Upgrade) -> Code:
    """The new code in the folder of the old one, whose oO goes over to it."""
    new = Code(ROOT, it.old.data, it.old.port, it.old.url)

    def put() -> str:
        git("-C", str(it.old.folder), "checkout", "--detach", git("rev-parse", "HEAD"))
        before = it.old.replicas()
        said = it.old.run("deploy", "--anew", str(it.old.config()))
        if left := before & it.old.replicas():
            raise RuntimeError(f"of the code of before: {left}")
        return said

    def start_again() -> None:
        it.old_one.close()
        it.new_one.enter_context(it.old.served())

    with it.load.kept():
        it.phase("calm", "nothing happens", lambda: None, it.old.port)
        it.phase("migrate", "oo migrate of the new release", lambda: new.run("migrate"), new.port)
        it.phase("anew", "its code takes the place, oo deploy --anew", put, it.old.port)
        it.phase(RESTART, "oo serve ends and starts again", start_again, it.old.port)
    return it.old


def beside(it: Upgrade, options: Sequence[str]) -> Code:
    """The new release beside the old one, started with these options, then in its place."""
    new = Code(ROOT, it.folder / "n", free_port(), it.old.url)
    with balancer(it.folder, {"before": it.old.port}) as front:
        it.load.url = front.url

        def start() -> None:
            it.new_one.enter_context(new.served(*options))

        def end() -> None:
            front.take({"after": new.port})
            time.sleep(QUIET_S)  # what the old one has is answered first
            it.old_one.close()

        def both() -> None:
            front.take({"before": it.old.port, "after": new.port})

        with it.load.kept():
            one, two = (it.old.port,), (it.old.port, new.port)
            it.phase("calm", "nothing happens", lambda: None, *one)
            it.phase("migrate", "oo migrate of the new release", lambda: new.run("migrate"), *one)
            it.phase("start", "the new release starts beside", start, *two)
            it.phase("both", "both serve", both, *two)
            it.phase("end", "the old one ends", end, new.port)
    return new


@contextlib.contextmanager
def kept_by(store: str, folder: Path) -> Iterator[str]:
    """The address of an empty store."""
    if store == "sqlite":
        (folder / "o").mkdir(mode=0o700)
        yield f"{SQLITE}{folder / 'o' / 'oo.db'}"
        return
    with postgres() as url:
        yield url


async def put_frozen(url: str) -> None:
    """The rows of the release in a store of their own shape; the code of before brings it on."""
    db = Database(url)
    try:
        await releases.put(db, releases.load(RELEASE))
    finally:
        await db.close()


if __name__ == "__main__":
    sys.exit(main())

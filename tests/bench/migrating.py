"""`python -m tests.bench.migrating`: a release takes over from the one before, under load.

The code of before is taken from git, by default that of before the newest migration, and serves the
frozen store of 0.1.0 from PostgreSQL, brought to its own shape, with people who ask 20 times a
second through a load balancer. Then the new code migrates the store, starts beside the old one,
serves along with it, and alone. The engine is left out: composed tips serve.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from alembic.script import ScriptDirectory

from oo.store.database import Database
from oo.store.migrate import MIGRATIONS
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
from tests.peers import releases
from tests.peers.balancer import Balancer, balancer
from tests.peers.postgres import postgres
from tests.peers.serving import free_port, interrupted

ROOT = Path(__file__).parents[2]
RELEASE = "0.1.0"
PEOPLE = 12
START_WITHIN_S = 240.0
STOP_WITHIN_S = 60.0


@dataclass
class Code:
    """One state of the code, and the oO of it that serves from a data folder of its own."""

    folder: Path
    data: Path
    port: int
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What its commands are told."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OO_", "PYTHON"))
        }
        key = base64.b64encode(releases.MASTER_KEY).decode()
        return {
            **inherited,
            "PYTHONPATH": str(self.folder),
            "OO_PORT": str(self.port),
            "OO_DATA_DIR": str(self.data),
            "OO_DATABASE_URL": self.url,
            "OO_MASTER_KEYS": json.dumps({"frozen": key}),
        }

    def run(self, *arguments: str) -> str:
        """What its `oo ARGUMENTS` prints."""
        done = subprocess.run(
            [sys.executable, "-m", "oo.cli.main", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode:
            raise RuntimeError(f"oo {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        """Its `oo serve`, from its beginning until the block ends."""
        self.data.mkdir(exist_ok=True)
        content = yaml.safe_load((self.folder / "serve_config.yaml").read_text())
        content["applications"] = [it for it in content["applications"] if it["name"] == "oo"]
        config = self.data / "serve_config.yaml"
        config.write_text(yaml.safe_dump(content))
        with (self.data / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "oo.cli.main", "serve", "--config", str(config)],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        with interrupted(process, STOP_WITHIN_S):
            yield


def main() -> int:
    """Let one release take over from another, print the table; 1 when a request failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.migrating", description=__doc__)
    parser.add_argument("--before", default="", help="the git revision of the code of before")
    parser.add_argument("--rate", type=float, default=20.0, help="requests per second")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    told = parser.parse_args()
    phases, checked = run(told.before or before_newest_migration(), told.rate)
    print_all(phases, checked, told.json)
    return 0 if checked.is_whole and not any(it.failed for it in phases) else 1


def run(before: str, rate: float) -> tuple[list[Phase], Checked]:
    """The phases, and what the store says after them."""
    with (
        tempfile.TemporaryDirectory(prefix="oo", dir="/tmp") as name,
        postgres() as url,
        checked_out(before, Path(name) / "before") as folder,
        contextlib.ExitStack() as old_one,
        contextlib.ExitStack() as new_one,
    ):
        old = Code(folder, Path(name) / "o", free_port(), url)
        new = Code(ROOT, Path(name) / "n", free_port(), url)
        say(f"the frozen store of {RELEASE}, in the shape of {before[:12]}")
        asyncio.run(put_frozen(url))
        old.run("migrate")
        say("the code of before starts")
        old_one.enter_context(old.served())
        wait_until_ready([old.port], START_WITHIN_S, parts=WAITED_FOR | BEHIND)
        emails = [f"person{number}@test.test" for number in range(PEOPLE)]
        cookies = old.run("user", "session", *emails).split()
        with balancer(Path(name), {"before": old.port}) as front:
            hand_in(front.url, cookies)
            load = Steady(front.url, cookies, rate)
            with load.kept():
                phases = _taken_over(load, front, old, new, old_one, new_one)
            say("oo replay --check --decisions")
            replay = ("replay", "--check", "--decisions")
            # models of policies that serve nobody any more stay where they were
            return phases, check(url, load, lambda: new.run(*replay), within_s=0.0)


def _taken_over(
    load: Steady,
    front: Balancer,
    old: Code,
    new: Code,
    old_one: contextlib.ExitStack,
    new_one: contextlib.ExitStack,
) -> list[Phase]:
    def ready(ports: Sequence[int], since: float) -> Ready:
        return wait_until_ready(ports, BACK_WITHIN_S + START_WITHIN_S, since)

    def start() -> None:
        new_one.enter_context(new.served())

    def end() -> None:
        front.take({"after": new.port})
        time.sleep(QUIET_S)  # what the old one has is answered first
        old_one.close()

    both = {"before": old.port, "after": new.port}
    one, two, other = [old.port], [old.port, new.port], [new.port]
    return [
        phase("calm", "nothing happens", load, lambda: None, lambda at: ready(one, at)),
        phase(
            "migrate",
            "oo migrate of the new release",
            load,
            lambda: say(new.run("migrate")),
            lambda at: ready(one, at),
        ),
        phase("start", "the new release starts beside", load, start, lambda at: ready(two, at)),
        phase("both", "both serve", load, lambda: front.take(both), lambda at: ready(two, at)),
        phase("end", "the old one ends", load, end, lambda at: ready(other, at)),
    ]


async def put_frozen(url: str) -> None:
    """The rows of the release in a store of their own shape; the code of before brings it on."""
    db = Database(url)
    try:
        await releases.put(db, releases.load(RELEASE))
    finally:
        await db.close()


def before_newest_migration() -> str:
    """The commit before the one that brought the newest migration."""
    newest = ScriptDirectory(MIGRATIONS).get_revision("head")
    assert newest is not None
    path = str(Path(newest.path).relative_to(ROOT))
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", path)
    return git("rev-parse", f"{added}^")


@contextlib.contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Path]:
    """The code of a revision in a folder, with what is installed here."""
    git("worktree", "add", "--detach", str(folder), revision)
    try:
        (folder / ".venv").symlink_to(ROOT / ".venv")
        vendor = "oo/admin/static/vendor"
        if (ROOT / vendor).exists():
            shutil.copytree(ROOT / vendor, folder / vendor)
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


def git(*arguments: str) -> str:
    """What git prints."""
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())

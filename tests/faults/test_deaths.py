"""kill -9 of everything that `oo serve` starts, and of itself: what people notice, and how long."""

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import yaml

from oo.cli.reaper import RECORD
from oo.cli.run_folder import run_folder
from tests.conftest import ROOT, Product, serving
from tests.faults.ledger import Ledger
from tests.faults.test_kills import processes
from tests.peers.serving import free_port
from tests.peers.todoist import TodoistPeer
from tests.serve.client import Client, eventually

pytestmark = pytest.mark.timeout(900)

BACK_WITHIN_S = 200  # on a busy machine
PEOPLE = 5  # without an engine, a person has about a tip per task
ENOUGH = 50  # reactions
WELL_S = 1.5
NOTICED_S = 3.0  # what takes longer to show is found under the next name
DEPLOYMENTS = ("Ingress", "BanditShard", "ContextAssembler", "TipGenerator", "Jobs")


def environment(folder: Path) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("OO_")}
    return {**given, "OO_PORT": str(free_port()), "OO_DATA_DIR": str(folder / "d")}


@contextmanager
def started(folder: Path, given: dict[str, str]) -> Iterator[Product]:
    """`oo serve` of its own, without the engine: templates write what this needs."""
    content = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
    content["applications"] = [it for it in content["applications"] if it["name"] == "oo"]
    config, log = folder / "serve_config.yaml", folder / "serve.log"
    config.write_text(yaml.safe_dump(content))
    with serving(config, given, log) as process:
        base_url = f"http://127.0.0.1:{given['OO_PORT']}"
        yield Product(base_url, TodoistPeer(), given, config, process.pid)


def in_store(given: dict[str, str]) -> dict[str, int]:
    """The numbers of all reactions that were kept, by their keys."""
    with sqlite3.connect(Path(given["OO_DATA_DIR"]) / "oo.db") as store:
        rows = store.execute("SELECT idempotency_key, user_seq FROM feedback").fetchall()
    assert len(rows) == len({key for key, _ in rows})
    return dict(rows)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path so short that sockets fit into it."""
    with tempfile.TemporaryDirectory(prefix="oo") as name:
        yield Path(name)


def log(folder: Path) -> str:
    """What `oo serve` said."""
    return (folder / "serve.log").read_text()


def of_folder(folder: Path) -> list[str]:
    """The living processes that name the folder or have a file of it open."""
    found = []
    for process in psutil.process_iter():
        try:
            files = [file.path for file in process.open_files()]
            if any(str(folder) in it for it in (*files, *process.cmdline())):
                found.append(f"{process.pid} {process.name()}")
        except psutil.Error:
            continue
    return found


def test_death_takes_little_and_leaves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, table = environment(folder), list[tuple[str, str, float]]()
    record = folder / "d" / RECORD
    with started(folder, given) as product, ExitStack() as starts:
        ledger = Ledger(Client.several(product, PEOPLE))
        for client in ledger.clients:
            client.import_list()

        def note(name: str, since: float) -> None:
            assert eventually(lambda: ledger.well_for(WELL_S), BACK_WITHIN_S), name
            table.append((name, ledger.noticed(since), ledger.back_after(since)))

        with ledger.kept():
            assert eventually(lambda: ledger.well_for(WELL_S), 60)
            for name in (
                "haproxy -db",
                "HAProxyManager",
                *(f"ServeReplica:oo:{it}" for it in DEPLOYMENTS),
                "raylet/raylet",
                "gcs/gcs_server",
            ):
                victims = processes(product, name)
                assert victims, name
                since = time.monotonic()
                victims[0].kill()
                time.sleep(NOTICED_S)
                note(name, since)

            before = list(processes(product, ""))
            since = time.monotonic()
            psutil.Process(product.pid).kill()
            assert eventually(lambda: not record.exists(), 20)
            assert eventually(lambda: not [it for it in before if it.is_running()], 10)
            again = starts.enter_context(started(folder, given))
            note("oo serve, started again at once", since)
            assert psutil.Process(again.pid).is_running()
            sessions = list((run_folder(folder / "d") / "ray").glob("session_2*"))
            assert len(sessions) <= 2  # this one and the last
            # a slow machine is down for most of the time: it is asked on until there is enough
            assert eventually(lambda: len(ledger.acknowledged) > ENOUGH, BACK_WITHIN_S)

        for killed in (*processes(again, "reaper.py"), psutil.Process(again.pid)):
            killed.kill()  # together: nobody is left to end what it started
        time.sleep(1)
        with started(folder, given) as third:
            assert replace(third, pid=product.pid) == product
            # at first those that live on may answer for it
            assert eventually(lambda: bool(processes(third, "haproxy -db")), 60), log(folder)
        assert of_folder(folder / "d") == []

    with capsys.disabled():
        lines = ["\n| Killed | What people notice | Back after |\n|---|---|---|"]
        lines += [f"| {name} | {noticed} | {seconds:.1f} s |" for name, noticed, seconds in table]
        sys.stdout.write("\n".join(lines) + "\n")
    assert ledger.foreign() == set()
    back = {name: seconds for name, _, seconds in table}
    assert back["haproxy -db"] < 20  # 29 s with Serve's own periods
    assert ledger.acknowledged.items() <= in_store(given).items()

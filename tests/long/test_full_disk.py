"""The disk that holds the data folder fills up under load, and has room again."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.faults.ledger import Ledger
from tests.faults.test_deaths import BACK_WITHIN_S, PEOPLE, WELL_S, environment, in_store, started
from tests.serve.client import Client, eventually

pytestmark = pytest.mark.timeout(900)

SIZE = "256m"
FULL_S = 20.0


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of its own."""
    with tempfile.TemporaryDirectory(prefix="oo") as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", name]
        done = subprocess.run(mount, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"mounting is not permitted: {done.stderr.strip()}")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as filling:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    filling.write(bytes(size))
            except OSError:
                continue


def readiness(address: str) -> int:
    """The status of `/health/ready`."""
    try:
        return httpx2.get(f"{address}/health/ready", timeout=5).status_code
    except httpx2.HTTPError:
        return 0


def says_so_or_serves(client: Client) -> None:
    """Ask for a tip: there is one, or it is said when to ask again."""
    answer = client.http.post("/recommend")
    if answer.status_code != 200:
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0


def test_a_full_disk_loses_nothing_and_heals(
    disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = environment(disk)
    with started(tmp_path, given) as product:
        ledger = Ledger(Client.several(product, PEOPLE))
        for client in ledger.clients:
            client.import_list()
        with ledger.kept():
            assert eventually(lambda: ledger.well_for(WELL_S), 60)
            since, before = time.monotonic(), len(ledger.acknowledged)
            end = since + FULL_S
            fill(disk / "filling")
            assert eventually(lambda: readiness(product.base_url) == 503, 10)
            while time.monotonic() < end:
                fill(disk / "filling again")  # what was freed meanwhile
                says_so_or_serves(ledger.clients[0])
                time.sleep(0.5)
            assert readiness(product.base_url) == 503
            full = time.monotonic()
            answers = sum(it.at >= since for it in ledger.said)
            for name in ("filling", "filling again"):
                (disk / name).unlink()
            assert eventually(lambda: readiness(product.base_url) == 200, 30)
            assert eventually(lambda: ledger.well_for(WELL_S), BACK_WITHIN_S)
            assert psutil.Process(product.pid).is_running()
        with capsys.disabled():
            sys.stdout.write(
                f"\nfull for {full - since:.0f} s: {ledger.noticed(since)} of {answers} answers;"
                f" back {ledger.back_after(full):.1f} s after there was room\n"
            )
    assert ledger.foreign() == set()
    assert len(ledger.acknowledged) > before
    assert ledger.acknowledged.items() <= in_store(given).items()

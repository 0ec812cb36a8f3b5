"""Every job passes every check; a new one is one file."""

import importlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

import oo.jobs.periodic
from oo.integrations.service import Integrations
from oo.jobs.contract import Job, JobServices
from oo.kit.clock import ManualClock
from oo.kit.plugins import discover
from oo.vault.keyring import Keyring
from oo.vault.service import Vault
from tests.peers.store import add_person, fresh_store

JOBS = discover(oo.jobs.periodic, "JOB", Job)
every_job = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS.keys())


@dataclass
class Parts:
    """Shards and a generator that remember what they were asked."""

    woken: dict[str, int] = field(default_factory=dict)
    filled: list[str] = field(default_factory=list)

    def wake(self, user_id: str, user_seq: int) -> None:
        self.woken[user_id] = user_seq

    async def status(self) -> str:
        return "egreedy-v1"

    async def fill(self, user_id: str) -> None:
        self.filled.append(user_id)


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[JobServices]:
    clock = ManualClock(datetime(2026, 11, 21, tzinfo=UTC))
    keyring = Keyring({"test": bytes(32)})
    async with fresh_store(tmp_path) as db:
        vault = Vault(keyring, clock)
        integrations = Integrations(db, vault, keyring, {}, clock, "http://127.0.0.1")
        parts = Parts()
        yield JobServices(db, clock, integrations, parts, parts)


@every_job
def test_it_says_when_it_runs(job: Job) -> None:
    assert job.name
    assert 0.5 <= job.every_s <= 24 * 3600


@every_job
async def test_it_does_nothing_where_there_is_nothing(job: Job, services: JobServices) -> None:
    assert await job.run(services) == 0
    await add_person(services.db, services.clock)
    assert await job.run(services) == 0
    assert await job.run(services) == 0


NEW = """
from oo.jobs.contract import Job, JobServices

async def run(services: JobServices) -> int:
    return 0

JOB = Job("brand-new", 60.0, run)
"""


async def test_a_new_job_is_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: JobServices
) -> None:
    (tmp_path / "brand_new.py").write_text(NEW)
    paths = [*oo.jobs.periodic.__path__, str(tmp_path)]
    monkeypatch.setattr(oo.jobs.periodic, "__path__", paths)
    importlib.invalidate_caches()
    try:
        found = discover(oo.jobs.periodic, "JOB", Job)
        assert await found["brand-new"].run(services) == 0
    finally:
        sys.modules.pop("oo.jobs.periodic.brand_new", None)

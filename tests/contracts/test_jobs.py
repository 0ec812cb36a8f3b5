"""Every job passes every check; a new one is one file."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import oo.jobs.periodic
from oo.delivery.deciding import Decider
from oo.delivery.settling import Settler
from oo.domain import deliveries, ports, speaking
from oo.domain.pools import Ahead, Ended
from oo.events.bus import Bus
from oo.events.consumer import consumers
from oo.events.mirror import Mirror
from oo.events.relay import Relay
from oo.integrations.service import Integrations
from oo.jobs import runner
from oo.jobs.contract import Job
from oo.jobs.runner import run_forever
from oo.kit.clock import Clock, ManualClock
from oo.kit.errors import ConfigurationError
from oo.kit.plugins import discover
from oo.kit.provide import Provided
from oo.kit.setting_groups import Nightly, Retention
from oo.kit.settings import Settings
from oo.mlops.asked_runs import AskedRuns
from oo.mlops.delivery_policies import ForceOf
from oo.mlops.policy_lookup import serving
from oo.mlops.shadows import ShadowPolicies
from oo.push.service import Push
from oo.recommend.catching_up import CatchingUp
from oo.recommend.outcomes import Outcomes
from oo.recommend.profile_cache import Profiles
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.recommend.worth import Worth
from oo.store.database import Database
from oo.store.erasure_log import ErasureLog
from oo.vault.audit_head import AuditHead
from oo.vault.keyring import Keyring
from oo.vault.service import Vault
from tests.peers.speaking import Tips
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

    async def is_ready(self) -> bool:
        return True

    async def fill(self, user_id: str) -> None:
        self.filled.append(user_id)

    async def fill_ahead(self, user_id: str, turn: Ahead) -> Ended:
        self.filled.append(user_id)
        return Ended.MADE

    def behind(self, user_id: str) -> None:
        self.filled.append(user_id)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


@pytest.fixture
def provided(db: Database, clock: ManualClock, tmp_path: Path) -> Provided:
    keyring = Keyring({"test": bytes(32)})
    vault = Vault(keyring, clock)
    integrations = Integrations(db, vault, keyring, {}, clock, "http://127.0.0.1")
    parts = Parts()
    push = Push.of(Settings(data_dir=tmp_path), db, clock, Worth(db, clock))
    force = ForceOf(db, clock, "learnt")
    return Provided(
        {
            Database: db,
            Clock: clock,
            Nightly: Nightly(),
            Retention: Retention(),
            AuditHead: AuditHead(tmp_path, keyring),
            ErasureLog: ErasureLog(tmp_path),
            ports.ReadsSources: integrations,
            ports.ClosesTasks: integrations,
            ports.RevokesGrants: integrations,
            ports.WakesShards: parts,
            ports.FoldsBehind: CatchingUp(db, clock, serving),
            ports.FillsPools: parts,
            ports.LogsOutcomes: Outcomes(db, clock),
            ports.AsksShadows: ShadowOpinions(db, clock, ShadowPolicies(db)),
            ports.RebuildsProfiles: Profiles(db, clock),
            ports.RelaysEvents: Relay(db, clock),
            ports.RunsAsked: AskedRuns(db, clock),
            ports.FeedsConsumers: Bus(db, clock, consumers().values(), Provided({})),
            ports.MirrorsEvents: Mirror(db, clock, "", timedelta(days=1)),
            deliveries.Deliveries: push.deliveries,
            deliveries.SendsDeliveries: push.sender,
            speaking.DecidesDeliveries: Decider(
                db, clock, force, Tips(clock), push.deliveries, lambda: 1
            ),
            speaking.SettlesDeliveries: Settler(db, clock, push.deliveries),
            speaking.FitsDeliveries: force,
            deliveries.RetiresKeys: push.keys,
        }
    )


@every_job
def test_it_says_when_it_runs(job: Job) -> None:
    assert job.name
    assert 0.5 <= job.every_s <= 24 * 3600


@every_job
async def test_it_does_nothing_where_there_is_nothing(
    job: Job, provided: Provided, db: Database, clock: ManualClock
) -> None:
    run = provided.to(job.run)
    assert await run() == 0
    await add_person(db, clock)
    assert await run() == 0
    assert await run() == 0


NEW = """
from oo.domain.ports import WakesShards
from oo.jobs import runner
from oo.jobs.contract import Job
from oo.store.database import Database

async def run(db: Database, shards: WakesShards) -> int:
    shards.wake("ada", 7)
    return 1

JOB = Job("brand-new", 60.0, run)
"""


async def test_a_new_job_is_one_file_with_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provided: Provided
) -> None:
    (tmp_path / "brand_new.py").write_text(NEW)
    paths = [*oo.jobs.periodic.__path__, str(tmp_path)]
    monkeypatch.setattr(oo.jobs.periodic, "__path__", paths)
    importlib.invalidate_caches()
    try:
        found = discover(oo.jobs.periodic, "JOB", Job)
        assert await provided.to(found["brand-new"].run)() == 1
    finally:
        sys.modules.pop("oo.jobs.periodic.brand_new", None)


async def test_a_job_that_needs_what_there_is_not_stops_the_start(clock: ManualClock) -> None:
    ready = Job("ready", 1.0, lambda: asyncio.sleep(0, 1))
    with pytest.raises(ConfigurationError, match=r"db: .*Database"):
        await run_forever([ready, JOBS["retention"]], Provided({}), clock)


async def test_when_a_job_is_to_have_worked_again_moves_only_when_it_works(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = list[float]()
    runs = 0
    monkeypatch.setattr(runner.JOB_DUE, "set", lambda at, job: due.append(at))

    async def no_pause(seconds: float) -> None:
        clock.advance(seconds)

    async def run() -> int:
        nonlocal runs
        runs += 1
        if runs == 4:
            raise asyncio.CancelledError
        if runs > 1:
            raise ValueError("it fails")
        return 1

    monkeypatch.setattr(asyncio, "sleep", no_pause)
    begun = clock.now().timestamp()
    await run_forever([Job("poor", 10.0, run)], Provided({}), clock)
    assert due == [begun + 9 * 10 + 60] * 2  # at the start, and after the run that worked

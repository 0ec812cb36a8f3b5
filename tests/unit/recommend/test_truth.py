"""Whatever happens to the list, the zone and the clock: no served tip says what is not the case.

Each example is a life of some fifty steps. ``OO_TRUTH_EXAMPLES`` says how many (20 by default).
"""

import asyncio
import os
import tempfile
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from oo.domain.rewards import Action
from oo.kit.clock import ManualClock
from tests.peers.store import add_person, fresh_store
from tests.unit.recommend.life import SEEN, START, Change, Life, Row
from tests.unit.recommend.readings import READINGS

EXAMPLES = int(os.environ.get("OO_TRUTH_EXAMPLES", "20"))
STEPS = 50
ZONES = (
    "UTC",
    "America/Los_Angeles",
    "Europe/Zurich",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "America/St_Johns",
)
TITLES = (
    "Pay rent",
    "Pay the rent",
    "Call Mum",
    "Call Mum back",
    "Read Kafka",
    "Write to Mara",
    "Wash the windows",
    "Parcel",
)


rows = st.builds(
    Row,
    st.integers(0, 9),
    st.sampled_from(TITLES),
    st.integers(1, 4),
    st.none() | st.integers(-9, 9),
    st.none() | st.integers(-1500, 1500),
    st.none() | st.integers(0, 12),
)
lists = st.lists(rows, min_size=1, max_size=8, unique_by=lambda row: row.number)
zones = st.sampled_from(ZONES)
spans = st.one_of(
    st.integers(1, 120),  # seconds
    st.integers(1, 16).map(lambda quarters: quarters * 900),
    st.integers(1, 3).map(lambda days: days * 86_400),
)


changes: st.SearchStrategy[Change] = st.one_of(
    lists.map(lambda found: lambda life: life.upload(found)),
    lists.map(lambda found: lambda life: life.sync(found)),
    zones.map(lambda zone: lambda life: life.travel(zone)),
    spans.map(lambda seconds: lambda life: life.wait(seconds)),
    st.sampled_from(Action).map(lambda action: lambda life: life.react(action)),
)


class Truthful(RuleBasedStateMachine):
    """Lives, whose every step is followed by a look at the tips."""

    @initialize(seed=st.integers(0, 2**32), zone=zones, found=lists)
    def begin(self, seed: int, zone: str, found: list[Row]) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.run(self._begin(seed, zone, found))

    async def _begin(self, seed: int, zone: str, found: list[Row]) -> None:
        # ids order what was written together: drawn from the seed, a failing life fails again
        self.stack.enter_context(patch.object(os, "urandom", Random(seed).randbytes))
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        db = await self.stack.enter_async_context(fresh_store(Path(folder)))
        clock = ManualClock(START + timedelta(minutes=seed % 1440))
        self.life = Life(db, await add_person(db, clock), clock, seed)
        await self.life.travel(zone)
        await self.life.upload(found)

    def run(self, happening: Awaitable[None]) -> None:
        async def happens() -> None:
            await happening

        self.runner.run(happens())

    @rule(found=lists, done=st.lists(st.integers(0, 9), max_size=2))
    def upload(self, found: list[Row], done: list[int]) -> None:
        told = [row for row in found if row.number not in done]
        self.run(self.life.upload(told, done))

    @rule(found=lists)
    def sync(self, found: list[Row]) -> None:
        self.run(self.life.sync(found))

    @rule(row=rows)
    def edit(self, row: Row) -> None:
        self.run(self.life.upload([row]))

    @rule(action=st.sampled_from(Action))
    def react(self, action: Action) -> None:
        self.run(self.life.react(action))

    @rule(zone=zones)
    def travel(self, zone: str) -> None:
        self.run(self.life.travel(zone))

    @rule(seconds=spans)
    def wait(self, seconds: int) -> None:
        self.run(self.life.wait(seconds))

    @rule(after=st.sampled_from((-1.0, 0.0, 0.000001, 1.0)))
    def wait_for_an_edge(self, after: float) -> None:
        self.run(self.life.wait_for_an_edge(after))

    @rule()
    def fill(self) -> None:
        self.run(self._fill())

    async def _fill(self) -> None:
        await self.life.filler.fill(self.life.user_id, 1.0)

    @rule(change=changes)
    def fill_while_it_changes(self, change: Change) -> None:
        self.life.while_writing = change
        self.run(self._fill())
        self.life.while_writing = None

    @rule(change=changes)
    def decide_while_it_changes(self, change: Change) -> None:
        self.life.while_ranking = change

    @invariant()
    def every_tip_is_true(self) -> None:
        self.run(self.life.look())
        self.life.while_ranking = None

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.run(self.stack.aclose())
            self.runner.close()


Truthful.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestTruth = Truthful.TestCase


def test_every_kind_of_claim_was_made() -> None:
    """Else the property above would hold of what never happens."""
    if EXAMPLES >= 100:
        assert set(SEEN) >= {*READINGS, "title"} - {"empty"}

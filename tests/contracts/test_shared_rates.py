"""Ingresses count together through a real Redis, which may go away at any time."""

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oo.domain.health import State
from oo.kit.clock import ManualClock
from oo.kit.errors import TooManyRequests
from oo.kit.setting_groups import Limits
from oo.kit.settings import Settings
from oo.kit.shared_counts import RedisCounts
from oo.web.rates import Cost, Rates
from oo.web.shared_rates import AT_ONCE, SharedRates
from tests.peers.redis import SERVER, RedisPeer

pytestmark = pytest.mark.skipif(SERVER is None, reason="needs Debian's redis-server")
TEN = Limits(pages_per_minute=10, secrets_per_minute=4, strangers_per_minute=6)
ADDRESS = ("203.0.113.7", 1)


class Ingress:
    """What one ingress counts, on its own clock."""

    def __init__(self, peer: RedisPeer) -> None:
        self.clock = ManualClock(datetime(2026, 11, 27, 12, tzinfo=UTC))
        self.rates = Rates(TEN, self.clock, shared=True)
        self.counts = RedisCounts(peer.url)
        self.shared = SharedRates(self.rates, self.counts)

    def passes(self, wanted: int, cost: Cost = Cost.PAGE, who: str = "ada") -> int:
        """How many of `wanted` requests are let in."""
        let_in = 0
        for _ in range(wanted):
            try:
                self.rates.count(cost, who)
            except TooManyRequests:
                continue
            let_in += 1
        return let_in


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[RedisPeer]:
    made = RedisPeer(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def both(peer: RedisPeer) -> AsyncIterator[tuple[Ingress, Ingress]]:
    made = Ingress(peer), Ingress(peer)
    yield made
    for one in made:
        await one.counts.close()


async def told(*ingresses: Ingress) -> None:
    for one in (*ingresses, *ingresses):
        await one.shared.exchange()


async def test_what_is_allowed_is_allowed_once_for_all(both: tuple[Ingress, Ingress]) -> None:
    here, there = both
    assert here.passes(6) == 6
    await told(here)
    assert there.passes(1) == 1
    await told(there)
    assert there.passes(9) == 3
    await told(there)
    assert here.passes(1) == 1  # it hears of the others with what it has to tell itself
    await told(here)
    assert (here.passes(1), there.passes(1)) == (0, 0)
    assert there.passes(1, who="bob") == 1
    assert there.passes(1, Cost.GUESS) == 1


async def test_a_window_ends_for_all_at_once(
    both: tuple[Ingress, Ingress], peer: RedisPeer
) -> None:
    here, there = both
    here.passes(10)
    await told(here)
    with_time_left = peer.keys()
    assert all(0 < left <= 60_000 for left in with_time_left.values())
    there.passes(1)
    await told(there)
    with pytest.raises(TooManyRequests) as refused:
        there.rates.count(Cost.PAGE, "ada")
    assert 1 <= (refused.value.retry_after or 0) <= 60
    there.clock.advance(60)
    here.clock.advance(60)
    peer.wipe()  # as its own clock would have done
    assert (here.passes(5), there.passes(5)) == (5, 5)


async def test_who_turns_out_to_be_somebody_is_taken_off_everywhere(
    both: tuple[Ingress, Ingress],
) -> None:
    here, there = both
    for _ in range(5):
        here.rates.arrived(ADDRESS)
    await told(here)  # while it is not known yet who they are
    for _ in range(5):
        here.rates.known(ADDRESS)
    await told(here, there)
    for _ in range(2):
        for _ in range(3):
            there.rates.arrived(ADDRESS)
        await told(there, here)
    here.rates.arrived(ADDRESS)  # what the others counted is heard with the first of one's own
    await told(here)
    with pytest.raises(TooManyRequests):
        here.rates.arrived(ADDRESS)


async def test_nobody_can_read_who_was_counted(
    both: tuple[Ingress, Ingress], peer: RedisPeer
) -> None:
    both[0].rates.count(Cost.PAGE, "ada-7731")
    both[0].rates.arrived(ADDRESS)
    await told(both[0])
    held = peer.keys()
    assert len(held) == 2
    assert not [key for key in held if b"ada-7731" in key or b"203.0" in key]


@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_while_it_is_away_each_goes_by_its_own_counts(
    both: tuple[Ingress, Ingress], peer: RedisPeer, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    here, there = both
    here.passes(4)
    await told(here, there)
    assert (here.shared.state, there.shared.state) == (State.READY, State.READY)
    getattr(peer, how)()
    there.passes(2)
    await told(there)
    await told(there)
    assert there.shared.state is State.DOWN
    assert there.passes(20) == 8
    assert sum("Redis is away" in it.message for it in caplog.records) == 1
    peer.kill()
    peer.start()  # it has forgotten everything
    there.clock.advance(60)
    there.passes(7)
    await told(there)
    assert there.shared.state is State.READY
    assert "Redis is back" in caplog.text
    here.passes(1)
    await told(here)
    assert here.passes(20) < 9  # of what was before the loss nobody knows whose it was
    assert (here.passes(1, who="bob"), there.passes(7, who="bob")) == (1, 7)
    await told(there, here)
    assert here.passes(9, who="bob") == 2


async def test_many_people_are_told_in_parts(both: tuple[Ingress, Ingress]) -> None:
    here, there = both
    people = [f"person {number}" for number in range(AT_ONCE + 10)]
    for who in people:
        here.passes(9, who=who)
    await told(here)
    for who in people:
        there.passes(1, who=who)
    await told(there)
    assert {there.passes(1, who=who) for who in people} == {0}


def test_another_address_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="redis://"):
        Settings(redis_url="http://127.0.0.1:6379")

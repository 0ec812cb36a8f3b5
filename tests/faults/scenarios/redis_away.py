"""Redis is down, stands still, and forgets everything: nothing lost, nobody signed out."""

import time
from collections.abc import Callable, Iterator

from tests.faults.house import House
from tests.faults.scenario import Needs, Row, Run, Scenario
from tests.peers.redis import RedisPeer

BEFORE_S = 15.0
SLOWER = 2.0


def run(run: Run) -> Iterator[Row]:
    assert run.house is not None
    seconds = run.count(60, 10)
    yield _lose(run.house, f"Redis down for {seconds} s", seconds, RedisPeer.kill)
    yield _lose(run.house, f"Redis frozen for {seconds} s", seconds, RedisPeer.freeze)
    yield _lose(run.house, "Redis wiped", min(seconds, 20), RedisPeer.wipe)


def _lose(house: House, fault: str, seconds: float, how: Callable[[RedisPeer], None]) -> Row:
    assert house.servers is not None
    redis, ledger = house.servers.redis, house.ledger()
    with ledger.kept():
        house.well_again(ledger)
        time.sleep(BEFORE_S)
        began = time.monotonic()
        how(redis)
        time.sleep(seconds)
        over = time.monotonic()
        if how is not RedisPeer.wipe:
            redis.kill()
            redis.start()  # it has forgotten everything
        time.sleep(2)
        house.well_again(ledger)
    out = _signed_out(house)
    row = house.row(fault, ledger, began, over=over, before_s=BEFORE_S)
    broken = [f"{out} people were signed out"] if out else []
    if row.is_slower(SLOWER):
        broken.append(f"p99 is more than {SLOWER:.0f} times as long")
    return row.noted(
        f"{len(house.clients) - out} of {len(house.clients)} sessions go on", broken=broken
    )


def _signed_out(house: House) -> int:
    """How many sessions are gone."""
    return sum(it.http.post("/recommend").status_code == 401 for it in house.clients)


SCENARIO = Scenario("redis", __doc__, Needs.SERVICES, run, order=30)

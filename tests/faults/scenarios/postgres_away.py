"""PostgreSQL is killed and started again, many times, and stands still for a while."""

import time
from collections.abc import Iterator

from tests.faults.house import House
from tests.faults.scenario import Needs, Row, Run, Scenario

DOWN_S = 1.0
UP_S = 4.0
BEFORE_S = 10.0


def run(run: Run) -> Iterator[Row]:
    assert run.house is not None
    yield _kill(run.house, run.count(20, 4))
    yield _freeze(run.house, run.count(30, 8))


def _kill(house: House, times: int) -> Row:
    assert house.servers is not None
    postgres, ledger, longest = house.servers.postgres, house.ledger(), 0.0
    with ledger.kept():
        house.well_again(ledger)
        time.sleep(BEFORE_S)
        began = time.monotonic()
        for _ in range(times):
            postgres.kill()
            time.sleep(DOWN_S)
            postgres.start()
            up = time.monotonic()
            time.sleep(UP_S)
            house.well_again(ledger)
            longest = max(longest, ledger.back_after(up))
        over = time.monotonic()
        house.well_again(ledger)
    row = house.row(f"PostgreSQL killed {times} ×", ledger, began, over=over)
    note = f"{DOWN_S:.0f} s down each time; recovery: the longest after it answered again"
    return row.noted(note, recovery_s=longest)


def _freeze(house: House, seconds: float) -> Row:
    assert house.servers is not None
    postgres, ledger = house.servers.postgres, house.ledger()
    with ledger.kept():
        house.well_again(ledger)
        time.sleep(BEFORE_S)
        began = time.monotonic()
        postgres.freeze()
        time.sleep(seconds)
        postgres.thaw()
        over = time.monotonic()
        time.sleep(1)
        house.well_again(ledger)
    return house.row(f"PostgreSQL frozen for {seconds:.0f} s", ledger, began, over=over)


SCENARIO = Scenario("postgres", __doc__, Needs.SERVICES, run, order=10)

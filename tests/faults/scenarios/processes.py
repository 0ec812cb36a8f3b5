"""Each process of oO is killed, and each is frozen for a while, under load."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil

from tests.conftest import serving
from tests.faults.house import House
from tests.faults.scenario import Needs, Row, Run, Scenario

KINDS = {  # what it is called, by what its command line has
    "a bandit shard": "ServeReplica:oo:BanditShard",
    "an ingress": "ServeReplica:oo:Ingress",
    "the generator": "ServeReplica:oo:TipGenerator",
    "the assembler": "ServeReplica:oo:ContextAssembler",
    "the jobs": "ServeReplica:oo:Jobs",
    "the proxy": "haproxy -db",
    "the proxy's manager": "HAProxyManager",
    "Serve's controller": "ServeController",
    "the raylet": "raylet/raylet",
    "the GCS": "gcs/gcs_server",
}
BEFORE_S = 6.0
NOTICED_S = 3.0


def run(run: Run) -> Iterator[Row]:
    assert run.house is not None
    house = run.house
    for what, name in KINDS.items():
        if not house.processes(name):
            run.say(f"  left out: there is no {name}")
            continue
        yield fault(house, f"{what} killed", name, 0.0)
    for what, name in KINDS.items():
        if house.processes(name):
            yield fault(house, f"{what} frozen", name, run.count(20, 5))
    with ExitStack() as stack:
        yield _product(house, stack)


def fault(house: House, what: str, name: str, frozen_s: float) -> Row:
    """Kill the first process of that name, or stop it for so long."""
    ledger = house.ledger()
    with ledger.kept():
        house.well_again(ledger)
        time.sleep(BEFORE_S)
        victims, began, over = house.processes(name), time.monotonic(), None
        if not victims:
            return house.row(what, ledger, began, broken=(f"there is no {name} any more",))
        if frozen_s:
            victims[0].suspend()
            time.sleep(frozen_s)
            with suppress(psutil.NoSuchProcess):  # it may have been replaced
                victims[0].resume()
            over = time.monotonic()
            what = f"{what} for {frozen_s:.0f} s"
        else:
            victims[0].kill()
        time.sleep(NOTICED_S)
        house.well_again(ledger)
    return house.row(what, ledger, began, over=over, before_s=BEFORE_S)


def _product(house: House, stack: ExitStack) -> Row:
    """`oo serve` itself is killed, and started again at once."""
    ledger, product = house.ledger(), house.product
    with ledger.kept():
        house.well_again(ledger)
        time.sleep(BEFORE_S)
        began = time.monotonic()
        psutil.Process(product.pid).kill()
        again = house.folder / "again.log"
        stack.enter_context(serving(product.config, product.environment, again))
        house.well_again(ledger)
    return house.row("`oo serve` killed, started again", ledger, began, before_s=BEFORE_S)


SCENARIO = Scenario("processes", __doc__, Needs.EMBEDDED, run, order=20)

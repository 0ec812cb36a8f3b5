"""The engine's core is killed, and frozen for a while: templates serve meanwhile."""

from collections.abc import Iterator

from tests.faults.scenario import Needs, Row, Run, Scenario
from tests.faults.scenarios.processes import fault
from tests.serve.client import eventually

NAME = "EngineCore"
STARTS_WITHIN_S = 240.0


def run(run: Run) -> Iterator[Row]:
    assert run.house is not None
    house = run.house
    for what, frozen_s in (("killed", 0.0), ("frozen", float(run.count(20, 5)))):
        assert eventually(lambda: bool(house.processes(NAME)), STARTS_WITHIN_S), "no engine"
        yield fault(house, f"the engine's core {what}", NAME, frozen_s)


SCENARIO = Scenario("engine", __doc__, Needs.ENGINE, run)

"""kill -9 under load: what was acknowledged is applied exactly once, and tips keep coming."""

import contextlib
import time

import psutil
import pytest

from tests.conftest import Product
from tests.faults.ledger import Ledger
from tests.serve.client import Client, eventually

pytestmark = pytest.mark.timeout(420)

SECONDS = 60
PER_SECOND = 20
PEOPLE = 10
RECOMMEND_DEADLINE_S = 2.0
HANDS = 64  # what is on its way at once while a shard is away
PATIENCE_S = 120.0
KEEPS_TRYING_S = 60.0  # a page tries for days; what a death may take, `test_deaths` measures


def processes(product: Product, name: str) -> list[psutil.Process]:
    """The product's processes whose command line has `name`."""
    found = []
    for process in psutil.Process(product.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if name in " ".join(process.cmdline()):
                found.append(process)
    return found


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(product: Product) -> None:
    clients = Client.several(product, PEOPLE)
    for client in clients:
        client.import_list("\n".join(f"- [ ] Task {n} of many" for n in range(400)))
    load = Ledger(clients, PER_SECOND, KEEPS_TRYING_S, HANDS, PATIENCE_S)
    with load.kept(SECONDS * PER_SECOND):
        for name in ("BanditShard", "Ingress", "BanditShard"):
            time.sleep(SECONDS / 5)
            victims = processes(product, f"ServeReplica:oo:{name}")
            assert victims, name
            victims[0].kill()
    assert load.failed == 0
    assert len(load.acknowledged) == SECONDS * PER_SECOND
    for numbers in load.by_person.values():
        # exactly once: one number per acknowledged reaction, none twice, none missing
        assert sorted(numbers) == list(range(1, len(numbers) + 1))

    def caught_up() -> bool:
        report = product.cli("replay", "--check")
        return " 0 different, 0 behind" in report

    assert eventually(caught_up, 30, 2.0), product.cli("replay", "--check")


def test_a_dead_engine_is_replaced_and_nobody_waits_for_it(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    client.tip_of_model(180)
    cores = processes(product, "EngineCore")
    assert cores, "no engine process"
    for core in cores:
        core.kill()
    newcomer = Client.new(product)
    newcomer.import_list()
    slowest = 0.0
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for person in (client, newcomer):
            started = time.monotonic()
            assert person.tip()
            slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.1)
    assert slowest < RECOMMEND_DEADLINE_S + 0.5
    assert newcomer.tip_of_model(150)["source"] == "llm"


def test_newcomers_get_tips_while_the_assembler_dies(product: Product) -> None:
    newcomers = Client.several(product, 12)
    for newcomer in newcomers:
        newcomer.import_list()
    slowest = 0.0
    for number, newcomer in enumerate(newcomers):
        if number % 3 == 0:  # their pools are empty, so this one is asked for
            for victim in processes(product, "ServeReplica:oo:ContextAssembler"):
                victim.kill()
        started = time.monotonic()
        assert newcomer.tip()
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < RECOMMEND_DEADLINE_S + 0.5

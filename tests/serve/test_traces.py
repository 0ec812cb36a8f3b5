"""What a running oO tells of a tip: each process' part of it, in one tree."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.conftest import Product
from tests.serve.client import Client, eventually
from tests.serve.test_words_in_the_clear import holding

PATIENCE_S = 180


def trace_of(product: Product, *which: str) -> str:
    """What `oo trace` prints; nothing while there is no such trace."""
    done = product.run("trace", *which)
    return done.stdout if done.returncode == 0 else ""


def test_a_tip_its_writing_and_its_reaction_are_told_from_end_to_end(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    client.tip_of_model(PATIENCE_S)
    tip = client.ranked_tip()
    assert client.react(tip["id"]).status_code == 200

    def tells(name: str, *parts: str) -> bool:
        """Each of them in a line of its own, in this order."""
        lines = iter(trace_of(product, "--name", name).splitlines())
        return all(any(part in line for line in lines) for part in parts)

    assert eventually(
        lambda: tells(
            "POST /recommend",
            "POST /recommend",
            "sessions.find",
            "decisions.decide",
            "BanditShard.score  ",
            "score",
            "COMMIT",
        ),
        20,
    ), trace_of(product)
    assert eventually(
        lambda: tells("POST /feedback", "reactions.commit", "COMMIT", "BanditShard.wake", "fold"),
        20,
    ), trace_of(product, "--name", "POST /feedback")
    written = ("TipGenerator.fill", "ContextAssembler.assemble", "chat embedded", "llm_request")
    assert tells("pool.refill", *written) or tells("POST /recommend", *written), trace_of(
        product, "--name", "pool.refill"
    )


def test_traces_and_logs_name_nobody(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    client.tip()
    data = Path(product.environment["OO_DATA_DIR"])
    with closing(sqlite3.connect(data / "oo.db")) as store:
        people = {who for (who,) in store.execute("SELECT id FROM users")}
    assert len(people) > 0
    assert holding(people, data / "traces", data / "logs") == []

"""What a running oO tells of a tip: each process' part of it, in one tree."""

import sqlite3
from contextlib import closing
from pathlib import Path

from oo.kit.trace_files import SpanId, read_spans
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
    assert eventually(lambda: writing_is_whole(product), 20)


def writing_is_whole(product: Product) -> bool:
    """Whether some call of the engine is told with all that led to it."""
    spans = {it.id: it for it in read_spans(Path(product.environment["OO_DATA_DIR"]))}
    way = ["TipEngine.chat_json", "chat embedded", "pool.write", "TipGenerator.fill"]
    for span in spans.values():
        names, at = list[str](), span if span.part == "engine" else None
        while at is not None:
            names.append(at.name)
            at = spans.get(SpanId(at.id.trace_id, at.parent_id))
        rest = iter(names)
        if all(name in rest for name in way):
            return True
    return False


def test_traces_and_logs_name_nobody(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    client.tip()
    data = Path(product.environment["OO_DATA_DIR"])
    with closing(sqlite3.connect(data / "oo.db")) as store:
        people = {who for (who,) in store.execute("SELECT id FROM users")}
    assert len(people) > 0
    assert holding(people, data / "traces", data / "logs") == []

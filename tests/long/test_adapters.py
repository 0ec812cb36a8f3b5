"""An adapter that was trained here answers from the engine that serves the base, and gives way."""

import sqlite3
from pathlib import Path

import psutil
import pytest

from tests.conftest import Product
from tests.serve.client import Client, eventually

pytestmark = pytest.mark.timeout(1800)

WITHIN_S = 300


def engines(product: Product) -> set[int]:
    children = psutil.Process(product.pid).children(recursive=True)
    return {one.pid for one in children if "TipEngine" in " ".join(one.cmdline())}


def model_of_a_new_person(product: Product) -> str:
    """The model that wrote the first tip of a model's for somebody new, as the decision has it."""
    client = Client.new(product)
    client.import_list()
    tip = client.tip_of_model(WITHIN_S)
    store = Path(product.environment["OO_DATA_DIR"]) / "oo.db"
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        query = "SELECT model FROM tip_scores WHERE id = ?"
        return str(connection.execute(query, (tip["id"],)).fetchone()[0])


def test_an_adapter_is_made_served_and_rolled_back(product: Product) -> None:
    assert model_of_a_new_person(product) == "oo-engine/embedded"
    before = engines(product)
    assert before
    few = ["--simulated", "24", "--days", "1", "--decisions", "8"]
    small = [*few, "--trial", "0", "--epochs", "1", "--threads", "1"]
    made = product.cli("finetune", "--name", "tiny", *small)
    adapter = made.partition(":")[0]
    assert adapter.startswith("tiny@"), made
    product.cli("finetune", "promote", adapter, "--reason", "a test")
    assert adapter in product.cli("finetune", "list")
    expected = f"oo-engine/embedded+{adapter}"
    assert eventually(lambda: model_of_a_new_person(product) == expected, WITHIN_S)
    product.cli("finetune", "rollback", "--reason", "a test")
    assert eventually(lambda: model_of_a_new_person(product) == "oo-engine/embedded", WITHIN_S)
    assert engines(product) == before

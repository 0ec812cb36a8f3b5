"""The running product over HTTP: tips, reactions, and everything that must change nothing."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from oo.mlops.policy_lookup import DEFAULT_POLICY
from tests.conftest import Product
from tests.serve.client import PATIENCE_S, Client, eventually

pytestmark = pytest.mark.timeout(900)


def test_a_person_without_tasks_is_told_to_connect(product: Product) -> None:
    answer = Client.new(product).http.post("/recommend")
    assert answer.json() == {"tip": None, "reason": "nothing_connected"}


def test_a_fallback_tip_comes_at_once_and_then_one_of_the_model(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    first = client.tip()
    names = any(f"chapter {number} of the report" in first["content"] for number in range(30))
    assert names or first["task"] is None, first
    written = client.tip_of_model(180)
    assert written["model"] == "oo-engine/embedded"
    assert client.ranked_tip()["policy"] == DEFAULT_POLICY


def test_reactions_teach_and_hold_tasks_back(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    seen = next(tip for tip in iter(client.tip, None) if tip["task"])
    answer = client.react(seen["id"], "snooze")
    assert answer.status_code == 200
    assert answer.json()["reward"] == 0.1
    assert seen["task"] not in {client.tip()["task"] for _ in range(30)}


def test_ten_copies_of_a_reaction_have_one_effect_and_one_answer(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    tip = client.tip()
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: client.react(tip["id"], key="same"), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["seq"] == 1
    changed = client.react(tip["id"], "dismiss", key="same")
    assert (changed.status_code, changed.json()["code"]) == (409, "conflict")


def test_what_is_wrong_gets_a_problem_and_changes_nothing(product: Product) -> None:
    client, other = Client.several(product, 2)
    client.import_list()
    other.import_list()
    tip, foreign = client.tip(), other.tip()
    assert client.react(foreign["id"]).status_code == 404
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    good = {"tip_id": tip["id"], "action": "done", "dwell_ms": 1000}
    cases = [
        (json.dumps({**good, "dwell_ms": float("nan")}), 422),
        (json.dumps({**good, "dwell_ms": 1}).replace(": 1}", ": 1e400}"), 422),
        (json.dumps({**good, "action": "like"}), 422),
        (json.dumps({**good, "dwell_ms": -1}), 422),
        (json.dumps({**good, "dwell_ms": "5"}), 422),
        (json.dumps({**good, "more": 1}), 422),
        (json.dumps({**good, "tip_id": "../etc"}), 422),
        ("{", 422),
        ("", 422),
        ("[" * 50_000, 422),
        (" " * 100_000, 413),
    ]
    for body, status in cases:
        answer = client.http.post("/feedback", content=body, headers=headers)
        assert answer.status_code == status, (body[:60], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    assert client.http.post("/feedback", json=good).status_code == 400  # no key
    assert client.react(tip["id"]).json()["seq"] == 1


def test_a_request_without_a_session_is_refused(product: Product) -> None:
    client = Client.new(product)
    client.http.cookies.clear()
    for path in ("/recommend", "/feedback"):
        answer = client.http.post(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_health_version_and_the_description_of_the_api(product: Product) -> None:
    http = Client.new(product).http
    assert http.get("/health/live").json() == {"status": "ok"}
    assert http.get("/api/version").json()["api"] == "1"
    parts = {"ingress", "store", "bandit", "assembler", "generator", "jobs", "engine"}
    assert set(http.get("/health/parts").json()) == parts
    api = http.get("/openapi.json").json()
    assert api["openapi"].startswith("3.1")
    assert {"/recommend", "/feedback"} <= set(api["paths"])


def test_another_policy_is_put_in_force_in_place(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    product.deploy(policy="linucb-v1")
    assert eventually(lambda: client.tip()["policy"] == "linucb-v1", PATIENCE_S)
    assert "has linucb-v1 pinned" in product.run("policy", "list").stderr
    product.deploy(policy="no-such-policy")
    assert {client.ranked_tip()["policy"] for _ in range(20)} == {"linucb-v1"}
    product.deploy()
    assert eventually(lambda: client.tip()["policy"] == DEFAULT_POLICY, PATIENCE_S)


def test_a_wrong_configuration_leaves_the_old_one_serving(product: Product) -> None:
    client = Client.new(product)
    client.import_list()
    product.deploy(args={"no_such_argument": 1})
    for _ in range(20):
        assert client.tip()
    product.deploy()

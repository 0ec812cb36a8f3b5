"""A running oO writes nothing in the clear of what people say, nor of what opens their accounts."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx2

from oo.cli.run_folder import run_folder
from tests.conftest import Product
from tests.peers.push.web_push import Subscription
from tests.serve.client import Client, eventually

CANARY = "Zanzibarkanarienvogel"
PUSH_SERVICE = "https://updates.push.services.mozilla.com/wpush/v2"  # nothing is sent to it here
ROTATIONS = 3
MANY = "\n".join(f"- [ ] Prepare chapter {number} of the report" for number in range(400))


def holding(words: set[str], *folders: Path) -> list[tuple[str, str]]:
    """Which of the words are in which files, links aside."""
    found = []
    for folder in folders:
        for file in [folder] if folder.is_file() else folder.rglob("*"):
            if file.is_symlink() or not file.is_file():
                continue
            content = file.read_bytes()
            found += [(it, str(file)) for it in words if it.encode() in content]
    return found


def refused(client: Client, product: Product) -> list[str]:
    """What is said to requests that hold the word where nothing may be."""
    http = client.http
    answers = [
        http.post("/feedback", json={"tip_id": CANARY, "action": "done", "dwell_ms": 1}),
        http.post("/feedback", json={"tip_id": "0" * 32, "action": CANARY, "dwell_ms": 1}),
        http.get(f"/api/tips/{CANARY}/why"),
        http.get(f"/{CANARY}"),
        http.post("/api/devices", json={"channel": CANARY, "address": {"endpoint": CANARY}}),
        http.post("/api/sources/none/import", content=CANARY.encode()),
        httpx2.get(f"{product.base_url}/connect", cookies={"sid": CANARY}),
    ]
    assert all(it.status_code >= 400 for it in answers[:-1])
    return [it.text for it in answers]


def test_a_canary_is_nowhere(product: Product, tmp_path: Path) -> None:
    ada = Client.new(product)
    had = {*product.todoist.access, *product.todoist.refresh}
    at_todoist = product.todoist.add_task(f"{CANARY} at Todoist")
    try:
        ada.import_list("\n".join(f"- [ ] Call the {CANARY} number {n}" for n in range(20)))
        assert ada.http.get("/connect/todoist/start", follow_redirects=True).status_code == 200
        grant = {*product.todoist.access, *product.todoist.refresh} - had
        key = ada.http.get("/api/devices/key").json()["key_id"]
        subscription = Subscription(f"{PUSH_SERVICE}/{CANARY}", "").as_json()
        device = {"channel": "web_push", "address": {**subscription, "key_id": key}}
        assert ada.http.post("/api/devices", json=device).status_code == 200
        said = []
        for _ in range(6):
            tip = ada.tip()
            said.append(f"{tip['content']} {tip['about']}")
            assert ada.react(tip["id"], "dismiss").status_code == 200
        assert any(CANARY in it for it in said)
        assert not [it for it in refused(ada, product) if CANARY in it]
        assert CANARY not in httpx2.get(f"{product.base_url}/metrics").text
        backup = tmp_path / "oo.backup"
        product.cli("backup", str(backup))
    finally:
        product.todoist.tasks.pop(at_todoist)
    cookie = ada.http.cookies["sid"]
    data = Path(product.environment["OO_DATA_DIR"])
    everywhere = (data, run_folder(data), product.config.parent / "serve.log", backup)
    assert len(grant) == 2
    assert holding({CANARY, cookie, *grant}, *everywhere) == []
    # such a search does find what is there
    with closing(sqlite3.connect(data / "oo.db")) as store:
        (who,) = store.execute("SELECT user_id FROM tasks ORDER BY recorded_at DESC").fetchone()
    assert {Path(file).name for _, file in holding({who}, *everywhere)} & {"oo.db", "oo.db-wal"}


def test_the_master_key_is_rotated_three_times_under_load(product: Product) -> None:
    everybody, failed, stop = Client.several(product, 3 + ROTATIONS), list[str](), threading.Event()
    people, newcomers = everybody[:3], everybody[3:]
    for client in people:
        client.import_list(MANY)

    def live(client: Client) -> None:
        while not stop.is_set():
            answer = client.http.post("/recommend")
            if answer.status_code == 200 and (tip := answer.json()["tip"]):
                answer = client.react(tip["id"], "snooze")
            if answer.status_code == 500:
                failed.append(answer.text)
            stop.wait(0.5)

    threads = [threading.Thread(target=live, args=(client,)) for client in people]
    for thread in threads:
        thread.start()
    try:
        for newcomer in newcomers:
            product.cli("keys", "rotate")
            newcomer.import_list()  # a person's data key is made with their first words
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    data = Path(product.environment["OO_DATA_DIR"])

    def are_under_one() -> bool:
        with closing(sqlite3.connect(data / "oo.db")) as store:
            return len(store.execute("SELECT DISTINCT kek_id FROM data_keys").fetchall()) == 1

    assert eventually(are_under_one, 5)
    product.cli("keys", "drop", "--yes")
    for client in everybody:
        assert client.tip()["content"]
        client.import_list()
    logs = (file.read_text() for file in (data / "logs").iterdir())
    assert not [line for text in logs for line in text.splitlines() if "SealError" in line]

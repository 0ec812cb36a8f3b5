"""What happens on the running product is seen as it happens, through its proxy."""

import json
import uuid
from typing import Any

from tests.conftest import Product
from tests.serve.client import Client, eventually

URL = "/api/admin/events"
WITHIN_S = 30


def test_a_viewer_sees_a_tip_and_its_reaction_as_they_happen(product: Product) -> None:
    email = f"{uuid.uuid4().hex}@test.test"
    Client.new(product, email)
    product.cli("user", "role", email, "viewer", "--reason", "to see events")
    viewer, ada = Client.new(product, email), Client.new(product)
    newest = viewer.http.get(URL).json()["next"]
    ada.import_list()
    tip = ada.tip()
    assert ada.react(tip["id"]).status_code == 200
    seen: list[dict[str, Any]] = []
    headers = {"accept": "text/event-stream", "last-event-id": str(newest)}
    with viewer.http.stream("GET", URL, headers=headers, timeout=WITHIN_S) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
            about = [one["subject"] for one in seen if one["payload"].get("tip_id") == tip["id"]]
            if len(about) == 3:
                break
    assert about == ["signals.tip.served", "signals.tip.feedback", "feedback.tip.rewarded"]
    assert "signals.task.synced" in {one["subject"] for one in seen}
    assert tip["content"] not in json.dumps(seen)
    assert ada.http.get(URL).status_code == 403

    def are_counted() -> bool:
        (counted,) = [
            one for one in viewer.http.get(f"{URL}/consumers").json() if one["name"] == "counted"
        ]
        return bool(counted["position"] >= seen[-1]["seq"] and not counted["error"])

    assert eventually(are_counted, WITHIN_S)

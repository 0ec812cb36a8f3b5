"""A person of the running product, over HTTP as scripts use it."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

BY_CHANCE = "random"
PATIENCE_S = 120  # waiting costs nothing where there is no need to
LIST = "\n".join(f"- [ ] Prepare chapter {number} of the report" for number in range(30))


def _somebody() -> str:
    return f"{uuid.uuid4().hex}@test.test"


@dataclass(frozen=True)
class Client:
    """A signed-in person."""

    http: httpx2.Client

    @classmethod
    def new(cls, product: Any, email: str | None = None) -> "Client":
        """A new person with 30 tasks of their own."""
        return cls._signed_in(product, [email or _somebody()])[0]

    @classmethod
    def several(cls, product: Any, count: int) -> list["Client"]:
        """So many new people."""
        return cls._signed_in(product, [_somebody() for _ in range(count)])

    @classmethod
    def _signed_in(cls, product: Any, emails: list[str]) -> list["Client"]:
        return [
            cls(
                httpx2.Client(
                    base_url=product.base_url, cookies={"sid": cookie}, timeout=PATIENCE_S
                )
            )
            for cookie in product.cli("user", "session", *emails).split()
        ]

    def import_list(self, text: str = LIST) -> None:
        """Hand in a list of tasks as the connect page does."""
        answer = self.http.post(
            "/api/sources/file/import",
            content=text.encode(),
            headers={"Content-Type": "text/csv"},
        )
        assert answer.status_code == 200, answer.text

    def tip(self) -> dict[str, Any]:
        """The tip that `/recommend` gives; there must be one. Who asks too often asks again."""
        answer = self.http.post("/recommend")
        while answer.status_code == 429:
            time.sleep(float(answer.headers["retry-after"]))
            answer = self.http.post("/recommend")
        assert answer.status_code == 200, answer.text
        tip: dict[str, Any] = answer.json()["tip"]
        assert tip, answer.text
        return tip

    def react(
        self, tip_id: str, action: str = "done", dwell_ms: int = 30_000, key: str | None = None
    ) -> httpx2.Response:
        """Send a reaction."""
        return self.http.post(
            "/feedback",
            json={"tip_id": tip_id, "action": action, "dwell_ms": dwell_ms},
            headers={"Idempotency-Key": key or uuid.uuid4().hex},
        )

    def ranked_tip(self) -> dict[str, Any]:
        """The first tip that a policy picked: on a busy machine chance may have to serve."""
        found: list[dict[str, Any]] = []

        def ranked() -> bool:
            found.append(self.tip())
            return found[-1]["policy"] != BY_CHANCE

        assert eventually(ranked, PATIENCE_S), found[-1]
        return found[-1]

    def tip_of_model(self, within_s: float) -> dict[str, Any]:
        """The first tip that a model wrote."""
        found: list[dict[str, Any]] = []

        def written() -> bool:
            found.append(self.tip())
            return found[-1]["source"] == "llm"

        assert eventually(written, within_s), found[-1]
        return found[-1]


def eventually(condition: Callable[[], bool], within_s: float, every_s: float = 0.25) -> bool:
    """Whether `condition` comes true in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every_s)
    return condition()

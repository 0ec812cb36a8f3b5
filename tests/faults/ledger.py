"""A client that keeps what was acknowledged, and what it was told while things died."""

import itertools
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx2

from tests.serve.client import Client

PER_SECOND = 4
GIVE_UP_S = 2.0
NOTHING_LISTENS = "refused"
CUT = "cut off"
OWN = ("problem", "page: one moment")


class Said(NamedTuple):
    """One answer, or why there was none."""

    at: float
    what: str
    fine: bool = False


@dataclass
class Ledger:
    """Tips and reactions of a few people in turn, at a steady rate."""

    clients: list[Client]
    acknowledged: dict[str, int] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    def foreign(self) -> set[str]:
        """Answers that oO did not give."""
        return {it.what for it in self.said} - {"200", *OWN, NOTHING_LISTENS, CUT}

    def back_after(self, since: float) -> float:
        """From `since` to the first tip after the last failure; 0 where nothing failed."""
        later = [it for it in self.said if it.at >= since]
        failed = [it.at for it in later if not it.fine]
        if not failed:
            return 0.0
        return min((it.at for it in later if it.fine and it.at > failed[-1]), default=1e9) - since

    def noticed(self, since: float) -> str:
        """What was said instead of tips."""
        counts: dict[str, int] = {}
        for it in self.said:
            if it.at >= since and not it.fine:
                counts[it.what] = counts.get(it.what, 0) + 1
        return ", ".join(f"{count} × {what}" for what, count in counts.items()) or "nothing"

    def well_for(self, seconds: float) -> bool:
        """Whether all that was said in the last seconds was a tip."""
        recent = [it for it in self.said if it.at >= time.monotonic() - seconds]
        return len(recent) >= seconds * PER_SECOND / 3 and all(it.fine for it in recent)

    def one(self, number: int) -> None:
        """A tip and its reaction, tried again under the same key until it is acknowledged."""
        client = self.clients[number % len(self.clients)]
        key, tip_id = uuid.uuid4().hex, ""
        for _ in range(2):
            if not tip_id:
                answer = self._ask(client, "/recommend", {}, None)
                tip_id = answer["tip"]["id"] if answer and answer["tip"] else ""
            body = {"tip_id": tip_id, "action": "snooze", "dwell_ms": 30_000}
            keyed = {"Idempotency-Key": key}
            answer = self._ask(client, "/feedback", keyed, body) if tip_id else None
            if answer:
                self.acknowledged[key] = answer["seq"]
                return

    def _ask(
        self, client: Client, path: str, headers: dict[str, str], body: object
    ) -> dict[str, Any] | None:
        try:
            answer = client.http.post(path, headers=headers, json=body, timeout=GIVE_UP_S)
        except httpx2.ConnectError:
            self.said.append(Said(time.monotonic(), NOTHING_LISTENS))
            return None
        except httpx2.HTTPError:
            self.said.append(Said(time.monotonic(), CUT))
            return None
        if answer.status_code == 200:
            self.said.append(Said(time.monotonic(), "200", fine=True))
            found: dict[str, Any] = answer.json()
            return found
        kind = answer.headers.get("content-type", "")
        what = f"{answer.status_code} {kind} {answer.text[:80]}"
        if kind == "application/problem+json" and answer.json()["code"]:
            what = OWN[0]
        elif "<h1>One moment.</h1>" in answer.text and answer.headers["retry-after"]:
            what = OWN[1]
        self.said.append(Said(time.monotonic(), what))
        return None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Ask and react in the background while the block runs."""
        stop = threading.Event()

        def drive() -> None:
            for number in itertools.count():
                if stop.wait(1 / PER_SECOND):
                    return
                self.one(number)

        thread = threading.Thread(target=drive, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(4 * GIVE_UP_S + 1)

"""A client that keeps what was acknowledged, and what it was told while things died."""

import itertools
import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.faults.judging import Ack, Book
from tests.serve.client import Client

PER_SECOND = 4.0
GIVE_UP_S = 2.0
AGAIN_S = 0.3
NOTHING_LISTENS = "refused"
CUT = "cut off"
OWN = ("problem", "page: one moment")
RECOMMEND, FEEDBACK = "/recommend", "/feedback"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, or why there was none, and how many seconds it took."""

    at: float
    what: str
    fine: bool = False
    path: str = ""
    took: float = 0.0


@dataclass
class Ledger:
    """Tips and reactions of a few people in turn, at a steady rate.

    A reaction is tried again under its key until it is acknowledged, at least once and for
    `patience_s`. With one of `hands` the next waits for the one before.
    """

    clients: list[Client]
    per_second: float = PER_SECOND
    patience_s: float = 0.0
    hands: int = 1
    give_up_s: float = GIVE_UP_S
    book: Book = field(default_factory=Book)
    by_person: dict[str, list[int]] = field(default_factory=dict)  # numbers, by cookie
    said: list[Said] = field(default_factory=list)
    failed: int = 0  # reactions that were given up
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def acknowledged(self) -> dict[str, int]:
        """The number of each acknowledged reaction, by its key."""
        return {key: ack.seq for key, ack in list(self.book.acknowledged.items())}

    def since(self, began: float, ended: float = math.inf) -> list[Said]:
        """What was said in that time."""
        return [it for it in list(self.said) if began <= it.at < ended]

    def foreign(self) -> set[str]:
        """Answers that oO did not give."""
        return {it.what for it in self.said} - {"200", *OWN, NOTHING_LISTENS, CUT}

    def back_after(self, since: float) -> float:
        """From `since` to the first tip after the last failure; 0 where nothing failed."""
        later = self.since(since)
        failed = [it.at for it in later if not it.fine]
        if not failed:
            return 0.0
        return min((it.at for it in later if it.fine and it.at > failed[-1]), default=1e9) - since

    def noticed(self, since: float) -> str:
        """What was said instead of tips."""
        counts = Counter(it.what for it in self.since(since) if not it.fine)
        return ", ".join(f"{count} × {what}" for what, count in counts.items()) or "nothing"

    def p99_ms(self, began: float, ended: float = math.inf) -> float | None:
        """The time that one request of a hundred took longer than, good or bad."""
        took = sorted(it.took for it in self.since(began, ended))
        return took[math.ceil(0.99 * len(took)) - 1] * 1000 if took else None

    def well_for(self, seconds: float) -> bool:
        """Whether all that was said in the last seconds was a tip."""
        recent = self.since(time.monotonic() - seconds)
        return len(recent) >= seconds * PER_SECOND / 3 and all(it.fine for it in recent)

    def one(self, number: int) -> None:
        """A tip and its reaction, tried again under the same key until it is acknowledged."""
        client = self.clients[number % len(self.clients)]
        key, tip_id = uuid.uuid4().hex, ""
        action = "snooze" if self.hands == 1 or number % 3 == 0 else "dismiss"
        end, tries = time.monotonic() + self.patience_s, 0
        while tries < 2 or time.monotonic() < end:
            tries += 1
            if not tip_id:
                answer = self._ask(client, RECOMMEND, {}, None)
                tip_id = answer["tip"]["id"] if answer and answer["tip"] else ""
            body = {"tip_id": tip_id, "action": action, "dwell_ms": 30_000}
            keyed = {"Idempotency-Key": key}
            answer = self._ask(client, FEEDBACK, keyed, body) if tip_id else None
            if answer:
                self._note(client, key, tip_id, answer["seq"])
                return
            if self.patience_s:
                time.sleep(AGAIN_S)
        with self.lock:
            self.failed += 1

    def _note(self, client: Client, key: str, tip_id: str, seq: int) -> None:
        with self.lock:
            self.book.note(key, Ack(tip_id, seq, time.monotonic()))
            self.by_person.setdefault(client.http.cookies["sid"], []).append(seq)

    def _ask(
        self, client: Client, path: str, headers: dict[str, str], body: object
    ) -> dict[str, Any] | None:
        began = time.monotonic()

        def said(what: str, *, fine: bool = False) -> None:
            now = time.monotonic()
            self.said.append(Said(now, what, fine, path, now - began))

        try:
            answer = client.http.post(path, headers=headers, json=body, timeout=self.give_up_s)
        except httpx2.ConnectError:
            said(NOTHING_LISTENS)
            return None
        except httpx2.HTTPError:
            said(CUT)
            return None
        if answer.status_code == 200:
            said("200", fine=True)
            found: dict[str, Any] = answer.json()
            if path == RECOMMEND and found["tip"]:
                self.book.tips.add(found["tip"]["id"])
            return found
        said(_kind_of(answer))
        return None

    @contextmanager
    def kept(self, count: int | None = None) -> Iterator[None]:
        """Ask and react in the background while the block runs, or so often, however long."""
        stop = threading.Event()

        def drive() -> None:
            with ThreadPoolExecutor(self.hands) as hands:
                began = time.monotonic()
                for number in itertools.count() if count is None else range(count):
                    due = began + number / self.per_second - time.monotonic()
                    if stop.wait(due if self.hands > 1 else 1 / self.per_second):
                        return
                    if self.hands == 1:
                        self.one(number)
                    else:
                        hands.submit(self.one, number)

        thread = threading.Thread(target=drive, daemon=True)
        thread.start()
        try:
            yield
        finally:
            if count is None:
                stop.set()
            else:
                thread.join(count / self.per_second)
            thread.join(4 * self.give_up_s + self.patience_s + 1)


def _kind_of(answer: httpx2.Response) -> str:
    """What an answer that is no tip says."""
    kind = answer.headers.get("content-type", "")
    if kind == "application/problem+json" and answer.json()["code"]:
        return OWN[0]
    if "<h1>One moment.</h1>" in answer.text and answer.headers["retry-after"]:
        return OWN[1]
    return f"{answer.status_code} {kind} {answer.text[:80]}"

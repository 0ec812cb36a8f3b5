"""A steady load of tips and reactions that keeps what it was told, request by request."""

import asyncio
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx2

GIVE_UP_S = 5.0
TRIES = 4
REST_S = 0.5


class Answer(NamedTuple):
    """One request: when it was sent, how long it took, what came, whether it was a first try."""

    at: float
    took: float
    what: str
    is_first: bool

    @property
    def is_fine(self) -> bool:
        """Whether it was answered as asked."""
        return self.what == "200"


@dataclass
class Steady:
    """`per_second` requests a second: a tip, then the reaction to it, of each person in turn.

    What fails is sent again under the same key, as a page does; `answers` has every try.
    """

    url: str
    cookies: Sequence[str]
    per_second: float = 20.0
    answers: list[Answer] = field(default_factory=list)
    acknowledged: dict[str, tuple[str, int]] = field(default_factory=dict)  # key: cookie, number
    keys: set[str] = field(default_factory=set)  # of all reactions that were sent
    given_up: int = 0
    late_s: float = 0.0  # how much the load itself was behind its times

    @contextmanager
    def kept(self, most_s: float = 900.0) -> Iterator[None]:
        """Asked in the background while the block runs, `most_s` seconds at the longest."""
        stop = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._drive(stop, most_s)))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def between(self, since: float, until: float) -> "Span":
        """What was sent in that time."""
        return Span([it for it in self.answers if since <= it.at < until])

    async def _drive(self, stop: threading.Event, most_s: float) -> None:
        limits = httpx2.Limits(max_connections=200, max_keepalive_connections=50)
        async with httpx2.AsyncClient(
            base_url=self.url, timeout=GIVE_UP_S, limits=limits
        ) as client:
            begun, running = time.monotonic(), set[asyncio.Task[None]]()
            for number in range(int(most_s * self.per_second / 2)):
                due = begun + number * 2 / self.per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self.late_s = max(self.late_s, time.monotonic() - due)
                if stop.is_set():
                    break
                task = asyncio.create_task(self._one(client, number))
                running.add(task)
                task.add_done_callback(running.discard)
            await asyncio.gather(*running)

    async def _one(self, client: httpx2.AsyncClient, number: int) -> None:
        cookie, key = self.cookies[number % len(self.cookies)], uuid.uuid4().hex
        own = {"Cookie": f"sid={cookie}"}
        found = await self._asked(client, "/recommend", own, {})
        if not found:
            return
        tip = found.get("tip")
        if not tip:
            return
        body = {
            "tip_id": tip["id"],
            "action": "dismiss" if number % 3 else "snooze",
            "dwell_ms": 30_000,
        }
        self.keys.add(key)
        known = await self._asked(client, "/feedback", {**own, "Idempotency-Key": key}, body)
        if known:
            self.acknowledged[key] = (cookie, known["seq"])

    async def _asked(
        self, client: httpx2.AsyncClient, path: str, headers: dict[str, str], body: object
    ) -> dict[str, Any] | None:
        for number in range(TRIES):
            at = time.monotonic()
            try:
                answer = await client.post(path, headers=headers, json=body)
                what = _said(answer)
            except httpx2.HTTPError as error:
                answer, what = None, type(error).__name__
            self.answers.append(Answer(at, time.monotonic() - at, what, number == 0))
            if answer is not None and answer.status_code == 200:
                found: dict[str, Any] = answer.json()
                return found
            await asyncio.sleep(REST_S)
        self.given_up += 1
        return None


def _said(answer: httpx2.Response) -> str:
    """The status, and what oO or its proxy said where that is no answer."""
    if answer.status_code == 200:
        return "200"
    try:
        return f"{answer.status_code} {answer.json()['detail'][:60]}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} of a proxy"


class Span(list[Answer]):
    """The answers of some time."""

    @property
    def asked(self) -> int:
        """How many first tries there were."""
        return sum(it.is_first for it in self)

    @property
    def failed(self) -> int:
        """How many first tries were not answered as asked."""
        return sum(it.is_first and not it.is_fine for it in self)

    @property
    def share(self) -> float:
        """Which part of the first tries was answered."""
        return 1 - self.failed / self.asked if self.asked else 0.0

    @property
    def slowest_s(self) -> float:
        """The longest answer."""
        return max((it.took for it in self if it.is_fine), default=0.0)

    def percentile(self, part: float) -> float:
        """What that part of the answers took at most, in seconds."""
        times = sorted(it.took for it in self if it.is_fine)
        return times[min(len(times) - 1, int(part * len(times)))] if times else 0.0

    def well_after(self, since: float) -> float:
        """From `since` to the last request that failed, with what it took; 0 without any."""
        return max((it.at + it.took - since for it in self if not it.is_fine), default=0.0)

    def said(self) -> str:
        """What came instead of an answer."""
        counts = Counter(it.what for it in self if not it.is_fine)
        return ", ".join(f"{count} × {what}" for what, count in counts.most_common()) or "nothing"

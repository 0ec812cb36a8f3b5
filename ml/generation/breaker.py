"""A circuit breaker per alias and provider: what has just failed is left alone for a while.

After Nygard, "Release It!" (2018), ch. 5: closed while calls work, open for a pause after failures,
then half open: one call tries, its end decides, and the others wait for it. A provider that says
when to come back (429 or 503 with Retry-After, RFC 9110 §10.2.3) is taken at its word, for all
aliases that go there.
"""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from oo.kit.clock import Clock
from oo.kit.pauses import Pauses

FAILURES = 3  # in a row, before an alias is left alone
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
LONGEST_OWN_PAUSE_S = 8.0  # for a model of this machine, which is late when others are busy
PAUSES = Pauses(timedelta(seconds=FIRST_PAUSE_S), timedelta(seconds=LONGEST_PAUSE_S))
OWN_PAUSES = Pauses(timedelta(seconds=FIRST_PAUSE_S), timedelta(seconds=LONGEST_OWN_PAUSE_S))
LONGEST_WORD_S = 3600.0  # a provider's word that is longer is a mistake


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    until: float = 0.0
    trial: asyncio.Event | None = None


class Breaker:
    """Says for each name, an alias or a provider, whether it may be called now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}

    def rests_for(self, *names: str) -> float:
        """For how many seconds more one of them is to be left alone; 0 when they may be called.

        One that is being tried by somebody else rests too; `settled` waits for how that ends.
        """
        now = self._clock.monotonic()
        left = 0.0
        for name in names:
            circuit = self._circuits.get(name)
            if circuit is not None:
                left = max(left, circuit.until - now, FIRST_PAUSE_S if circuit.trial else 0.0)
        return max(left, 0.0)

    def is_open(self, name: str) -> bool:
        """Whether it has failed so often that it is tried one call at a time."""
        circuit = self._circuits.get(name)
        return circuit is not None and circuit.failures >= FAILURES

    async def settled(self, *names: str) -> None:
        """Return when nobody is trying one of them."""
        while trials := [c.trial for c in map(self._circuits.get, names) if c and c.trial]:
            await trials[0].wait()

    def begins(self, *names: str) -> None:
        """They are called now."""
        for name in names:
            circuit = self._circuits.get(name)
            if circuit is not None and circuit.failures >= FAILURES:
                circuit.trial = circuit.trial or asyncio.Event()

    def worked(self, *names: str) -> None:
        """The call was answered."""
        for name in names:
            if (circuit := self._circuits.pop(name, None)) is not None:
                _end_trial(circuit)

    def failed(self, name: str, pauses: Pauses = PAUSES) -> None:
        """The call was not answered: after some in a row a pause, twice as long each time."""
        circuit = self._circuits.setdefault(name, _Circuit())
        _end_trial(circuit)
        if circuit.until > self._clock.monotonic():
            return  # it began before the pause did: calls that fail together are one failure
        circuit.failures += 1
        if circuit.failures >= FAILURES:
            pause = pauses.after(circuit.failures - FAILURES + 1)
            self._rest(circuit, pause.total_seconds())

    def told_to_wait(self, name: str, seconds: float) -> None:
        """The provider has named a time before which it does not want to be called."""
        circuit = self._circuits.setdefault(name, _Circuit())
        self._rest(circuit, min(seconds, LONGEST_WORD_S))

    def ended(self, *names: str) -> None:
        """The call was given up by whoever made it, which says nothing of the model."""
        for name in names:
            if (circuit := self._circuits.get(name)) is not None:
                _end_trial(circuit)

    def _rest(self, circuit: _Circuit, seconds: float) -> None:
        circuit.until = max(circuit.until, self._clock.monotonic() + seconds)


def _end_trial(circuit: _Circuit) -> None:
    if circuit.trial is not None:
        circuit.trial.set()
        circuit.trial = None


def retry_after(error: BaseException, now: datetime) -> float | None:
    """The seconds that a provider's error asks to wait, from its Retry-After header, if any."""
    headers: Mapping[str, Any] = (
        getattr(getattr(error, "response", None), "headers", None)
        or getattr(error, "litellm_response_headers", None)
        or {}
    )
    given = str(headers.get("retry-after") or headers.get("Retry-After") or "").strip()
    if not given:
        return None
    try:
        seconds = float(given)
    except ValueError:
        try:
            until = parsedate_to_datetime(given)
        except ValueError:
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        seconds = (until - now).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None

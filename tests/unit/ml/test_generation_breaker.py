"""What has just failed is left alone, by everybody who would call it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import litellm
import pytest

from ml.generation.aliases import Aliases
from ml.generation.breaker import FAILURES, FIRST_PAUSE_S, LONGEST_PAUSE_S, Breaker, retry_after
from ml.generation.completion import CompletionFailedError, CompletionRequest
from ml.generation.settings import Alias, ModelSettings
from oo.kit.clock import ManualClock

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
REQUEST = CompletionRequest([{"role": "user", "content": "hello"}], 'root ::= "x"', {}, 40)


class Provider:
    """Counts its calls; raises what it is told to, else answers."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None

    async def __call__(self, _: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        if self.error:
            raise self.error
        message = {"role": "assistant", "content": "{}"}
        return {"choices": [{"message": message, "finish_reason": "stop"}]}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def made(provider: Provider, clock: ManualClock, *names: str) -> Aliases:
    own = Alias(model="oo-engine/embedded", prompt="embedded-v1")
    aliases = dict.fromkeys(("tip-generator", *names), own)
    return Aliases(ModelSettings(aliases=aliases), provider, clock)


async def ask(aliases: Aliases, name: str = "tip-generator") -> str:
    try:
        await aliases.completer(name).complete(REQUEST)
    except CompletionFailedError as error:
        return str(error)
    return ""


def test_pauses_double_and_end(clock: ManualClock) -> None:
    breaker, pauses = Breaker(clock), []
    for _ in range(FAILURES + 9):
        breaker.failed("m")
        pauses.append(breaker.rests_for("m"))
        clock.advance(pauses[-1])
    assert pauses[: FAILURES + 2] == [0, 0, FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S
    breaker.worked("m")
    assert breaker.rests_for("m") == 0


def test_a_half_open_one_is_tried_once(clock: ManualClock) -> None:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.failed("m")
    clock.advance(FIRST_PAUSE_S)
    assert breaker.rests_for("m") == 0
    breaker.begins("m")
    assert breaker.rests_for("m") > 0
    breaker.ended("m")  # whoever tried gave up; the next may
    assert breaker.rests_for("m") == 0


async def test_a_model_that_is_away_is_not_called_each_time(clock: ManualClock) -> None:
    provider = Provider()
    provider.error = ConnectionError("away")
    aliases = made(provider, clock)
    for _ in range(120):  # four minutes of a job that looks every two seconds
        await ask(aliases)
        clock.advance(2)
    assert provider.calls < 40
    await ask(aliases)
    assert "left alone for" in await ask(aliases)
    provider.error = None
    clock.advance(LONGEST_PAUSE_S)
    assert await ask(aliases) == ""
    assert aliases.rests_for() == 0


async def test_a_provider_is_taken_at_its_word_for_all_its_aliases(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = httpx.Request("POST", "http://127.0.0.1")
    response = httpx.Response(429, headers={"Retry-After": "120"}, request=request)
    provider = Provider()
    aliases = made(provider, clock, "judge")

    async def limited(**_: Any) -> None:
        provider.calls += 1
        raise litellm.RateLimitError("slow down", "openai", "m", response=response)

    monkeypatch.setattr(litellm, "acompletion", limited)
    await ask(aliases)
    assert aliases.rests_for() == pytest.approx(120)
    await ask(aliases)
    await ask(aliases, "judge")
    assert provider.calls == 1
    clock.advance(121)
    await ask(aliases, "judge")
    assert provider.calls == 2


async def test_who_asks_while_a_model_is_tried_waits_for_how_that_ends(clock: ManualClock) -> None:
    provider = Provider()
    provider.error = ConnectionError("away")
    aliases = made(provider, clock)
    for _ in range(FAILURES):
        await ask(aliases)
    clock.advance(FIRST_PAUSE_S)
    provider.error = None
    assert await asyncio.gather(*(ask(aliases) for _ in range(16))) == [""] * 16


async def test_calls_that_fail_together_are_one_failure(clock: ManualClock) -> None:
    provider = Provider()
    provider.error = ConnectionError("away")
    aliases = made(provider, clock)
    await asyncio.gather(*(ask(aliases) for _ in range(16)))
    assert aliases.rests_for() == FIRST_PAUSE_S


async def test_calls_take_turns(clock: ManualClock) -> None:
    under_way, is_full = list[int](), asyncio.Event()

    class Busy(Provider):
        async def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
            self.now = getattr(self, "now", 0) + 1
            under_way.append(self.now)
            if self.now == aliases.alias("tip-generator").parallel:
                is_full.set()
            await asyncio.wait_for(is_full.wait(), 30)  # nobody is done before all places are taken
            await asyncio.sleep(0.02)
            self.now -= 1
            return await super().__call__(body)

    aliases = made(Busy(), clock)
    assert await asyncio.gather(*(ask(aliases) for _ in range(40))) == [""] * 40
    assert max(under_way) == aliases.alias("tip-generator").parallel


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("Wed, 25 Nov 2026 12:01:00 GMT", 60.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(given: str, seconds: float | None) -> None:
    error = Exception("limited")
    error.litellm_response_headers = {"retry-after": given}  # type: ignore[attr-defined]
    assert retry_after(error, NOW) == seconds

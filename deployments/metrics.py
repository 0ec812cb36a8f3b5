"""What `/metrics` says of models and of the engine; none of it names a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.generation.states import AliasState
from oo.domain.model_calls import BUCKETS_S, ModelCall
from oo.kit.clock import Clock
from oo.kit.metrics import Counted, Found, Level, Timed

HEARD_S = 30.0  # a replica of the engine of which nothing is heard for so long has ended

_TAGS = ("alias", "model", "outcome")

CALLS = Counted("oo_model_calls", "Calls of models", *_TAGS)
TOKENS = Counted("oo_model_tokens", "Tokens", "alias", "model", "direction")
COST = Counted("oo_model_cost_usd", "US dollars", "alias", "model")
TIPS = Counted("oo_model_tips", "Tips by gate", "alias", "model", "gate")
LATENCY = Timed("oo_model_latency_seconds", "Seconds of a call", BUCKETS_S, *_TAGS)
ASKED = Level("oo_model_asked", "1 while the alias is asked, 0 while it is left alone", "alias")
ENGINE = Found("oo_engine_requests", "Answers that engines write, or have not begun", "state")


def count(calls: Sequence[ModelCall]) -> None:
    """Count these calls."""
    for call in calls:
        of = (call.alias, call.model)
        CALLS.inc(*of, call.outcome.value)
        LATENCY.observe(call.latency_s, *of, call.outcome.value)
        TOKENS.add(call.prompt_tokens, *of, "prompt")
        TOKENS.add(call.completion_tokens, *of, "completion")
        COST.add(call.cost_usd, *of)
        TIPS.add(call.accepted, *of, "accepted")
        TIPS.add(call.refused, *of, "refused")


def show(states: Sequence[AliasState]) -> None:
    """Have it said which aliases are asked."""
    for one in states:
        ASKED.set(0 if one.barred or one.rests_until else 1, one.name)


class EngineLoad:
    """How much the replicas of the engine have to do; each look finds one of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[Any, tuple[float, Mapping[str, Any]]] = {}

    def hear(self, status: Mapping[str, Any]) -> None:
        """Take in what :meth:`deployments.engine.TipEngine.status` says, and have it said."""
        now = self._clock.monotonic()
        self._heard[status["replica"]] = (now, status)
        self._heard = {it: told for it, told in self._heard.items() if now - told[0] < HEARD_S}
        for state in ("running", "waiting"):
            ENGINE.set(sum(told[state] for _, told in self._heard.values()), state)

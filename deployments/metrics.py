"""What `/metrics` says of the calls of models and of their aliases; none of it names a person."""

from collections.abc import Sequence

from ml.generation.states import AliasState
from oo.domain.model_calls import BUCKETS_S, ModelCall
from oo.kit.metrics import Counted, Level, Timed

_TAGS = ("alias", "model", "outcome")

CALLS = Counted("oo_model_calls", "Calls of models", *_TAGS)
TOKENS = Counted("oo_model_tokens", "Tokens", "alias", "model", "direction")
COST = Counted("oo_model_cost_usd", "US dollars", "alias", "model")
TIPS = Counted("oo_model_tips", "Tips by gate", "alias", "model", "gate")
LATENCY = Timed("oo_model_latency_seconds", "Seconds of a call", BUCKETS_S, *_TAGS)
ASKED = Level("oo_model_asked", "1 while the alias is asked, 0 while it is left alone", "alias")


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

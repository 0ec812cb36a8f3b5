"""What Prometheus sees of the calls of models, at the metrics address of Ray's node."""

from collections.abc import Sequence

from ray.serve.metrics import Counter, Histogram

from oo.domain.model_calls import BUCKETS_S, ModelCall

_TAGS = ("alias", "model", "outcome")


class Metrics:
    """Counters of one process; none of them names a person."""

    def __init__(self) -> None:
        self._calls = Counter("oo_model_calls_total", "Calls of models.", _TAGS)
        self._tokens = Counter("oo_model_tokens_total", "Tokens.", ("alias", "model", "direction"))
        self._cost = Counter("oo_model_cost_usd_total", "US dollars.", ("alias", "model"))
        self._tips = Counter("oo_model_tips_total", "Tips by gate.", ("alias", "model", "gate"))
        self._latency = Histogram(
            "oo_model_latency_seconds", "Seconds of a call.", list(BUCKETS_S), _TAGS
        )

    def count(self, calls: Sequence[ModelCall]) -> None:
        """Count these calls."""
        for call in calls:
            of = {"alias": call.alias, "model": call.model}
            outcome = of | {"outcome": call.outcome.value}
            self._calls.inc(1, outcome)
            self._latency.observe(max(call.latency_s, 1e-6), outcome)
            if call.cost_usd:
                self._cost.inc(call.cost_usd, of)
            for direction, tokens in (
                ("prompt", call.prompt_tokens),
                ("completion", call.completion_tokens),
            ):
                if tokens:
                    self._tokens.inc(tokens, of | {"direction": direction})
            for gate, tips in (("accepted", call.accepted), ("refused", call.refused)):
                if tips:
                    self._tips.inc(tips, of | {"gate": gate})

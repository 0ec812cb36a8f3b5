"""What a call of a model cost and how it ended (E9)."""

import asyncio
import time
from typing import Any

from ml.generation.account import Ledger
from ml.generation.engine_provider import litellm
from ml.generation.settings import Alias
from oo.domain.model_calls import ModelCall, Outcome

_OUTCOMES: tuple[tuple[tuple[type[BaseException], ...], Outcome], ...] = (
    ((litellm.Timeout, TimeoutError, asyncio.CancelledError), Outcome.LATE),
    ((litellm.RateLimitError,), Outcome.LIMITED),
    ((litellm.NotFoundError,), Outcome.MISSING),
    ((litellm.AuthenticationError, litellm.PermissionDeniedError), Outcome.DENIED),
    ((litellm.BadRequestError, litellm.UnprocessableEntityError), Outcome.REJECTED),
    ((litellm.APIResponseValidationError, ValueError, TypeError), Outcome.MALFORMED),
)


def outcome_of(error: BaseException) -> Outcome:
    """How a failed call ended."""
    return next((it for kinds, it in _OUTCOMES if isinstance(error, kinds)), Outcome.AWAY)


def is_priced(alias: Alias) -> bool:
    """Whether it is known what the alias costs: nothing where it is local."""
    if alias.price is not None or not alias.is_cloud:
        return True
    try:
        prices = litellm.cost_per_token(
            model=alias.model, prompt_tokens=1_000_000, completion_tokens=1_000_000
        )
    except Exception:  # LiteLLM knows models by many providers' tables, which fail in many ways
        return False
    return any(price > 0 for price in prices)  # where it says nothing, nobody wrote a price down


def cost_of(alias: Alias, answer: Any, prompt_tokens: int, completion_tokens: int) -> float:
    """US dollars of an answer: by the alias's own price, else by what LiteLLM knows."""
    if alias.price is not None:
        return alias.price.of(prompt_tokens, completion_tokens)
    if not alias.is_cloud or not is_priced(alias):
        return 0.0
    return float(litellm.completion_cost(completion_response=answer, model=alias.model))


class Call:
    """One call under way; it stands in the ledger once it has ended, whichever way."""

    def __init__(self, name: str, alias: Alias, ledger: Ledger) -> None:
        self.name, self.alias = name, alias
        self.prompt_tokens, self.completion_tokens = 0, 0
        self._ledger, self._cost, self._started = ledger, 0.0, time.perf_counter()

    @property
    def latency_s(self) -> float:
        """The seconds since it began."""
        return time.perf_counter() - self._started

    def answered(self, answer: Any) -> None:
        """Tokens and money are used, whatever the answer is worth."""
        usage = getattr(answer, "usage", None)
        self.prompt_tokens = getattr(usage, "prompt_tokens", 0) or 0
        self.completion_tokens = getattr(usage, "completion_tokens", 0) or 0
        self._cost = cost_of(self.alias, answer, self.prompt_tokens, self.completion_tokens)

    def ended(self, outcome: Outcome) -> None:
        """Write it down."""
        self._ledger.calls.append(
            ModelCall(
                alias=self.name,
                model=self.alias.model,
                place=self.alias.place,
                prompt_version=self._ledger.prompt_version,
                purpose=self._ledger.purpose,
                outcome=outcome,
                prompt_tokens=self.prompt_tokens,
                completion_tokens=self.completion_tokens,
                cost_usd=self._cost,
                latency_s=self.latency_s,
            )
        )

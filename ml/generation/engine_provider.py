"""The engine of our own cluster as a LiteLLM provider: a call is an async function, not HTTP."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from ml.generation.settings import ENGINE

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else the import asks the network

import litellm as litellm  # exported: whoever uses it must not import it before the line above
from litellm.llms.custom_llm import CustomLLM

litellm.telemetry = False
litellm.suppress_debug_info = True

EngineCall = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]
"""An OpenAI chat-completion request body to the response body; it may raise anything."""

_PASSED = ("max_tokens", "temperature", "top_p", "stop", "response_format")
_PASSED_EXTRA = ("structured_outputs", "answers")


class EngineProvider(CustomLLM):  # type: ignore[misc]  # LiteLLM is not typed here
    """Calls the injected engine. Raises LiteLLM's ServiceUnavailableError and Timeout."""

    def __init__(self, call: EngineCall) -> None:
        super().__init__()
        self._call = call

    async def acompletion(
        self,
        model: str,
        messages: list[dict[str, Any]],
        optional_params: dict[str, Any],
        timeout: float | None = None,  # noqa: ASYNC109  # LiteLLM's signature
        **_: Any,
    ) -> Any:
        """One completion; only known parameters go on, and never a seed."""
        body = _body(model, messages, optional_params)
        try:
            async with asyncio.timeout(timeout if isinstance(timeout, int | float) else None):
                answer = await self._call(body)
            return litellm.ModelResponse(**answer)
        except TimeoutError as error:
            raise litellm.Timeout("the engine is late", model, ENGINE) from error
        except Exception as error:
            raise litellm.ServiceUnavailableError(
                f"the engine failed: {error!r}", ENGINE, model
            ) from error


def _body(model: str, messages: list[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, Any]:
    extra = cast(Mapping[str, Any], params.get("extra_body") or {})
    body: dict[str, Any] = {"model": model, "messages": [dict(message) for message in messages]}
    body.update({name: params[name] for name in _PASSED if params.get(name) is not None})
    body.update({name: extra[name] for name in _PASSED_EXTRA if name in extra})
    return body


_PRICES = (
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_creation_input_token_cost",
    "cache_read_input_token_cost",
)


def know(model: str) -> None:
    """Tell LiteLLM what a call of this model of ours costs: nothing.

    It would search its tables for each answer anew.
    """
    free = dict.fromkeys(_PRICES, 0.0)
    litellm.register_model({model: {**free, "litellm_provider": ENGINE, "mode": "chat"}})


def register(call: EngineCall) -> None:
    """Make `call` what LiteLLM reaches as ``oo-engine/…`` in this process; the last one counts."""
    others = [item for item in litellm.custom_provider_map if item["provider"] != ENGINE]
    provider = EngineProvider(call)
    litellm.custom_provider_map = [*others, {"provider": ENGINE, "custom_handler": provider}]

"""Every LLM call goes through here: LiteLLM over the aliases of the settings (E3)."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ml.embedding.embedder import sentence_encoder
from ml.generation.account import Ledger
from ml.generation.breaker import OWN_PAUSES, PAUSES, Breaker, retry_after
from ml.generation.completion import Completion, CompletionFailedError, CompletionRequest
from ml.generation.costs import Call, is_priced, outcome_of
from ml.generation.engine_provider import EngineCall, know, litellm, register
from ml.generation.settings import (
    EMBEDDER,
    TIP_GENERATOR,
    Alias,
    ModelSettings,
    Structure,
)
from ml.generation.states import AliasState
from ml.generation.traced import headers_of, told, traced
from oo.domain.model_calls import NO_CLOUD, Outcome, Spent, Terms
from oo.kit import tracing
from oo.kit.clock import Clock, SystemClock

_WANT_A_KEY = ("openai/", "litellm_proxy/")  # their clients, whether the server does or not
CONSENT = "a cloud model needs the person's consent"


class Aliases:
    """The models behind the aliases; `update` swaps them while calls go on.

    `engine` serves the provider ``oo-engine``; without one, its aliases fail at once.
    """

    def __init__(
        self,
        settings: ModelSettings,
        engine: EngineCall | None = None,
        clock: Clock | None = None,
    ) -> None:
        register(engine or _no_engine)
        self._clock = clock or SystemClock()
        self.update(settings)

    def update(self, settings: ModelSettings) -> None:
        """Take over new settings; calls under way end with the old ones, pauses end at once."""
        self.settings = settings
        self._breaker = Breaker(self._clock)
        self._unpriced = {name for name, one in settings.aliases.items() if not is_priced(one)}
        # without turns a busy engine is late for all calls at once, and none of the work counts
        self._turns = {
            name: asyncio.Semaphore(alias.parallel) for name, alias in settings.aliases.items()
        }
        # without LiteLLM's router: an alias is one model, so there is nothing to route
        self._always = {name: _always(alias) for name, alias in settings.aliases.items()}
        for alias in settings.aliases.values():
            if alias.is_own and not alias.is_cloud:
                know(alias.model)

    def alias(self, name: str) -> Alias:
        """The settings of an alias. Raises CompletionFailedError if there is none."""
        if name not in self.settings.aliases:
            raise CompletionFailedError(f"there is no model alias {name!r}")
        return self.settings.aliases[name]

    def completer(
        self, name: str = TIP_GENERATOR, terms: Terms = NO_CLOUD, ledger: Ledger | None = None
    ) -> "AliasCompleter":
        """A completer that asks this alias for a person on their terms, on their account."""
        return AliasCompleter(self, name, terms, ledger or Ledger())

    async def complete(
        self, name: str, request: CompletionRequest, terms: Terms, ledger: Ledger
    ) -> Completion:
        """Ask the alias, then its fallbacks in order. Raises CompletionFailedError.

        The chain is walked here, and not by LiteLLM's router, because each backend takes the
        answer's form in its own way, a cloud model needs consent, and each has its budget.
        """
        failures = []
        for tried in self._chain(name):
            try:
                if self.alias(tried).is_own:
                    return await self._in_turn(tried, request, terms, ledger)
                return await self._one_by_one(tried, request, terms, ledger)
            except CompletionFailedError as error:
                failures.append(f"{tried}: {error}")
            except Exception as error:  # providers fail in many types, all with the same cure
                failures.append(f"{tried}: {_first_line(error)}")
        raise CompletionFailedError(f"no model answered ({'; '.join(failures)})")

    async def _in_turn(
        self, name: str, request: CompletionRequest, terms: Terms, ledger: Ledger
    ) -> Completion:
        """Ask this alias when its turn comes. Raises CompletionFailedError if it is not asked."""
        async with AsyncExitStack() as turn:
            with tracing.span("turn"):
                await turn.enter_async_context(self._turns[name])
            await self._breaker.settled(name, _provider(self.alias(name)))
            if left := self._rests_for(name):
                raise CompletionFailedError(f"left alone for {left:.0f} s more after it failed")
            spent = terms.spent.plus(ledger.calls)  # others' turns came first
            if why := self.barred(name, terms._replace(spent=spent)):
                raise CompletionFailedError(why)
            return await self._guarded(name, request, ledger)

    async def _one_by_one(
        self, name: str, request: CompletionRequest, terms: Terms, ledger: Ledger
    ) -> Completion:
        """The same, a call for each form: other servers write one answer a call."""
        asked = (self._in_turn(name, part, terms, ledger) for part in request.parts)
        found = await asyncio.gather(*asked, return_exceptions=True)
        answered = [one for one in found if isinstance(one, Completion)]
        if not answered:
            raise next(one for one in found if isinstance(one, BaseException))
        text, *more = (one.text if isinstance(one, Completion) else "" for one in found)
        return replace(
            answered[0],
            text=text,
            prompt_tokens=sum(one.prompt_tokens for one in answered),
            completion_tokens=sum(one.completion_tokens for one in answered),
            latency_s=max(one.latency_s for one in answered),
            more=tuple(more),
        )

    def barred(self, name: str, terms: Terms) -> str | None:
        """Why the alias is not asked on these terms, however well it is; None when it may be."""
        alias, budgets = self.alias(name), self.settings.budgets
        if alias.is_cloud:
            if not terms.cloud_consent:
                return CONSENT
            if not alias.has_key:
                return "its key is not set"
            if budgets.cloud_usd is not None and name in self._unpriced:
                return "its price is not known: set one, or no budget in money"
        return budgets.past(alias.place, terms.spent)

    def allowed(self, name: str = TIP_GENERATOR, terms: Terms = NO_CLOUD) -> list[str]:
        """Those of the alias's chain that may be asked on these terms, in order."""
        return [tried for tried in self._chain(name) if self.barred(tried, terms) is None]

    def rests_for(self, name: str = TIP_GENERATOR) -> float:
        """For how many seconds more no model of the alias's chain is to be called; 0: one may be.

        Cloud models count as if the person had agreed.
        """
        return min(self._rests_for(tried) for tried in self._chain(name))

    def states(self, usd: float) -> list[AliasState]:
        """How each alias is, with so much spent on cloud models today."""
        terms, now = Terms(cloud_consent=True, spent=Spent(usd=usd)), self._clock.now()
        found = []
        for name, alias in self.settings.aliases.items():
            left = self._rests_for(name)
            until = now + timedelta(seconds=left) if left else None
            is_open = self._breaker.is_open(name)
            found.append(AliasState(name, alias, self.barred(name, terms), until, is_open))
        return found

    async def embed(
        self, texts: Sequence[str], name: str = EMBEDDER, terms: Terms = NO_CLOUD
    ) -> list[list[float]]:
        """One vector per text. Raises CompletionFailedError."""
        if why := self.barred(name, terms):
            raise CompletionFailedError(f"{name}: {why}")
        if self.alias(name).is_embedded:
            found = await asyncio.to_thread(sentence_encoder(), list(texts))
            return [list(map(float, row)) for row in found]
        try:
            answer = await litellm.aembedding(input=list(texts), **self._always[name])
        except Exception as error:
            raise CompletionFailedError(f"{name}: {_first_line(error)}") from error
        return [list(row["embedding"]) for row in answer.data]

    def _chain(self, name: str) -> tuple[str, ...]:
        return (name, *self.alias(name).fallbacks)

    def _rests_for(self, name: str) -> float:
        return self._breaker.rests_for(name, _provider(self.alias(name)))

    async def _guarded(self, name: str, request: CompletionRequest, ledger: Ledger) -> Completion:
        """Ask, and let the breaker and the account know how it ended."""
        breaker, provider = self._breaker, _provider(self.alias(name))
        breaker.begins(name, provider)
        call = Call(name, self.alias(name), ledger)
        try:
            with traced(name, self.alias(name), request) as span:
                completion = await self._ask(call, request)
                told(span, completion)
        except Exception as error:
            breaker.failed(name, OWN_PAUSES if self.alias(name).is_own else PAUSES)
            seconds = retry_after(error, self._clock.now())
            if seconds is not None:
                breaker.told_to_wait(provider, seconds)
            call.ended(outcome_of(error))
            raise
        except BaseException as error:
            breaker.ended(name, provider)
            call.ended(outcome_of(error))
            raise
        breaker.worked(name, provider)
        call.ended(Outcome.ANSWERED)
        return completion

    async def _ask(self, call: Call, request: CompletionRequest) -> Completion:
        given = headers_of(call.alias) | _arguments(call.alias, request)
        answer = await litellm.acompletion(
            messages=list(request.messages), **(self._always[call.name] | given)
        )
        call.answered(answer)
        texts = [one.message.content or "" for one in answer.choices]
        if not any(text.strip() for text in texts):
            raise ValueError(_why_empty(answer.choices[0]))
        if call.alias.is_own:
            texts = [form.begin + it for form, it in zip(request.forms, texts, strict=False)]
        text, *more = texts
        return Completion(
            text=text,
            model=call.alias.model,
            prompt_tokens=call.prompt_tokens,
            completion_tokens=call.completion_tokens,
            latency_s=call.latency_s,
            alias=call.name,
            more=tuple(more),
        )


@dataclass(frozen=True, slots=True)
class AliasCompleter:
    """The completer's border over one alias."""

    aliases: Aliases
    name: str
    terms: Terms
    ledger: Ledger

    async def complete(self, request: CompletionRequest) -> Completion:
        """See Completer."""
        return await self.aliases.complete(self.name, request, self.terms, self.ledger)


def _provider(alias: Alias) -> str:
    """Whose limits a call counts against."""
    return f"{alias.model.partition('/')[0]} at {alias.api_base or 'its own address'}"


def _arguments(alias: Alias, request: CompletionRequest) -> dict[str, Any]:
    """The call's arguments; what the settings say goes before what the request proposes."""
    arguments: dict[str, Any] = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
    }
    if alias.structure is Structure.GRAMMAR:
        arguments["extra_body"] = {"structured_outputs": {"grammar": request.grammar}}
        if alias.is_own and (request.begin or request.more):
            answers = [
                {"begin": form.begin, "grammar": form.rest if form.begin else form.grammar}
                for form in request.forms
            ]
            arguments["extra_body"] = {"answers": answers}
    else:
        schema = {"name": "tips", "schema": request.schema, "strict": True}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    return arguments | alias.params


def _always(alias: Alias) -> dict[str, Any]:
    """The arguments of every call: whom to ask, for how long, and once."""
    arguments: dict[str, Any] = {
        "model": alias.model,
        "timeout": alias.timeout_s,
        "max_retries": 0,
        "num_retries": 0,
    }
    if not alias.is_own:
        arguments["drop_params"] = True
    if alias.api_base:
        arguments["api_base"] = alias.api_base
    if key := alias.key:
        arguments["api_key"] = key
    elif not alias.is_cloud and alias.model.startswith(_WANT_A_KEY):
        arguments["api_key"] = "none"
    return arguments


def _why_empty(choice: Any) -> str:
    """Why there is no text, as far as the answer tells: providers end for several reasons."""
    reason = getattr(choice, "finish_reason", None) or "unknown"
    told = [f"finish reason {reason}"]
    if getattr(choice.message, "refusal", None):
        told.append("the model refused")
    if getattr(choice.message, "reasoning_content", None):
        told.append("it only thought; allow it more tokens or turn thinking off")
    elif reason == "length":
        told.append("allow it more tokens")
    return f"an empty answer ({', '.join(told)})"


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__} {str(error).splitlines()[0] if str(error) else ''}".strip()


async def _no_engine(_: dict[str, Any]) -> dict[str, Any]:
    raise ConnectionError("no engine in this process")

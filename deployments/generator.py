"""TipGenerator: a thin shim that makes candidates ahead of need (context → gate → pool)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from ray import serve

from deployments import metrics
from deployments.calls import answered, called, calling
from deployments.process import start
from ml.composing.writing import knowing_composer, write
from ml.finetuning.adapters import adapter_of
from ml.generation.account import Ledger
from ml.generation.gate import pool_key
from ml.generation.settings import TIP_GENERATOR, ModelSettings, load_settings
from ml.generation.states import STATES, tell
from ml.prompts.prompt import Prompt, given
from ml.prompts.prompt import load as load_prompt
from oo.domain.agents import Report
from oo.domain.context import PromptContext
from oo.domain.health import State
from oo.domain.model_calls import ModelCall, Spent, Terms
from oo.domain.pools import Ahead, Ended
from oo.kit import tracing
from oo.kit.niceness import BEHIND
from oo.mlops.adapters import model_with
from oo.mlops.agents import Listener
from oo.recommend.ahead import AheadFiller
from oo.recommend.filling import Filled, PoolFiller
from oo.recommend.ports import Assembled, Written
from oo.store import adapters, model_calls

if TYPE_CHECKING:
    from ml.generation.aliases import Aliases

log = logging.getLogger(__name__)

ENGINE_ANSWERS_WITHIN_S = 1.0
SPENT_HOLDS_S = 10.0
LOOK_EVERY_S = 1.0


class _Assembler:
    """The assembler's handle as the filler sees it."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    async def assemble(self, user_id: str, at: datetime | None = None) -> Assembled | None:
        with calling("ContextAssembler.assemble"):
            call = self._handle.assemble.remote(user_id, at, tracing.carried())
            assembled: Assembled | None = await answered(call)
            return assembled


class _Writer:
    """The gate over the alias `tip-generator`."""

    def __init__(
        self, aliases: "Aliases", random: Random, count: Callable[[Sequence[ModelCall]], None]
    ) -> None:
        self._aliases = aliases
        self._random = random
        self._count = count
        self.composer = knowing_composer()

    def pool_key(self, context: PromptContext, cloud_consent: bool) -> str:
        settings = self._aliases.settings
        alias = self._aliases.alias(TIP_GENERATOR)
        chain = [alias, *(settings.aliases[name] for name in alias.fallbacks)]
        # a budget that is used up makes no pool bad that was written before
        first = next((one for one in chain if cloud_consent or not one.is_cloud), alias)
        return pool_key(context, self._prompt(context), first.model)

    def _prompt(self, context: PromptContext) -> Prompt:
        """The alias's own, or the one that the person was given."""
        return given(context, load_prompt(self._aliases.alias(TIP_GENERATOR).prompt))

    async def write(
        self, context: PromptContext, count: int, deadline_s: float, terms: Terms
    ) -> Written:
        prompt = self._prompt(context)
        ledger = Ledger(prompt.version)
        with tracing.span("pool.write"):
            made = await write(
                context,
                count,
                prompt,
                self._aliases.completer(TIP_GENERATOR, terms, ledger),
                self.composer,
                deadline_s=deadline_s,
                random=self._random,
            )
        calls = ledger.judged(made.attempts)
        self._count(calls)
        left = terms._replace(spent=terms.spent.plus(calls))
        # where no model may be asked, none will be back in a moment
        is_cut_short = bool(made.failures and self._aliases.allowed(TIP_GENERATOR, left))
        messages = [
            {"role": message["role"], "content": message["content"]}
            for message in prompt.render(context, 1)
        ]
        return Written(made.tips, is_cut_short, calls, messages)


class TipGenerator:
    """Fills pools through LiteLLM aliases; the in-cluster engine is one of their providers."""

    def __init__(self, assembler: Any, models: str, engine_app: str) -> None:
        base = start("generator", BEHIND)  # first of all: what is imported next may count, too
        # takes seconds, and building the application imports this module too
        from ml.generation.aliases import Aliases

        self._engine_app = engine_app
        self._engine: Any = None
        self._settings = load_settings(_file(models), base.settings.llm)
        self._adapter: str | None = None
        self._seen = 0  # the newest change of adapters that the aliases follow
        self._following: asyncio.Task[None] | None = None
        self._aliases = Aliases(self._settings, self._call_engine, base.clock)
        self._db, self._clock = base.db, base.clock
        self._usd, self._usd_until = 0.0, 0.0
        self._load = metrics.EngineLoad(base.clock)
        self._told = base.settings.data_dir / STATES
        writer = _Writer(self._aliases, base.random, metrics.count)
        self._listener = Listener(base.db, base.clock, lambda: writer.composer)
        parts = (base.db, base.clock, _Assembler(assembler), writer)
        self._filler, self._ahead = PoolFiller(*parts), AheadFiller(*parts)

    async def reconfigure(self, config: dict[str, Any]) -> None:
        """Take over other aliases (`{"models": {...}}`, the shape of configs/models.yaml)."""
        if self._following is None:  # the constructor runs outside the loop
            self._following = asyncio.get_running_loop().create_task(self._follow())
        if "models" not in config:
            return
        try:
            self._settings = ModelSettings.model_validate(config["models"])
        except ValidationError as error:
            # raising here would cost the replica; what serves goes on
            log.error("the aliases are wrong and were not taken over: %s", error)
            return
        self._aliases.update(adapted(self._settings, self._adapter))

    async def fill(self, user_id: str, deadline_s: float, carried: str = "") -> Filled:
        """Fill the person's pool for now."""
        with called("TipGenerator.fill", carried, user_id):
            return await self._filler.fill(user_id, deadline_s)

    async def listen(self, user_id: str, carried: str = "") -> Report:
        """What the sub-agents say of the person, as the writer is told it."""
        with called("TipGenerator.listen", carried, user_id):
            return await self._listener.listen(user_id)

    async def fill_ahead(
        self, user_id: str, turn: Ahead, deadline_s: float, carried: str = ""
    ) -> Ended:
        """Give the person their turn in a nightly batch."""
        with called("TipGenerator.fill_ahead", carried, user_id):
            return await self._ahead.fill(user_id, turn, deadline_s)

    async def status(self) -> str:
        """Answers when the replica is up."""
        return State.READY.value

    async def engine_state(self) -> str:
        """Whether a model behind `tip-generator` takes calls; others than ours are taken to."""
        usd = await self._usd_spent()
        states = self._aliases.states(usd)
        tell(self._told, self._aliases.settings.budgets, states)
        metrics.show(states)
        terms = Terms(cloud_consent=True, spent=Spent(usd=usd))
        if not self._aliases.allowed(TIP_GENERATOR, terms):
            return State.SPENT.value
        if self._aliases.rests_for():
            return State.RESTING.value
        if not self._aliases.alias(TIP_GENERATOR).is_own:
            return State.READY.value
        try:
            async with asyncio.timeout(ENGINE_ANSWERS_WITHIN_S):
                self._load.hear(await answered(self._handle().status.remote()))
        except Exception:
            return State.WARMING.value
        return State.READY.value

    async def _usd_spent(self) -> float:
        """What cloud models cost today, read again after a few seconds."""
        if self._clock.monotonic() >= self._usd_until:
            async with self._db.read() as connection:
                self._usd = await model_calls.usd_spent(connection, self._clock.now())
            self._usd_until = self._clock.monotonic() + SPENT_HOLDS_S
        return self._usd

    async def _call_engine(self, body: dict[str, Any]) -> dict[str, Any]:
        fields = {name: value for name, value in body.items() if name != "model"}
        if adapter := adapter_of(str(body.get("model", ""))):
            fields["adapter"] = str(adapter)
        with calling("TipEngine.chat_json"):
            call = self._handle().chat_json.remote(fields, tracing.carried())
            answer: dict[str, Any] = await answered(call)
            return answer

    async def _follow(self) -> None:
        """Take over which adapter was promoted or rolled back."""
        while True:
            try:
                async with self._db.read() as connection:
                    if await adapters.latest(connection) != self._seen:
                        found = await adapters.current(connection)
                        self._adapter = found.by_alias.get(TIP_GENERATOR)
                        self._aliases.update(adapted(self._settings, self._adapter))
                        self._seen = found.latest
            except Exception:
                log.exception("following adapters failed; it is tried again")
            await asyncio.sleep(LOOK_EVERY_S)

    def _handle(self) -> Any:
        if self._engine is None:
            self._engine = serve.get_app_handle(self._engine_app)
        return self._engine


def adapted(settings: ModelSettings, adapter: str | None) -> ModelSettings:
    """The aliases with this adapter on the tip generator's model, if that is our own engine's."""
    alias = settings.aliases.get(TIP_GENERATOR)
    if alias is None or adapter is None:
        return settings
    if not alias.is_own:
        log.warning("%s is not served by %s: adapters are of our own engine", adapter, alias.model)
        return settings
    changed = alias.model_copy(update={"model": model_with(alias.model, adapter)})
    return settings.model_copy(update={"aliases": {**settings.aliases, TIP_GENERATOR: changed}})


def _file(name: str) -> Path:
    return Path(__file__).parent.parent / name

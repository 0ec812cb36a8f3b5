"""TipGenerator: a thin shim that makes candidates ahead of need (context → gate → pool)."""

import asyncio
import logging
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from ray import serve

from deployments.calls import answered
from deployments.process import BEHIND, start
from ml.composing.writing import knowing_composer, write
from ml.finetuning.adapters import adapter_of
from ml.generation.gate import pool_key
from ml.generation.settings import TIP_GENERATOR, ModelSettings, load_settings
from ml.prompts.prompt import load as load_prompt
from oo.domain.context import PromptContext
from oo.domain.health import State
from oo.mlops.adapters import model_with
from oo.recommend.filling import Filled, PoolFiller
from oo.recommend.ports import Assembled, Written
from oo.store import adapters

if TYPE_CHECKING:
    from ml.generation.aliases import Aliases

log = logging.getLogger(__name__)

ENGINE_ANSWERS_WITHIN_S = 1.0
LOOK_EVERY_S = 1.0


class _Assembler:
    """The assembler's handle as the filler sees it."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    async def assemble(self, user_id: str) -> Assembled | None:
        assembled: Assembled | None = await answered(self._handle.assemble.remote(user_id))
        return assembled


class _Writer:
    """The gate over the alias `tip-generator`."""

    def __init__(self, aliases: "Aliases", random: Random) -> None:
        self._aliases = aliases
        self._random = random
        self._composer = knowing_composer()

    def pool_key(self, context: PromptContext) -> str:
        alias = self._aliases.alias(TIP_GENERATOR)
        return pool_key(context, load_prompt(alias.prompt), alias.model)

    async def write(self, context: PromptContext, count: int, deadline_s: float) -> Written:
        prompt = load_prompt(self._aliases.alias(TIP_GENERATOR).prompt)
        drafts, is_cut_short = await write(
            context,
            count,
            prompt,
            self._aliases.completer(),
            self._composer,
            deadline_s=deadline_s,
            random=self._random,
        )
        messages = [dict(message) for message in prompt.render(context, 1)]
        return Written(drafts, is_cut_short, messages)


class TipGenerator:
    """Fills pools through LiteLLM aliases; the in-cluster engine is one of their providers."""

    def __init__(self, assembler: Any, models: str, engine_app: str) -> None:
        # takes seconds, and building the application imports this module too
        from ml.generation.aliases import Aliases

        self._engine_app = engine_app
        self._engine: Any = None
        base = start("generator", BEHIND)
        self._db = base.db
        self._settings = load_settings(_file(models))
        self._adapter: str | None = None
        self._seen = 0  # the newest change of adapters that the aliases follow
        self._aliases = Aliases(self._settings, self._call_engine, base.clock)
        writer = _Writer(self._aliases, base.random)
        self._filler = PoolFiller(base.db, base.clock, _Assembler(assembler), writer)
        self._following: asyncio.Task[None] | None = None

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

    async def fill(self, user_id: str, deadline_s: float) -> Filled:
        """Fill the person's pool."""
        return await self._filler.fill(user_id, deadline_s)

    async def status(self) -> str:
        """Answers when the replica is up."""
        return State.READY.value

    async def engine_state(self) -> str:
        """Whether a model behind `tip-generator` takes calls; others than ours are taken to."""
        if self._aliases.rests_for():
            return State.RESTING.value
        if not self._aliases.alias(TIP_GENERATOR).is_own:
            return State.READY.value
        try:
            async with asyncio.timeout(ENGINE_ANSWERS_WITHIN_S):
                await answered(self._handle().status.remote())
        except Exception:
            return State.WARMING.value
        return State.READY.value

    async def _call_engine(self, body: dict[str, Any]) -> dict[str, Any]:
        fields = {name: value for name, value in body.items() if name != "model"}
        if adapter := adapter_of(str(body.get("model", ""))):
            fields["adapter"] = str(adapter)
        answer: dict[str, Any] = await answered(self._handle().chat_json.remote(fields))
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

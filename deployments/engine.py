"""The vLLM replica set: one engine per replica, warm before it takes calls, replaced when it dies.

The only module that imports vLLM, through `ray.serve.llm`. Callers send and get plain dicts of the
OpenAI chat format.
"""

import asyncio
import logging
import os
from importlib import metadata
from pathlib import Path
from typing import Any

from ray.serve.llm import LLMConfig, LLMServer, ModelLoadingConfig
from ray.serve.llm.openai_api_models import ChatCompletionRequest

from deployments import engine_internals
from deployments.answers import continuing, joined
from deployments.args import EngineArgs
from deployments.calls import called
from deployments.process import watched
from deployments.replica_internals import listen_where_wanted
from ml.finetuning import adapters
from ml.finetuning.targets import RANK, TARGETS
from oo.kit import tracing
from oo.kit.processors import serve_on_all
from oo.kit.settings import load_settings

log = logging.getLogger(__name__)

CPU_ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    # the worker lives in the core's process: one less that imports all of vLLM, for 16 s
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
}
# an engine that shares its processors with what people wait for works when these have nothing to do
CPU_RUNTIME = {
    "env_vars": CPU_ENVIRONMENT,
    "worker_process_setup_hook": "oo.kit.niceness.stay_behind",
}
ENGINE = {
    "max_model_len": 1024,
    "max_num_seqs": 32,
    "enable_prefix_caching": True,
    "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
}
AT_ONCE = 2  # adapters that an engine holds: the one in force, and the one before it
ADAPTERS = {
    "enable_lora": True,
    # one more than are ever loaded: on a CPU vLLM reads the last place for requests without one
    "max_loras": AT_ONCE + 1,
    "max_lora_rank": RANK,
    "lora_target_modules": list(TARGETS),
}
# where a CPU has no instructions for bfloat16, as with AVX2 alone, its products take nine times as
# long as those of float32
CPU_ENGINE = {
    **ENGINE,
    "dtype": "float32",
    "enforce_eager": True,
    "distributed_executor_backend": "uni",
}


class TipEngine(LLMServer):
    """One vLLM engine."""

    async def __init__(  # type: ignore[misc]  # Serve awaits an asynchronous constructor
        self, llm_config: LLMConfig
    ) -> None:
        listen_where_wanted()
        serve_on_all()
        watched(load_settings(), "engine", libraries=True)
        await super().__init__(llm_config)
        self._model = llm_config.model_id
        self._loading = asyncio.Lock()
        self._loaded: list[str] = []  # adapters, the one used last at the end
        self._at_once: int = llm_config.engine_kwargs.get("max_num_seqs", ENGINE["max_num_seqs"])
        self._asked = 0  # answers that are being written, or wait for that
        # the first request and the first grammar each cost seconds: pay before taking calls
        await self.chat_json(
            {
                "messages": [{"role": "user", "content": "hello"}],
                "max_tokens": 4,
                "structured_outputs": {"grammar": 'root ::= "a" [b-z]*'},
            }
        )
        if tracing.is_on():
            try:
                engine_internals.trace_calls(self)
            except AttributeError as error:  # an engine that answers is worth more than its spans
                log.warning("vLLM's own spans are left out: %r", error)
        self._watching = asyncio.get_running_loop().create_task(self._end_with_engine())

    async def chat_json(self, body: dict[str, Any], carried: str = "") -> dict[str, Any]:
        """One chat completion, OpenAI format in and out; raises RuntimeError with its message.

        Beside that format are `adapter`, NAME@VERSION, who answers in place of the base; and
        `answers`, of which each is a choice: the grammar of what follows after `begin`.
        """
        with called("TipEngine.chat_json", carried):
            return await self._chat(body)

    async def _chat(self, body: dict[str, Any]) -> dict[str, Any]:
        fields = dict(body)
        adapter = fields.pop("adapter", None)
        answers = fields.pop("answers", None)
        if adapter:
            await self._load(adapter)
        fields["model"] = adapter or self._model
        if answers is None:
            return await self._complete(fields)
        # side by side: the engine writes them in the same steps, and reads the prompt once
        asked = (self._complete(continuing(fields, **answer)) for answer in answers)
        return joined(await asyncio.gather(*asked))

    async def _complete(self, fields: dict[str, Any]) -> dict[str, Any]:
        request = ChatCompletionRequest.model_validate(fields)
        self._asked += 1
        try:
            answer = await anext(await self.chat(request, engine_internals.traced_request()))
        finally:
            self._asked -= 1
        completion: dict[str, Any] = answer.model_dump(mode="json")
        if "error" in completion:
            raise RuntimeError(f"the engine refused: {completion['error']['message']}")
        return completion

    async def status(self) -> dict[str, Any]:
        """Answers when the engine is warm: which replica this is, and how many answers it writes
        (`running`) or has not begun (`waiting`)."""
        await self.check_health()
        running = min(self._asked, self._at_once)
        waiting = self._asked - running
        replica = f"{os.uname().nodename} {os.getpid()}"
        return {"replica": replica, "running": running, "waiting": waiting}

    async def _load(self, adapter: str) -> None:
        """Have the engine hold an adapter of the data folder; what was used least goes."""
        if self._loaded and self._loaded[-1] == adapter:
            return
        async with self._loading:
            if adapter in self._loaded:
                self._loaded.remove(adapter)
            else:
                ref = adapters.parse(adapter)
                if ref is None:
                    raise RuntimeError(f"{adapter!r} is no adapter")
                folder = adapters.found(ref, load_settings().data_dir)
                while len(self._loaded) >= AT_ONCE:
                    await engine_internals.unload(self, self._loaded.pop(0))
                await engine_internals.load(self, adapter, folder)
            self._loaded.append(adapter)

    async def _end_with_engine(self) -> None:
        # Serve notices an engine that died only by failing calls; ending the process at once
        # makes it start a new replica and route around this one
        await engine_internals.died(self)
        log.error("the engine died, this replica ends so that Serve replaces it")
        os._exit(1)


def engine_config(args: EngineArgs) -> LLMConfig:
    """The configuration of the replica set; paths of models are made absolute."""
    accelerator = _installed_for() if args.accelerator == "auto" else args.accelerator
    engine: dict[str, Any] = dict(CPU_ENGINE if accelerator == "cpu" else ENGINE)
    if args.tokenizer:
        engine["tokenizer"] = _local(args.tokenizer)
    if args.adapters:
        engine.update(ADAPTERS)
    engine.update(args.engine)
    return LLMConfig(
        model_loading_config=ModelLoadingConfig(
            model_id=args.model_id, model_source=_local(args.model)
        ),
        engine_kwargs=engine,
        accelerator_config={"kind": accelerator},
        deployment_config={
            **args.how_many(),
            "max_ongoing_requests": 64,
            "health_check_period_s": 2,
            "health_check_timeout_s": 20,
        },
        runtime_env=CPU_RUNTIME if accelerator == "cpu" else {},
        callback_config={"callback_class": engine_internals.NoInitNode},
        experimental_configs={},
        log_engine_metrics=False,
    )


def _installed_for() -> str:
    """What the installed build of vLLM runs on."""
    try:
        metadata.version("vllm-cpu")
    except metadata.PackageNotFoundError:
        return "gpu"
    return "cpu"


def _local(model: str) -> str:
    path = Path(__file__).parent.parent / model
    return str(path) if path.exists() else model

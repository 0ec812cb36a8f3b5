"""A deployment that asks the engine's handle and the alias by turns, as the tip generator does.

It stands where the tip generator stands: a replica with LiteLLM's aliases over the same handle.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel
from ray import serve
from ray.serve import Application

from deployments.calls import answered
from ml.generation.completion import CompletionRequest
from oo.kit import tracing
from oo.kit.niceness import BEHIND, stay_behind
from tests.bench.alias_work import Work
from tests.bench.systems import ROOT

ANSWER_S = 60.0
NAME = 50  # characters of a process' command
Ask = Callable[[CompletionRequest], Awaitable[int]]
"""Makes one call; how many tokens came."""


class AskerArgs(BaseModel):
    """`work` is a file of :class:`tests.bench.alias_work.Work`; what came of it goes to `result`.

    The first `warm` calls or batches of each sort are not counted; `profile` names a file for
    cProfile's account of the calls through the alias, one at a time.
    """

    work: str
    result: str
    parallel: int
    warm: int = 1
    engine_app: str = "engine"
    profile: str = ""


def build(args: AskerArgs) -> Application:
    """The asker as an application of its own."""
    deployment = serve.deployment(
        Asker,
        ray_actor_options={"num_cpus": 0.1},
        logging_config={"enable_access_log": False, "log_level": "WARNING"},
    )
    return deployment.bind(args)  # type: ignore[attr-defined,no-any-return]


class Asker:
    """Measures once the engine is warm, and writes down what it found."""

    async def __init__(self, args: AskerArgs) -> None:  # type: ignore[misc]  # as Serve allows
        stay_behind(BEHIND)  # as the tip generator does
        from ml.generation.aliases import Aliases
        from ml.generation.settings import TIP_GENERATOR, load_settings

        self._args = args
        self._handle: Any = None
        settings = load_settings(ROOT / "configs" / "models.yaml")
        alias = settings.aliases[TIP_GENERATOR]
        changed = alias.model_copy(update={"parallel": args.parallel, "timeout_s": ANSWER_S})
        self._alias = changed
        aliases = {**settings.aliases, TIP_GENERATOR: changed}
        self._aliases = Aliases(settings.model_copy(update={"aliases": aliases}), self._call)
        self._measuring = asyncio.get_running_loop().create_task(self._measure())

    async def _call(self, body: dict[str, Any]) -> dict[str, Any]:
        """As the tip generator calls its engine."""
        fields = {name: value for name, value in body.items() if name != "model"}
        found: dict[str, Any] = await answered(
            self._handle.chat_json.remote(fields, tracing.carried())
        )
        return found

    async def _by_handle(self, request: CompletionRequest) -> int:
        from ml.generation.aliases import _arguments

        arguments = _arguments(self._alias, request)
        extra = arguments.pop("extra_body")
        body = {"messages": [dict(it) for it in request.messages], **arguments, **extra}
        answer = await answered(self._handle.chat_json.remote(body, ""))
        return int(answer["usage"]["completion_tokens"])

    async def _by_alias(self, request: CompletionRequest) -> int:
        return (await self._aliases.completer().complete(request)).completion_tokens

    async def _measure(self) -> None:
        try:
            found = await self._found()
        except Exception as error:
            found = {"error": repr(error)}
        path = Path(self._args.result)
        path.with_suffix(".part").write_text(json.dumps(found))
        path.with_suffix(".part").rename(path)

    async def _found(self) -> dict[str, Any]:
        work, warm = Work.load(Path(self._args.work)), self._args.warm
        await self._until_warm()
        one_by_one = {
            "tip": await self._by_turns(work.tips, warm),
            "answer": await self._by_turns(work.batches[0][: len(work.tips)], warm),
        }
        if self._args.profile:
            await self._profiled(work.tips)
        batches = work.batches[1:]
        for ask in (self._by_handle, self._by_alias):
            for batch in batches[:warm]:
                await _at_once(ask, batch)
        rest = batches[warm:]
        half = len(rest) // 2
        together: dict[str, dict[str, Any]] = {
            way: {"tokens": 0, "seconds": 0.0, "calls": 0} for way in ("handle", "alias")
        }
        cpu_s = {"handle": Counter[str](), "alias": Counter[str]()}
        for first, second in zip(rest[:half], rest[half:], strict=True):
            for way, ask, batch in (
                ("handle", self._by_handle, first),
                ("alias", self._by_alias, second),
            ):
                used, began = _cpu_s(), time.perf_counter()
                together[way]["tokens"] += await _at_once(ask, batch)
                together[way]["seconds"] += time.perf_counter() - began
                together[way]["calls"] += len(batch)
                cpu_s[way].update(_cpu_s() - used)
        return {"one_by_one_s": one_by_one, "at_once": together, "cpu_s": cpu_s}

    async def _until_warm(self) -> None:
        """The engine's application is deployed beside this one, and takes longer."""
        while True:
            try:
                self._handle = serve.get_app_handle(self._args.engine_app)
                await answered(self._handle.status.remote())
            except Exception:
                await asyncio.sleep(1)
            else:
                return

    async def _by_turns(
        self, requests: Sequence[CompletionRequest], warm: int
    ) -> dict[str, list[float]]:
        """Seconds of each call by each way; who goes first takes turns, on prompts already read."""
        took: dict[str, list[float]] = {"handle": [], "alias": []}
        ways: list[tuple[str, Ask]] = [("handle", self._by_handle), ("alias", self._by_alias)]
        for request in requests:
            await self._by_handle(request)
        for number, request in enumerate([*requests[:warm], *requests]):
            for name, ask in ways if number % 2 else reversed(ways):
                began = time.perf_counter()
                await ask(request)
                if number >= warm:
                    took[name].append(time.perf_counter() - began)
        return took

    async def _profiled(self, requests: Sequence[CompletionRequest]) -> None:
        import cProfile

        profile = cProfile.Profile()
        profile.enable()
        for request in requests:
            await self._by_alias(request)
        profile.disable()
        profile.dump_stats(self._args.profile)


def _cpu_s() -> "Counter[str]":
    """Seconds of CPU of all processes of this machine so far, by what they are called."""
    found = Counter[str]()
    for process in psutil.process_iter(["cmdline", "cpu_times"]):
        times, command = process.info["cpu_times"], process.info["cmdline"]
        if times and command:
            found[" ".join(command)[:NAME]] += times.user + times.system
    return found


async def _at_once(ask: Ask, batch: Sequence[CompletionRequest]) -> int:
    return sum(await asyncio.gather(*map(ask, batch)))

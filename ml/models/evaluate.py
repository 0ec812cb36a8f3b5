"""Measure the embedded model on held-out contexts, in vLLM: ``python -m ml.models.evaluate``.

The gate of production asks the engine; its account says what was true before it and after it.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer

from ml.generation.account import Generation
from ml.generation.completion import Completion, CompletionRequest
from ml.generation.gate import generate
from ml.models.people import Split, situation
from ml.models.train import MODEL
from ml.models.truth_report import Case, Report, summary
from ml.prompts.prompt import load

ENGINE = {
    "dtype": "bfloat16",
    "max_model_len": 1024,
    "enforce_eager": True,
    "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
}
_DEADLINE_S = 120.0


@dataclass
class EngineCompleter:
    """The completer's border over a vLLM engine in this process."""

    engine: Any
    tokenizer: Any
    constrained: bool = True
    asked: int = 0

    async def complete(self, request: CompletionRequest) -> Completion:
        """One completion under the request's grammar."""
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        self.asked += 1
        form = StructuredOutputsParams(grammar=request.grammar) if self.constrained else None
        params = SamplingParams(
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            top_p=request.top_p,
            structured_outputs=form,
        )
        prompt = self.tokenizer.apply_chat_template(
            list(request.messages), tokenize=False, add_generation_prompt=True
        )
        started = time.perf_counter()
        last = None
        async for output in self.engine.generate(prompt, params, f"r{self.asked}"):
            last = output
        if last is None:
            raise RuntimeError("the engine ended without an output")
        return Completion(
            text=last.outputs[0].text,
            model="embedded",
            prompt_tokens=len(last.prompt_token_ids),
            completion_tokens=len(last.outputs[0].token_ids),
            latency_s=time.perf_counter() - started,
        )


def engine_completer(model: Path, constrained: bool = True) -> EngineCompleter:
    """A started engine with its tokenizer; loading takes some 20 seconds."""
    for name, value in {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_LOGGING_LEVEL": "ERROR",
    }.items():
        os.environ.setdefault(name, value)
    from transformers import AutoTokenizer
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    folder = str(model / "tokenizer")
    args = AsyncEngineArgs(model=str(model), tokenizer=folder, **ENGINE)
    return EngineCompleter(
        AsyncLLM.from_engine_args(args), AutoTokenizer.from_pretrained(folder), constrained
    )


async def _measure(
    model: Path, contexts: int, at_once: int, seed: int, temperature: float, constrained: bool
) -> Report:
    completer = engine_completer(model, constrained)
    prompt = load("embedded-v1")
    slots = asyncio.Semaphore(at_once)

    async def one(number: int) -> Case:
        made = situation(Random(f"{seed}/{number}"), Split.HELD_OUT)
        async with slots:
            generation: Generation = await generate(
                made.context,
                3,
                completer,
                prompt,
                deadline_s=_DEADLINE_S,
                random=Random(number),
                temperature=temperature,
            )
        return Case(made, generation)

    try:
        await one(contexts)  # the first request pays for the warm-up
        started = time.perf_counter()
        cases = await asyncio.gather(*(one(number) for number in range(contexts)))
        return Report(tuple(cases), time.perf_counter() - started)
    finally:
        completer.engine.shutdown()


def main(
    model: Path = MODEL,
    contexts: int = 200,
    at_once: Annotated[int, typer.Option(help="Concurrent requests; 1 for latency.")] = 8,
    seed: int = 2_026,
    temperature: float = 0.7,
    grammar: Annotated[bool, typer.Option(help="Decode under the grammar.")] = True,
    show: Annotated[int, typer.Option(help="Print this many tips.")] = 0,
) -> None:
    """Print the figures for held-out contexts."""
    report = asyncio.run(_measure(model, contexts, at_once, seed, temperature, grammar))
    for line in summary(report, show):
        typer.echo(line)


if __name__ == "__main__":
    typer.run(main)

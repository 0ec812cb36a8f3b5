"""`python -m tests.bench.alias_offline WORK RESULT`: the same batches by vLLM's own `LLM.generate`.

With the engine's own arguments, in this process, and nothing of oO around it.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from deployments.args import EngineArgs
from ml.generation.completion import CompletionRequest
from tests.bench.alias_work import Work

ENGINE = EngineArgs(tokenizer="ml/models/embedded/tokenizer")  # as serve_config.yaml has it


def main(work: Path, result: Path, warm: int = 1) -> None:
    """Generate all batches but the first, one after the other, and say how long they took."""
    from deployments.engine import CPU_ENVIRONMENT, engine_config

    config = engine_config(ENGINE)
    if config.runtime_env:
        os.environ.update(CPU_ENVIRONMENT)
    from vllm import LLM

    source = config.model_loading_config.model_source
    engine = LLM(model=source, **config.engine_kwargs)
    batches = Work.load(work).batches[1:]
    for batch in batches[:warm]:
        _generated(engine, batch)
    tokens, seconds, calls = 0, 0.0, 0
    for batch in batches[warm:]:
        found, took = _generated(engine, batch)
        tokens, seconds, calls = tokens + found, seconds + took, calls + len(batch)
    result.write_text(json.dumps({"tokens": tokens, "seconds": seconds, "calls": calls}))


def _generated(engine: Any, batch: Sequence[CompletionRequest]) -> tuple[int, float]:
    """How many tokens came, and in how many seconds; what is rendered before does not count."""
    from vllm import SamplingParams
    from vllm.sampling_params import StructuredOutputsParams

    render = engine.get_tokenizer().apply_chat_template
    prompts = [
        render(list(it.messages), tokenize=False, add_generation_prompt=True) for it in batch
    ]
    asked = [
        SamplingParams(
            max_tokens=it.max_tokens,
            temperature=it.temperature,
            top_p=it.top_p,
            structured_outputs=StructuredOutputsParams(grammar=it.grammar),
        )
        for it in batch
    ]
    began = time.perf_counter()
    outputs = engine.generate(prompts, asked, use_tqdm=False)
    took = time.perf_counter() - began
    return sum(len(it.outputs[0].token_ids) for it in outputs), took


if __name__ == "__main__":
    typer.run(main)

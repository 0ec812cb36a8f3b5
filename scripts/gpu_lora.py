"""The trainer of adapters on a model of 1.5 billion parameters, for a machine with a GPU.

``python scripts/gpu_lora.py`` needs torch, transformers and peft, no network and no vLLM. The model
has Qwen2.5-1.5B's architecture and random weights, for none can be fetched there: what it shows is
that the same code trains at that size, at what speed and in how much memory. ``--tiny`` tries it on
a CPU. The last line is JSON.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from ml.finetuning.lora import EncodedPair, Plan, Progress, Run, with_adapter
from ml.finetuning.pairs import Encoded

FULL = {
    "vocab_size": 151_936,
    "hidden_size": 1536,
    "intermediate_size": 8960,
    "num_hidden_layers": 28,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "rope_theta": 1_000_000.0,
}
TINY = FULL | {
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
PROMPT, ANSWER = 320, 48  # tokens, about those of instruct-v1 and of one tip


def synthetic(count: int, vocab: int, random: Random) -> list[EncodedPair]:
    """Pairs with something to learn: answers of the better side come from a fifth of the words."""

    def side(words: int) -> Encoded:
        asked = [random.randrange(vocab) for _ in range(PROMPT + random.randrange(-64, 64))]
        said = [random.randrange(words) for _ in range(ANSWER + random.randrange(-16, 16))]
        return Encoded((*asked, *said), len(asked))

    return [EncodedPair(side(vocab // 5), side(vocab), 1.0) for _ in range(count)]


def model_of(sizes: dict[str, Any], device: str) -> Any:
    """The architecture with random weights, in bfloat16."""
    torch.manual_seed(7)
    config = Qwen2Config(**sizes, tie_word_embeddings=True, max_position_embeddings=4096)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(device):
            return Qwen2ForCausalLM(config)
    finally:
        torch.set_default_dtype(before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a small model, on a CPU if need be")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=16, help="to a step")
    parser.add_argument("--seconds", type=float, default=150, help="of training, at most")
    asked = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not asked.tiny:
        parser.error("no GPU here: --tiny tries it on the CPU")
    sizes = TINY if asked.tiny else FULL
    started = time.perf_counter()
    base = model_of(sizes, device)
    parameters = sum(part.numel() for part in base.parameters())
    plan = replace(Plan(), epochs=2, pairs=asked.pairs, rate=1e-3, warm_steps=5)
    model = with_adapter(base, plan)
    count = asked.steps * asked.pairs // plan.epochs
    run = Run(model, synthetic(count, sizes["vocab_size"], Random(7)), plan)
    print(f"{parameters / 1e9:.3f} B on {device}, ready in {time.perf_counter() - started:.1f} s")
    losses: list[float] = []
    began, first = time.perf_counter(), [0.0, 0]

    def told(progress: Progress) -> None:
        losses.append(progress.loss)
        if progress.steps == 3:  # the first steps choose kernels
            first[:] = [time.perf_counter(), progress.tokens]
        if progress.steps % 10 == 0:
            print(f"step {progress.steps}/{progress.of} loss {progress.loss:.4f}", flush=True)
        if time.perf_counter() - began > asked.seconds:
            progress.of = progress.steps

    progress = run.go(told)
    took = time.perf_counter() - first[0]
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        size = (Path(folder) / "adapter_model.safetensors").stat().st_size
    result = {
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "parameters": parameters,
        "trained": sum(part.numel() for part in model.parameters() if part.requires_grad),
        "steps": progress.steps,
        "tokens_per_s": round((progress.tokens - first[1]) / took),
        "loss_first": round(losses[0], 4),
        "loss_last": round(losses[-1], 4),
        "pairs_in_order": round(progress.right, 3),
        "adapter_mb": round(size / 1e6, 2),
        "peak_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if device == "cuda" else 0,
        "wall_s": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

"""Training an adapter: it learns, repeats itself by its seed, and goes on from a checkpoint."""

import contextlib
from pathlib import Path
from random import Random
from typing import Any

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from ml.finetuning.lora import EncodedPair, Plan, Run, score, with_adapter
from ml.finetuning.pairs import Encoded

PLAN = Plan(rank=2, epochs=4, pairs=4, rate=1e-2, warm_steps=2, save_every=3)


def model() -> Any:
    torch.manual_seed(1)
    config = Qwen2Config(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        tie_word_embeddings=True,
    )
    return with_adapter(Qwen2ForCausalLM(config), PLAN)


def pairs() -> list[EncodedPair]:
    """The better answers are made of the first quarter of the words."""
    random = Random(7)

    def side(words: range) -> Encoded:
        return Encoded((1, 2, 3, *random.choices(words, k=4)), 3)

    return [EncodedPair(side(range(8)), side(range(8, 32)), 1.0) for _ in range(12)]


def weights(trained: Any) -> list[torch.Tensor]:
    return [part.detach().clone() for part in trained.parameters() if part.requires_grad]


def test_what_was_welcome_becomes_likelier_and_the_base_stays() -> None:
    trained, made = model(), pairs()
    before = score(trained, [pair.better for pair in made])
    run = Run(trained, made, PLAN)
    run.go()
    assert sum(score(trained, [pair.better for pair in made])) > sum(before)
    assert run.progress.right > 0.8
    with trained.disable_adapter():
        assert torch.allclose(
            torch.tensor(score(trained, [pair.better for pair in made])), torch.tensor(before)
        )


def test_an_interrupted_run_ends_where_one_without_a_break_does(tmp_path: Path) -> None:
    whole = model()
    Run(whole, pairs(), PLAN).go()

    class Killed(Exception):
        pass

    def die(progress: Any) -> None:
        if progress.steps == 5:
            raise Killed

    first = Run(model(), pairs(), PLAN, tmp_path / "checkpoint.pt")
    with contextlib.suppress(Killed):
        first.go(die)
    again = model()
    resumed = Run(again, pairs(), PLAN, tmp_path / "checkpoint.pt")
    assert resumed.progress.steps == 3
    resumed.go()
    for one, other in zip(weights(whole), weights(again), strict=True):
        assert torch.allclose(one, other, atol=1e-6)

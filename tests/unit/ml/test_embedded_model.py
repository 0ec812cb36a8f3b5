"""The embedded model's recipe, and the files that it left in the repository."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

from ml.generation.answers import parse
from ml.generation.completion import Completion, CompletionRequest
from ml.generation.drafts import RawTip
from ml.generation.gate import draft, generate
from ml.generation.language import well_formed
from ml.generation.validation import flaws
from ml.models import tokenizer as tokenizers
from ml.models.export import export
from ml.models.network import Network, Shape
from ml.models.people import Split, situation
from ml.models.samples import samples, to_json
from ml.models.train import MODEL
from ml.models.training import Plan, Progress, Run, rate
from ml.models.truth_report import Case, Report, summary
from ml.models.writer import answer
from ml.prompts.prompt import load
from oo.domain.context import MAX_TASKS, TaskFacts
from oo.domain.tips import TipKind

TOKENIZER = tokenizers.load(MODEL / "tokenizer")


@pytest.mark.parametrize("split", Split)
def test_every_synthetic_tip_is_strictly_true_and_of_the_language(split: Split) -> None:
    random = Random(11)
    for _ in range(150):
        made = situation(random, split)
        for raw in parse(to_json(answer(random, made, 3))).tips:
            tip = draft(raw, made.context, "m", "v")
            assert tip is not None
            assert flaws(tip, made.context) == ()
            assert well_formed(raw.content)


def test_the_stream_of_samples_is_repeatable() -> None:
    assert list(islice(samples(5), 20)) == list(islice(samples(5), 20))
    assert list(islice(samples(5), 20)) != list(islice(samples(6), 20))


def test_the_model_fits_its_budget_and_the_tokenizer_stands_apart() -> None:
    files = [path for path in MODEL.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 12_000_000
    assert (MODEL / "config.json").exists()
    assert not (MODEL / "tokenizer" / "config.json").exists()


def test_transformers_loads_the_same_tokenizer() -> None:
    loaded = AutoTokenizer.from_pretrained(MODEL / "tokenizer")
    for sample in islice(samples(3, Split.HELD_OUT), 200):
        text = tokenizers.chat(sample.prompt, sample.answer)
        ids = TOKENIZER.encode(text).ids
        assert loaded.encode(text, add_special_tokens=False) == ids
        assert loaded.decode(ids) == text


def test_the_chat_template_writes_what_the_model_was_trained_on() -> None:
    loaded = AutoTokenizer.from_pretrained(MODEL / "tokenizer")
    made = situation(Random(1), Split.HELD_OUT)
    messages = load("embedded-v1").render(made.context, 3)
    text = loaded.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == tokenizers.chat(messages[-1]["content"])


def test_prompt_and_answer_fit_the_context_even_with_long_titles_in_any_script() -> None:
    made = situation(Random(2), Split.TRAIN)
    long = TaskFacts("f:1", "字" * 60, 4, -400, 4000, "label" * 9)
    context = replace(made.context, open_count=5000, overdue_count=4000, tasks=(long,) * MAX_TASKS)
    text = load("embedded-v1").render(context, 3)[-1]["content"]
    limit = json.loads((MODEL / "config.json").read_text())["max_position_embeddings"]
    assert len(TOKENIZER.encode(tokenizers.chat(text)).ids) + 3 * 90 < limit


def test_the_shipped_weights_are_finite_and_of_the_configured_shape() -> None:
    config = json.loads((MODEL / "config.json").read_text())
    weights = load_file(MODEL / "model.safetensors")
    expected = Network(Shape()).state_dict()
    assert {name: w.shape for name, w in weights.items()} == {
        name: w.shape for name, w in expected.items()
    }
    assert config["vocab_size"] == TOKENIZER.get_vocab_size()
    assert all(torch.isfinite(weight).all() for weight in weights.values())


def test_the_network_computes_what_qwen2_computes(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Network(Shape())
    tokenizers.save(TOKENIZER, tmp_path / "tokenizer")
    torch.save({"network": network.state_dict()}, tmp_path / "checkpoint.pt")
    export(tmp_path / "checkpoint.pt", tmp_path / "tokenizer", tmp_path / "model")
    config = Qwen2Config.from_pretrained(tmp_path / "model")
    reference = Qwen2ForCausalLM(config).float()
    missing = reference.load_state_dict(network.state_dict(), strict=False)
    assert missing.missing_keys in ([], ["lm_head.weight"])
    reference.tie_weights()
    ids = torch.randint(0, 3072, (2, 40))
    with torch.no_grad():
        ours = network.hidden(ids) @ network.model.embed_tokens.weight.T
        theirs = reference.eval()(ids).logits
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_training_resumes_where_it_stopped(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    seen: list[int] = []
    plan = Plan(seconds=0.01, batch_tokens=300, chunk=8)
    checkpoint = tmp_path / "checkpoint.pt"
    shape = Shape(TOKENIZER.get_vocab_size(), width=32, layers=2, inner=64)
    Run(TOKENIZER, plan, checkpoint, shape).go(lambda progress: seen.append(progress.steps))
    again = Run(TOKENIZER, plan, checkpoint, shape)
    assert again.progress.steps == seen[-1] == 1
    assert again.go(lambda _: None).steps == 2


def test_the_learning_rate_warms_up_and_decays_to_nearly_nothing() -> None:
    plan = Plan(seconds=100)
    assert rate(Progress(seconds=0, steps=0), plan) < 0.05
    assert rate(Progress(seconds=30, steps=500), plan) == 1.0
    assert rate(Progress(seconds=99.9, steps=900), plan) == pytest.approx(0.02)


async def test_the_report_counts_before_and_after_the_gate() -> None:
    made = situation(Random(4), Split.HELD_OUT)
    good = to_json(answer(Random(4), made, 2))
    false = to_json([RawTip(None, TipKind.INSIGHT, "You have 9999 open tasks.", 0.5)] * 2)
    cases = []
    for script in ([good], [false, good]):
        asked = iter(script)

        class Completer:
            async def complete(
                self, _: CompletionRequest, asked: Iterator[str] = asked
            ) -> Completion:
                return Completion(next(asked), "m", 100, 40, 0.2)

        generation = await generate(
            made.context, 2, Completer(), load("embedded-v1"), deadline_s=5, random=Random(1)
        )
        cases.append(Case(made, generation))
    lines = list(summary(Report(tuple(cases), 2.0), show=4))
    assert "before the gate: every fact true 0.500 (2 of 4)" in lines
    assert "after the gate, the model's: strictly true 1.000 (4 of 4)" in lines
    assert "after the gate: from templates 0.000 (0 of 4)" in lines
    assert "asked again 0.500 (1 of 2)" in lines

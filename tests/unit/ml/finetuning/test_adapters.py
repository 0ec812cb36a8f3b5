"""Adapters on disk: their names, and that a version is its content."""

from pathlib import Path

import pytest

from deployments.generator import adapted
from ml.finetuning.adapters import (
    WEIGHTS,
    AdapterRef,
    adapter_of,
    base_of,
    folder_of,
    found,
    keep,
    kept,
    with_adapter,
)
from ml.generation.gate import pool_key
from ml.generation.settings import TIP_GENERATOR, ModelSettings
from ml.prompts.prompt import load
from oo.domain.context import DayPart, PromptContext

REF = AdapterRef("reactions", "0123456789ab")


def made(folder: Path, content: bytes = b"weights") -> Path:
    folder.mkdir()
    for name in WEIGHTS:
        (folder / name).write_bytes(content)
    return folder


def test_a_name_says_base_and_adapter() -> None:
    model = with_adapter("oo-engine/embedded", REF)
    assert model == "oo-engine/embedded+reactions@0123456789ab"
    assert (base_of(model), adapter_of(model)) == ("oo-engine/embedded", REF)
    assert with_adapter(model, REF._replace(name="other")).count("+") == 1
    assert adapter_of("oo-engine/embedded") is None


def test_equal_content_is_one_version_and_other_content_another(tmp_path: Path) -> None:
    first = keep(made(tmp_path / "1"), "reactions", tmp_path)
    assert keep(made(tmp_path / "2"), "reactions", tmp_path) == first
    other = keep(made(tmp_path / "3", b"others"), "reactions", tmp_path)
    assert sorted(kept(tmp_path)) == sorted([first, other])
    assert found(first, tmp_path) == folder_of(first, tmp_path)


def test_weights_that_were_changed_on_disk_are_not_served(tmp_path: Path) -> None:
    ref = keep(made(tmp_path / "1"), "reactions", tmp_path)
    (folder_of(ref, tmp_path) / WEIGHTS[1]).write_bytes(b"changed")
    with pytest.raises(LookupError, match="not what its version says"):
        found(ref, tmp_path)
    with pytest.raises(LookupError, match="no adapter"):
        found(REF, tmp_path)


def test_an_adapter_is_of_our_own_engine_and_makes_other_pools() -> None:
    def settings(model: str) -> ModelSettings:
        return ModelSettings.model_validate({"aliases": {TIP_GENERATOR: {"model": model}}})

    own = adapted(settings("oo-engine/embedded"), str(REF)).aliases[TIP_GENERATOR]
    assert own.model == f"oo-engine/embedded+{REF}"
    assert own.is_own
    elsewhere = adapted(settings("ollama_chat/qwen"), str(REF)).aliases[TIP_GENERATOR]
    assert elsewhere.model == "ollama_chat/qwen"
    context, prompt = PromptContext(DayPart.MORNING, 0, 0, 0, ()), load("embedded-v2")
    assert pool_key(context, prompt, own.model) != pool_key(context, prompt, "oo-engine/embedded")

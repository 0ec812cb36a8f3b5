"""From a checkpoint to the folder that vLLM and transformers load."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from ml.models.network import Shape
from ml.models.tokenizer import END, load, save

TOKENIZER = "tokenizer"
"""The tokenizer's folder inside the model's, apart from config.json for the reason in `save`."""


def export(checkpoint: Path, tokenizer: Path, target: Path) -> None:
    """Write weights in bfloat16, configuration and tokenizer to `target`."""
    target.mkdir(parents=True, exist_ok=True)
    weights = torch.load(checkpoint, weights_only=True)["network"]
    halves = {name: weight.to(torch.bfloat16).contiguous() for name, weight in weights.items()}
    save_file(halves, target / "model.safetensors", metadata={"format": "pt"})
    (target / "model.safetensors").chmod(0o644)
    splitter = load(tokenizer)
    save(splitter, target / TOKENIZER)
    end = splitter.token_to_id(END)
    vocab = next(iter(weights.values())).shape[0]
    _write(target / "config.json", _config(Shape(vocab=vocab), end))
    _write(target / "generation_config.json", {"eos_token_id": end, "pad_token_id": end})


def _config(shape: Shape, end: int | None) -> dict[str, object]:
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "vocab_size": shape.vocab,
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "max_position_embeddings": shape.context,
        "rope_theta": shape.theta,
        "rms_norm_eps": 1e-6,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "torch_dtype": "bfloat16",
        "bos_token_id": end,
        "eos_token_id": end,
    }


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")

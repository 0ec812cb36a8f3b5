"""The embedded model's network: Qwen2's architecture, small, written for fast training on a CPU.

Qwen2: "Qwen2 Technical Report", arXiv 2407.10671. The parameter names are those of the Hugging
Face implementation, so that an export needs no renaming.
"""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class Shape(NamedTuple):
    """The sizes of a network; the default has 4.8 million parameters."""

    vocab: int = 3072
    width: int = 256
    layers: int = 5
    heads: int = 4
    inner: int = 704
    context: int = 1024
    theta: float = 10_000.0


class Norm(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """Root-mean-square norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, 1e-6)


class Attention(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """Causal self-attention with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q_proj = nn.Linear(shape.width, shape.width)
        self.k_proj = nn.Linear(shape.width, shape.width)
        self.v_proj = nn.Linear(shape.width, shape.width)
        self.o_proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, width = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(batch, length, self.heads, -1).transpose(1, 2)

        q = _rotate(split(self.q_proj(x)), cos, sin)
        k = _rotate(split(self.k_proj(x)), cos, sin)
        mixed = F.scaled_dot_product_attention(q, k, split(self.v_proj(x)), is_causal=True)
        return cast(Tensor, self.o_proj(mixed.transpose(1, 2).reshape(batch, length, width)))


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Mlp(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """Gated feed-forward layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x)))


class Block(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """One layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = Norm(shape.width)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.width)
        self.mlp = Mlp(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return cast(Tensor, x + self.mlp(self.post_attention_layernorm(x)))


class Body(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """Embedding, layers and the last norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab, shape.width)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width)


class Network(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """The language model, with input and output embeddings tied."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        size = shape.width // shape.heads
        rates = shape.theta ** (-torch.arange(0, size, 2) / size)
        angles = torch.outer(torch.arange(shape.context), rates).repeat(1, 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.apply(self._start)

    def _start(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def hidden(self, ids: Tensor) -> Tensor:
        """The last hidden states, [batch, length, width], of ids [batch, length]."""
        length = ids.shape[1]
        x = self.model.embed_tokens(ids)
        cos, sin = self.cos[:length].to(x.dtype), self.sin[:length].to(x.dtype)
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        return cast(Tensor, self.model.norm(x))

    def loss(self, ids: Tensor, targets: Tensor) -> Tensor:
        """The mean cross-entropy where `targets` is not negative."""
        return self.score(self.hidden(ids), targets)

    def score(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """The loss of hidden states; logits are made at the scored places only."""
        flat = targets.reshape(-1)
        places = (flat >= 0).nonzero().squeeze(1)
        logits = F.linear(
            hidden.reshape(-1, hidden.shape[-1])[places], self.model.embed_tokens.weight
        )
        return F.cross_entropy(logits.float(), flat[places])

    forward = loss

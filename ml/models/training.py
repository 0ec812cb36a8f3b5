"""The training run: Muon and AdamW on a schedule of wall time, resumable.

Muon: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ml.models.batches import Batch, chunk
from ml.models.network import Network, Shape

_WARM_STEPS = 60
_DECAY = 0.45
_MATRIX_RATE = 0.02
_OTHER_RATE = 0.004


@dataclass(slots=True)
class Progress:
    """How far a run is; `seconds` counts training alone, over all resumptions."""

    seconds: float = 0.0
    steps: int = 0
    tokens: int = 0
    chunks: int = 0
    loss: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run goes: its length in seconds of training, and how often to save."""

    seconds: float
    batch_tokens: int = 5_000
    chunk: int = 1_536
    save_every: float = 300.0
    seed: int = 7


class Run:
    """A network in training, with its optimisers and its progress; `shape` is the shipped one's."""

    def __init__(
        self, tokenizer: Tokenizer, plan: Plan, checkpoint: Path, shape: Shape | None = None
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.network = Network(shape or Shape(vocab=tokenizer.get_vocab_size()))
        self.progress = Progress()
        self._tokenizer = tokenizer
        self._checkpoint = checkpoint
        self._optimisers = _optimisers(self.network)
        if checkpoint.exists():
            self._resume()

    def go(self, report: Callable[[Progress], None]) -> Progress:
        """Train until the plan's time is up; `report` is called after each step."""
        saved = self.progress.seconds
        for batch in self._batches():
            started = time.perf_counter()
            self._step(batch)
            self.progress.seconds += time.perf_counter() - started
            report(self.progress)
            if self.progress.seconds >= self.plan.seconds:
                break
            if self.progress.seconds - saved >= self.plan.save_every:
                saved = self.progress.seconds
                self.save()
        self.save()
        return self.progress

    def save(self) -> None:
        """Write the checkpoint; an interruption leaves the one before."""
        self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
            "progress": asdict(self.progress),
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._checkpoint)

    def _resume(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])

    def _batches(self) -> Iterator[Batch]:
        while True:
            self.progress.chunks += 1
            plan, number = self.plan, self.progress.chunks
            yield from chunk(self._tokenizer, plan.seed, number, plan.chunk, plan.batch_tokens)

    def _step(self, batch: Batch) -> None:
        scale = rate(self.progress, self.plan)
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * scale
        with torch.autocast("cpu", torch.bfloat16):
            loss: Tensor = self.network.loss(batch.ids, batch.targets)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self._optimisers:
            optimiser.step()
            optimiser.zero_grad()
        self.progress.steps += 1
        self.progress.tokens += batch.ids.numel()
        self.progress.loss += (loss.item() - self.progress.loss) * (
            0.02 if self.progress.steps > 50 else 1 / self.progress.steps
        )


def rate(progress: Progress, plan: Plan) -> float:
    """The learning rate's share of its peak: a short warm-up, then flat, then a linear decay."""
    left = max(0.0, 1 - progress.seconds / plan.seconds)
    return min(1.0, (progress.steps + 1) / _WARM_STEPS, max(0.02, left / _DECAY))


def _optimisers(network: Network) -> list[torch.optim.Optimizer]:
    named = dict(network.named_parameters())
    matrices = [p for name, p in named.items() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in named.items() if p.ndim != 2 or "embed" in name]
    muon = torch.optim.Muon(matrices, lr=_MATRIX_RATE, momentum=0.95, weight_decay=0.0)
    adam = torch.optim.AdamW(others, lr=_OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    for optimiser in (muon, adam):
        for group in optimiser.param_groups:
            group["base"] = group["lr"]
    return [muon, adam]

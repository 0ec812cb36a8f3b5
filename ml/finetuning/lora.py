"""LoRA on preference pairs, resumable: torch, PEFT and a causal model of transformers, no more.

LoRA: Hu et al., "LoRA: Low-rank adaptation of large language models", 2021. The objective is that
of DPO (Rafailov et al., "Direct preference optimization", 2023, eq. 7), over pairs whose two sides
may answer different prompts: one reaction is all that a served tip gets, so the same prompt with
two judged answers does not exist. What a prompt alone is worth cancels as far as the two are alike.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ml.finetuning.pairs import IGNORED, Batch, Encoded, batched
from ml.finetuning.targets import RANK, TARGETS

_SCORED = 32
_TOGETHER = 8  # rows of a step


@dataclass(frozen=True, slots=True)
class Plan:
    """How an adapter is trained; `beta` is DPO's strength of the tie to the base."""

    rank: int = RANK
    alpha: int = 16
    beta: float = 0.1
    rate: float = 1e-3
    epochs: int = 3
    pairs: int = 16  # to a step
    warm_steps: int = 20
    save_every: int = 50  # steps
    seed: int = 7


@dataclass(slots=True)
class Progress:
    """How far a run is; `loss` and `right`, the share of pairs put in order, are moving means."""

    steps: int = 0
    of: int = 0
    tokens: int = 0
    loss: float = 0.0
    right: float = 0.5


class EncodedPair(NamedTuple):
    """A pair in token ids."""

    better: Encoded
    worse: Encoded
    weight: float


def with_adapter(base: Any, plan: Plan) -> Any:
    """The base with a fresh adapter, which alone is trained."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(plan.seed)
    config = LoraConfig(
        r=plan.rank,
        lora_alpha=plan.alpha,
        target_modules=list(TARGETS),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, config)


def likelihoods(model: Any, batch: Batch) -> Tensor:
    """The log-likelihood of each row's scored part, [rows]; logits are made at its places only."""
    core, device = model.get_base_model() if hasattr(model, "get_base_model") else model, _at(model)
    ids, targets = batch.ids.to(device), batch.targets.to(device)
    hidden = core.model(input_ids=ids).last_hidden_state
    rows, places = (targets != IGNORED).nonzero(as_tuple=True)
    logits = core.lm_head(hidden[rows, places]).float()
    each = -F.cross_entropy(logits, targets[rows, places], reduction="none")
    return torch.zeros(len(ids), device=device).index_add(0, rows, each)


def _alike(model: Any, rows: Sequence[Encoded]) -> tuple[Tensor, int]:
    """The log-likelihoods of a step's rows, a few of about one length at a time, and all places.

    Rows differ threefold in length; padded to the longest, most of the work would be for nothing.
    """
    order = sorted(range(len(rows)), key=lambda row: len(rows[row].ids))
    batches = list(batched([rows[row] for row in order], _TOGETHER))
    found = torch.cat([likelihoods(model, batch) for batch in batches])
    back = torch.tensor(order, device=found.device).argsort()
    return found[back], sum(batch.ids.numel() for batch in batches)


def score(model: Any, rows: Sequence[Encoded]) -> list[float]:
    """The log-likelihoods of many rows, without gradients."""
    order = sorted(range(len(rows)), key=lambda row: len(rows[row].ids))
    found = [0.0] * len(rows)
    with torch.no_grad(), _half(_at(model)):
        at = 0
        for batch in batched([rows[row] for row in order], _SCORED):
            for value in likelihoods(model, batch).tolist():
                found[order[at]] = value
                at += 1
    return found


class Run:
    """An adapter in training; the same plan and pairs give the same steps."""

    def __init__(
        self, model: Any, pairs: Sequence[EncodedPair], plan: Plan, checkpoint: Path | None = None
    ) -> None:
        self.model, self.plan, self.pairs = model, plan, pairs
        self._checkpoint = checkpoint
        with model.disable_adapter():
            self._base = [
                score(model, [pair.better for pair in pairs]),
                score(model, [pair.worse for pair in pairs]),
            ]
        self._trained = [part for part in model.parameters() if part.requires_grad]
        self._optimiser = torch.optim.AdamW(self._trained, lr=plan.rate, weight_decay=0.0)
        per_epoch = -(-len(pairs) // plan.pairs)
        self.progress = Progress(of=per_epoch * plan.epochs)
        if checkpoint is not None and checkpoint.exists():
            self._resume(checkpoint)

    def go(self, report: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Train to the end of the plan; `report` is called after each step."""
        self.model.train()
        while self.progress.steps < self.progress.of:
            self._step(self._rows(self.progress.steps))
            report(self.progress)
            if self.progress.steps % self.plan.save_every == 0:
                self.save()
        self.save()
        self.model.eval()
        return self.progress

    def save(self) -> None:
        """Write the checkpoint; an interruption leaves the one before."""
        if self._checkpoint is None:
            return
        named = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        state = {
            "adapter": {name: part.detach().cpu() for name, part in named.items()},
            "optimiser": self._optimiser.state_dict(),
            "progress": asdict(self.progress),
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._checkpoint)

    def _resume(self, checkpoint: Path) -> None:
        state = torch.load(checkpoint, weights_only=True)
        self.model.load_state_dict(state["adapter"], strict=False)
        self._optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])

    def _rows(self, step: int) -> list[int]:
        per_epoch = self.progress.of // self.plan.epochs
        order = list(range(len(self.pairs)))
        Random(f"{self.plan.seed}/{step // per_epoch}").shuffle(order)
        start = step % per_epoch * self.plan.pairs
        return order[start : start + self.plan.pairs]

    def _step(self, rows: Sequence[int]) -> None:
        device = _at(self.model)
        chosen = [self.pairs[row] for row in rows]
        sides = [*(pair.better for pair in chosen), *(pair.worse for pair in chosen)]
        weights = torch.tensor([pair.weight for pair in chosen], device=device)
        base = torch.tensor([[side[row] for row in rows] for side in self._base], device=device)
        for group in self._optimiser.param_groups:
            group["lr"] = self.plan.rate * _share(self.progress, self.plan)
        with _half(device):
            found, tokens = _alike(self.model, sides)
        better, worse = found.view(2, -1) - base
        margin = self.plan.beta * (better - worse)
        loss = -(weights * F.logsigmoid(margin)).sum() / weights.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._trained, 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self._note(loss.item(), float((margin > 0).float().mean()), tokens)

    def _note(self, loss: float, right: float, tokens: int) -> None:
        told = self.progress
        told.steps += 1
        told.tokens += tokens
        pace = max(0.02, 1 / told.steps)
        told.loss += (loss - told.loss) * pace
        told.right += (right - told.right) * pace


def _share(progress: Progress, plan: Plan) -> float:
    """The learning rate's share of its peak: a short warm-up, then a linear decay."""
    left = 1 - progress.steps / max(progress.of, 1)
    return min((progress.steps + 1) / plan.warm_steps, max(left, 0.02))


def _at(model: Any) -> torch.device:
    return next(iter(model.parameters())).device


def _half(device: torch.device) -> AbstractContextManager[Any]:
    if device.type == "cpu":  # where each new length costs bfloat16 a kernel of its own
        return nullcontext()
    half: AbstractContextManager[Any] = torch.autocast(device.type, torch.bfloat16)
    return half

"""What a model would pick among lines, as chances: its distribution under the slot's grammar."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from tokenizers import Tokenizer

from ml.composing.composer import Line
from ml.finetuning.pairs import Encoded
from ml.finetuning.written import answer_of, head_of
from ml.models.export import TOKENIZER
from ml.models.tokenizer import chat, load
from ml.prompts.prompt import Prompt
from oo.domain.context import PromptContext

TEMPERATURE = 0.7  # as served


class Chooser(Protocol):
    """Whatever picks a line for each slot."""

    def chances(
        self, context: PromptContext, slots: Sequence[Sequence[Line]]
    ) -> list[tuple[float, ...]]:
        """For each slot, the chance of each of its lines."""
        ...


class _Fork(NamedTuple):
    """A place at which the lines of a slot part: which row, where, what may follow, what does."""

    row: int
    place: int
    allowed: tuple[int, ...]
    taken: int


class ModelChooser:
    """The embedded model, with an adapter or without, asked as the engine is."""

    def __init__(self, model: Any, tokenizer: Tokenizer, prompt: Prompt) -> None:
        self.model = model
        self._tokenizer = tokenizer
        self._prompt = prompt

    def chances(
        self, context: PromptContext, slots: Sequence[Sequence[Line]]
    ) -> list[tuple[float, ...]]:
        """See Chooser; at each token, what the grammar forbids shares its chance out."""
        asked = chat(self._prompt.render(context, 1)[-1]["content"])
        rows = [
            self._ids(head_of(line.index) + answer_of(line.kind, line.spoken))
            for slot in slots
            for line in slot
        ]
        forks = list(_forks(rows, [len(slot) for slot in slots]))
        logs = [0.0] * len(rows)
        if forks:
            for fork, log in zip(forks, self._logs(self._ids(asked), rows, forks), strict=True):
                logs[fork.row] += log
        return list(_by_slot(logs, [len(slot) for slot in slots]))

    def _logs(
        self, asked: list[int], rows: Sequence[list[int]], forks: Sequence[_Fork]
    ) -> list[float]:
        """Of each fork, the log of the chance of what is taken."""
        core = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        width = max(map(len, rows))
        padded = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        with torch.no_grad():  # float32: in bfloat16 each new length costs a kernel of its own
            cache = core.model(input_ids=torch.tensor([asked]), use_cache=True).past_key_values
            cache.batch_repeat_interleave(len(rows))
            hidden = core.model(input_ids=padded, past_key_values=cache).last_hidden_state
            at = [fork.row for fork in forks], [fork.place - 1 for fork in forks]
            logits = core.lm_head(hidden[at]).float() / TEMPERATURE
        return [
            float(row[fork.taken] - row[list(fork.allowed)].logsumexp(0))
            for row, fork in zip(logits, forks, strict=True)
        ]

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text).ids)


def _forks(rows: Sequence[list[int]], sizes: Sequence[int]) -> Any:
    start = 0
    for size in sizes:
        slot = range(start, start + size)
        start += size
        for row in slot:
            for place in range(1, len(rows[row])):
                alike = [
                    other
                    for other in slot
                    if len(rows[other]) > place and rows[other][:place] == rows[row][:place]
                ]
                allowed = {rows[other][place] for other in alike}
                if len(allowed) > 1:
                    yield _Fork(row, place, tuple(sorted(allowed)), rows[row][place])
                elif len(alike) == 1:
                    break


def _by_slot(logs: Sequence[float], sizes: Sequence[int]) -> Any:
    start = 0
    for size in sizes:
        found = torch.tensor(logs[start : start + size], dtype=torch.float64).softmax(0)
        yield tuple(found.tolist())
        start += size


def encode(tokenizer: Tokenizer, asked: str, answer: str) -> Encoded:
    """Both texts as ids, of which the answer is scored."""
    before = tokenizer.encode(asked).ids
    return Encoded((*before, *tokenizer.encode(answer).ids), len(before))


def load_base(folder: Path) -> tuple[Any, Tokenizer]:
    """The model of a folder in float32, ready to be adapted, with its tokenizer."""
    from transformers import Qwen2ForCausalLM

    model = Qwen2ForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.eval()
    return model, load(folder / TOKENIZER)

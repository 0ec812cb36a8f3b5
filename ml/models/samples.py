"""Training samples: a rendered prompt and the answer that the synthetic author gives to it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from ml.generation.drafts import RawTip
from ml.models.people import Split, situation
from ml.models.tokenizer import chat
from ml.models.writer import answer
from ml.prompts.prompt import load

PROMPT = "embedded-v1"
_WANTED = (1, 2, 3, 3, 3, 3, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Sample:
    """One exchange as text."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """One exchange as token ids; the model learns to write from `start` on."""

    ids: npt.NDArray[np.uint16]
    start: int


def samples(seed: int, split: Split = Split.TRAIN) -> Iterator[Sample]:
    """An endless, repeatable stream of exchanges."""
    random = Random(seed)
    prompt = load(PROMPT)
    while True:
        made = situation(random, split)
        wanted = random.choice(_WANTED)
        messages = prompt.render(made.context, wanted)
        yield Sample(messages[-1]["content"], to_json(answer(random, made, wanted)))


def to_json(tips: Sequence[RawTip]) -> str:
    """The answer as the model writes it: no white space, letters as they are."""
    rows = [
        {"task_id": t.ref, "kind": t.kind.value, "content": t.content, "confidence": t.confidence}
        for t in tips
    ]
    return json.dumps({"tips": rows}, ensure_ascii=False, separators=(",", ":"))


def encode(tokenizer: Tokenizer, batch: Sequence[Sample]) -> list[Encoded]:
    """Token ids of many samples."""
    prompts = tokenizer.encode_batch([chat(sample.prompt) for sample in batch])
    whole = tokenizer.encode_batch([chat(sample.prompt, sample.answer) for sample in batch])
    return [
        Encoded(np.array(full.ids, dtype=np.uint16), len(start.ids))
        for full, start in zip(whole, prompts, strict=True)
    ]

"""From what was shown to pairs of token ids, split by person."""

from collections.abc import Sequence
from typing import NamedTuple

from tokenizers import Tokenizer

from ml.finetuning.chooser import encode
from ml.finetuning.living import Shown
from ml.finetuning.lora import EncodedPair
from ml.finetuning.pairs import Example, pairs_of
from ml.finetuning.written import answer_of, asked_of, head_of
from ml.prompts.prompt import Prompt

HELD_OUT = 5  # every fifth person


class Parts(NamedTuple):
    """Examples to train on, and those of people whom training never sees."""

    training: list[Example]
    held_out: list[Example]


def examples_of(shown: Sequence[Shown], prompt: Prompt) -> list[Example]:
    """The tips that were seen, as they were asked for and answered."""
    return [
        Example(
            person=f"sim{one.person:06}",
            situation=one.context.daypart.value,
            asked=asked_of(prompt.render(one.context, 1)) + head_of(one.line.index),
            answer=answer_of(one.line.kind, one.line.spoken),
            reward=one.reward,
        )
        for one in shown
        if one.reward == one.reward  # NaN: nobody looked
    ]


def split(examples: Sequence[Example]) -> Parts:
    """Every fifth person, in the order of their ids, is held out."""
    people = sorted({one.person for one in examples})
    out = set(people[HELD_OUT - 1 :: HELD_OUT])
    return Parts(
        [one for one in examples if one.person not in out],
        [one for one in examples if one.person in out],
    )


def encoded_pairs(
    examples: Sequence[Example], tokenizer: Tokenizer, seed: int
) -> list[EncodedPair]:
    """The pairs of these examples in token ids."""
    return [
        EncodedPair(
            encode(tokenizer, pair.better.asked, pair.better.answer),
            encode(tokenizer, pair.worse.asked, pair.worse.answer),
            pair.weight,
        )
        for pair in pairs_of(examples, seed)
    ]


def owners_of(examples: Sequence[Example], seed: int) -> list[str]:
    """Whose the pairs are, in the order of `encoded_pairs`."""
    return [pair.better.person for pair in pairs_of(examples, seed)]

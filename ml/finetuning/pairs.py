"""Preference pairs: two answers of like situations, of which one was welcomed more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random
from typing import NamedTuple

from torch import Tensor, long, tensor, zeros

IGNORED = -1
LEAST_GAP = 0.3  # of rewards in [-1, 1]; below it, which one was welcomed more is noise


@dataclass(frozen=True, slots=True)
class Example:
    """An answer that was served, what was asked for it, and the reward that it earned.

    `asked` is the text up to where the model chooses (the task is given), `answer` what follows.
    `situation` is what the two of a pair must share.
    """

    person: str
    situation: str
    asked: str
    answer: str
    reward: float


class Pair(NamedTuple):
    """The better and the worse of two; `weight` in (0, 1] follows the gap of their rewards."""

    better: Example
    worse: Example
    weight: float


class Encoded(NamedTuple):
    """Token ids, of which those from `start` on are scored."""

    ids: tuple[int, ...]
    start: int


class Batch(NamedTuple):
    """Token ids [rows, length], and for each place the id to score or IGNORED."""

    ids: Tensor
    targets: Tensor


def pairs_of(examples: Sequence[Example], seed: int, per_example: int = 4) -> list[Pair]:
    """Pairs of one person in one situation, at most `per_example` for each welcomed answer.

    Within a person, how fond somebody is of tips as such cancels out.
    """

    def key(one: Example) -> tuple[str, str]:
        return one.person, one.situation

    random, found = Random(seed), list[Pair]()
    for _, group in groupby(sorted(examples, key=key), key=key):
        alike = list(group)
        for better in alike:
            worse = [
                one
                for one in alike
                if better.reward - one.reward >= LEAST_GAP and one.answer != better.answer
            ]
            for one in random.sample(worse, min(per_example, len(worse))):
                found.append(Pair(better, one, min(1.0, (better.reward - one.reward) / 2)))
    return found


def batched(rows: Sequence[Encoded], size: int) -> Iterator[Batch]:
    """The rows in their order, `size` at a time."""
    for start in range(0, len(rows), size):
        yield batch_of(rows[start : start + size])


def batch_of(rows: Sequence[Encoded]) -> Batch:
    """One batch, padded to its longest row."""
    length = max(len(row.ids) for row in rows) - 1
    ids = zeros(len(rows), length, dtype=long)
    targets = zeros(len(rows), length, dtype=long) + IGNORED
    for number, row in enumerate(rows):
        ids[number, : len(row.ids) - 1] = tensor(row.ids[:-1])
        targets[number, row.start - 1 : len(row.ids) - 1] = tensor(row.ids[row.start :])
    return Batch(ids, targets)

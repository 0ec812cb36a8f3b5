"""Batches of synthetic exchanges, made as training goes: no sample is ever seen twice."""

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor

from ml.models.samples import Encoded, encode, samples

IGNORED = -1


class Batch(NamedTuple):
    """Token ids [rows, length], and for each place the id to predict or IGNORED."""

    ids: Tensor
    targets: Tensor


def chunk(tokenizer: Tokenizer, seed: int, number: int, size: int, tokens: int) -> Iterator[Batch]:
    """The batches of the chunk of that number: `size` samples, `tokens` places to a batch."""
    random = Random(f"{seed}/{number}")
    encoded = encode(tokenizer, list(islice(samples(random.getrandbits(48)), size)))
    encoded.sort(key=lambda sample: len(sample.ids))
    groups = list(_groups(encoded, tokens))
    random.shuffle(groups)
    return map(_pad, groups)


def _groups(encoded: list[Encoded], tokens: int) -> Iterator[list[Encoded]]:
    group: list[Encoded] = []
    for sample in encoded:
        if group and (len(group) + 1) * len(sample.ids) > tokens:
            yield group
            group = []
        group.append(sample)
    if group:
        yield group


def _pad(group: list[Encoded]) -> Batch:
    length = max(len(sample.ids) for sample in group) - 1
    ids = torch.zeros(len(group), length, dtype=torch.long)
    targets = torch.full((len(group), length), IGNORED, dtype=torch.long)
    for row, sample in enumerate(group):
        whole = torch.from_numpy(sample.ids.astype("int64"))
        ids[row, : len(whole) - 1] = whole[:-1]
        targets[row, sample.start - 1 : len(whole) - 1] = whole[sample.start :]
    return Batch(ids, targets)

"""Vectors of what comes with oO are made once on a machine, and never believed when damaged."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ml.embedding.embedder import Vectors
from ml.embedding.kept import OLD_ONES, kept


class Counting:
    """An encoder that tells how often it was asked."""

    version = "1"

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.asked += 1
        return np.array([[len(text), 1.0, 0.0] for text in texts], np.float32)


TEXTS = ("call mum", "van MOT", "部屋の掃除")


def test_are_made_once_and_are_the_same_the_second_time(tmp_path: Path) -> None:
    embedder = Counting()
    first, second = kept(embedder, TEXTS, tmp_path), kept(embedder, TEXTS, tmp_path)
    assert embedder.asked == 1
    assert first.dtype == np.float32
    assert np.array_equal(first, second)
    assert np.array_equal(first, embedder(TEXTS))


def test_other_texts_and_other_weights_are_other_vectors(tmp_path: Path) -> None:
    embedder, newer = Counting(), Counting()
    newer.version = "2"
    kept(embedder, TEXTS, tmp_path)
    kept(embedder, TEXTS[:2], tmp_path)
    kept(newer, TEXTS, tmp_path)
    assert (embedder.asked, newer.asked) == (2, 1)
    for count in range(9):
        kept(embedder, [f"title {count}"], tmp_path)
    assert len(list(tmp_path.iterdir())) == OLD_ONES + 1


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"no array at all",
        np.zeros((2, 3), np.float16).tobytes(),
    ],
)
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    embedder = Counting()
    right = kept(embedder, TEXTS, tmp_path)
    (path,) = tmp_path.iterdir()
    for content in (damage, path.read_bytes()[:-3]):
        path.write_bytes(content)
        assert np.array_equal(kept(embedder, TEXTS, tmp_path), right)
    assert embedder.asked == 3


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    embedder = Counting()
    assert len(kept(embedder, TEXTS, tmp_path / "file")) == len(TEXTS)
    assert len(kept(embedder, TEXTS, tmp_path / "file")) == len(TEXTS)
    assert embedder.asked == 2

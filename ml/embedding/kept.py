"""Vectors of the texts that come with oO, kept between starts: making 12,000 takes 12 s of a core.

They lie in the user's cache folder (XDG Base Directory Specification), under a name that is a hash
of texts and encoder; what is there and does not fit is made anew. Nothing of a person is kept.
"""

import logging
import os
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from ml.embedding.embedder import Embedder, Vectors

log = logging.getLogger(__name__)

OLD_ONES = 2  # files of other texts that stay: two versions side by side are no fault


def kept(embedder: Embedder, texts: Sequence[str], folder: Path | None = None) -> Vectors:
    """The vectors of `texts`, made once on this machine; in half precision, each of length 1."""
    folder = folder or user_cache_path("oo")
    path = folder / f"vectors-{_digest(embedder, texts)}.npy"
    found = _read(path, len(texts))
    if found is None:
        found = embedder(texts).astype(np.float16)
        _write(path, found)
    return found.astype(np.float32)


def _digest(embedder: Embedder, texts: Sequence[str]) -> str:
    named = f"{type(embedder).__module__}.{type(embedder).__qualname__} {embedder.version}"
    return sha256("\0".join((named, *texts)).encode()).hexdigest()[:32]


def _read(path: Path, count: int) -> np.ndarray | None:
    try:
        found = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError) as error:
        log.warning("%s cannot be read and is made anew: %s", path, error)
        return None
    is_right = found.dtype == np.float16 and found.ndim == 2 and len(found) == count
    return found if is_right and np.isfinite(found).all() else None


def _write(path: Path, vectors: np.ndarray) -> None:
    """Put them there whole or not at all; a folder that cannot be written costs time only."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            np.save(file, vectors, allow_pickle=False)
        Path(name).replace(path)
        others = sorted(path.parent.glob("vectors-*.npy"), key=lambda one: one.stat().st_mtime)
        for old in others[: -OLD_ONES - 1]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("vectors are not kept for the next start: %s", error)

"""Fitted parameters as bytes: named float arrays, the same bytes for the same numbers."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np

from oo.domain.statistics import Floats


def pack(arrays: Mapping[str, Floats]) -> bytes:
    """A line of JSON with the names and shapes, then the numbers in that order."""
    head = json.dumps([[name, list(array.shape)] for name, array in arrays.items()])
    body = b"".join(np.ascontiguousarray(array, "<f8").tobytes() for array in arrays.values())
    return head.encode() + b"\n" + body


def unpack(data: bytes, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    """The arrays of :func:`pack`; raises ValueError unless they have these names and shapes."""
    head, _, body = data.partition(b"\n")
    try:
        found = {name: tuple(shape) for name, shape in json.loads(head)}
    except (ValueError, TypeError) as error:
        raise ValueError("these are not parameters") from error
    if found != dict(shapes):
        raise ValueError(f"parameters of shapes {found}, expected {dict(shapes)}")
    numbers = np.frombuffer(body, "<f8").astype(np.float64)
    sizes = [int(np.prod(shape)) for shape in found.values()]
    if len(numbers) != sum(sizes) or not np.all(np.isfinite(numbers)):
        raise ValueError("parameters are cut short or not finite")
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    return {
        name: part.reshape(shape) for (name, shape), part in zip(found.items(), parts, strict=True)
    }


def digest(data: bytes) -> str:
    """Eight hexadecimal digits that name these parameters."""
    return hashlib.sha256(data).hexdigest()[:8]

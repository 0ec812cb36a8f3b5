"""The contract of a periodic job: one file in `oo/jobs/periodic`, exported as ``JOB``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """One periodic job. `run` does a bounded piece of work and returns how much it did.

    Its parameters are what it works with, each found by its type (:mod:`oo.kit.provide`): the
    store, the clock, or a contract of `oo.domain.ports`. A job may run twice or be cut off at any
    point: running it again must be harmless.
    """

    name: str
    every_s: float
    run: Callable[..., Awaitable[int]]

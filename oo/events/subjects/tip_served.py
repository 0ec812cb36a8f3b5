"""A tip was decided on and given to its person: told from the row of the decision itself."""

from collections.abc import Mapping
from typing import Any

from oo.domain.events import task_reference
from oo.events.subject import Subject

COPIED = (
    "tip_id",
    "kind",
    "source",
    "model",
    "prompt_version",
    "confidence",
    "candidates",
    "policy",
    "policy_version",
    "state_seq",
    "propensity",
    "degraded",
    "latency_ms",
)


def fields(user_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What was decided, out of how much, how likely, and why."""
    task = task_reference(user_id, payload["task_id"])
    return {**{name: payload[name] for name in COPIED}, "task": task}


SUBJECT = Subject(
    name="signals.tip.served",
    message="oo.events.v1.TipServed",
    words="A tip was decided on and given to its person.",
    fields=fields,
    example={
        "tip_id": "0" * 32,
        "kind": "task",
        "source": "model",
        "model": "tip-generator",
        "prompt_version": "instruct-v2",
        "confidence": 0.5,
        "task_id": "todoist:7",
        "candidates": 6,
        "policy": "ebts",
        "policy_version": "1",
        "state_seq": 3,
        "propensity": 0.25,
        "degraded": None,
        "latency_ms": 4.5,
    },
)

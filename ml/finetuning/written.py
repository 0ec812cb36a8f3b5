"""What is kept of the writing of a tip, for learning from it later: what was asked, what was said.

A tip is learnt as the answer to a prompt that wants one tip, its task given: which task is spoken
of is not the model's choice among composed lines.
"""

import json
from collections.abc import Sequence
from typing import Any

from ml.generation.drafts import reference
from oo.domain.tips import TipKind

_CONFIDENCE = 0.7  # what the model says here is not learnt, and the form wants a number


def head_of(index: int | None) -> str:
    """How an answer about the task at `index`, or about none, begins."""
    name = "null" if index is None else f'"{reference(index)}"'
    return f'{{"tips":[{{"task_id":{name}'


def answer_of(kind: TipKind, spoken: str) -> str:
    """How it goes on: everything that the model chooses."""
    text = json.dumps(spoken, ensure_ascii=False)
    return f',"kind":"{kind.value}","content":{text},"confidence":{_CONFIDENCE}}}]}}'


def asked_of(messages: Sequence[Any]) -> str:
    """The chat up to where the model begins to write, for the embedded tokenizer's template."""
    from ml.models.tokenizer import chat

    return chat(messages[-1]["content"])

"""Several answers to one prompt in the OpenAI chat format: a request for each, one body for all."""

from collections.abc import Sequence
from typing import Any


def continuing(fields: dict[str, Any], begin: str, grammar: str) -> dict[str, Any]:
    """The request for an answer that begins so and goes on under the grammar."""
    asked = {**fields, "structured_outputs": {"grammar": grammar}}
    if begin:
        messages = [*fields["messages"], {"role": "assistant", "content": begin}]
        asked |= {"messages": messages, "continue_final_message": True}
        asked["add_generation_prompt"] = False
    return asked


def joined(completions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first of them, with the others' choices and tokens."""
    choices = [choice for one in completions for choice in one["choices"]]
    usage = {
        name: sum(one["usage"][name] for one in completions)
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    }
    numbered = [{**choice, "index": index} for index, choice in enumerate(choices)]
    return {**completions[0], "choices": numbered, "usage": {**completions[0]["usage"], **usage}}

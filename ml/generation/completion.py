"""The border to a language model: what is asked, what comes back, and how it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ml.prompts.prompt import Message


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One chat completion whose text must follow a form.

    `grammar` is xgrammar's EBNF for engines that decode under a grammar; `schema` is a JSON
    schema of the same answer for those that know nothing better. A completer uses the tightest
    that its backend takes. There is no seed: one request's seed can fail a whole batch.
    """

    messages: Sequence[Message]
    grammar: str
    schema: dict[str, object]
    max_tokens: int
    temperature: float = 0.7
    top_p: float = 0.95


@dataclass(frozen=True, slots=True)
class Completion:
    """The model's text, with what it cost; `latency_s` is in seconds."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    latency_s: float
    alias: str = ""


class CompletionFailedError(Exception):
    """No model answered, in time or at all. The caller goes on without one."""


class Completer(Protocol):
    """Anything that completes a chat."""

    async def complete(self, request: CompletionRequest) -> Completion:
        """One completion. Raises CompletionFailedError."""
        ...

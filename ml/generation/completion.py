"""The border to a language model: what is asked, what comes back, and how it fails."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from ml.prompts.prompt import Message


class Form(NamedTuple):
    """What an answer must look like.

    `grammar` is xgrammar's EBNF for engines that decode under a grammar; `schema` is a JSON
    schema of the same answer for those that know nothing better. Where every answer begins with
    `begin`, our own engine reads that, and writes what follows under the grammar `rest`.
    """

    grammar: str
    schema: dict[str, object]
    begin: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One chat completion whose text must follow a form (see Form).

    A completer uses the tightest that its backend takes. `more` are the forms of further answers
    to the same messages; our own engine writes them side by side in one call. There is no seed:
    one request's seed can fail a whole batch.
    """

    messages: Sequence[Message]
    grammar: str
    schema: dict[str, object]
    max_tokens: int
    temperature: float = 0.7
    top_p: float = 0.95
    begin: str = ""
    rest: str = ""
    more: tuple[Form, ...] = ()

    @property
    def forms(self) -> tuple[Form, ...]:
        """Those of all answers."""
        return Form(self.grammar, self.schema, self.begin, self.rest), *self.more

    @property
    def parts(self) -> list["CompletionRequest"]:
        """The same as requests for one answer each."""
        return [replace(self, **form._asdict(), more=()) for form in self.forms]


@dataclass(frozen=True, slots=True)
class Completion:
    """The model's text, with what it cost; `latency_s` is in seconds.

    `more` are the answers in the request's further forms, empty where none came.
    """

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    latency_s: float
    alias: str = ""
    more: tuple[str, ...] = ()


class CompletionFailedError(Exception):
    """No model answered, in time or at all. The caller goes on without one."""


class Completer(Protocol):
    """Anything that completes a chat."""

    async def complete(self, request: CompletionRequest) -> Completion:
        """One completion. Raises CompletionFailedError."""
        ...

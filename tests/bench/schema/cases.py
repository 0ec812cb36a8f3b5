"""Cases of the document: of each operation by itself, and walks along its links."""

from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import initialize
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.generation.stateful.state_machine import StepOutput

from tests.bench.schema.sending import Asker, Report, Sender, askers

STEPS = 12
WALKS = 20  # before they begin anew with another seed
QUIET = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LINES = st.sampled_from(["- [ ] Write", "* [x] Call Bob due:tomorrow", "TYPE,CONTENT", "\0", "é"])
UPLOADS = st.one_of(st.binary(max_size=300), st.lists(LINES).map("\n".join).map(str.encode))
for kind in ("text/csv", "application/octet-stream"):
    schemathesis.openapi.media_type(kind, UPLOADS)


@schemathesis.serializer("text/csv")
def _as_it_is(_: object, upload: object) -> object:
    return upload if isinstance(upload, bytes) else str(upload).encode()


def send_single(sender: Sender, cases: int) -> Report:
    """At least so many cases, operation by operation; a sender always has the same ones first."""
    operations = [found.ok() for found in _document(sender).get_all_operations()]
    number = sender.report.cases
    until = number + cases
    while sender.report.cases < until:
        for operation in operations:
            number += 1
            _send_some(sender, operation, number)
    return sender.report


def send_walks(sender: Sender, cases: int) -> Report:
    """At least so many cases in walks along the links of the document, identities mixed.

    What an answer gave, such as a tip, is what the next request speaks of, whoever sends it.
    """
    walk = _walk(sender)
    number = sender.report.cases  # asked again, it walks elsewhere
    until = number + cases
    while sender.report.cases < until:
        number += 1
        few = min(WALKS, (until - sender.report.cases) // STEPS + 1)
        # a walk that begins as an earlier one may be answered otherwise, for the store remembers;
        # Hypothesis gives up such a run, and what was sent until then has been looked at
        with suppress(FlakyStrategyDefinition):
            seed(number)(walk).run(
                settings=settings(QUIET, max_examples=few, stateful_step_count=STEPS)
            )
    return sender.report


def _document(sender: Sender) -> Any:
    return schemathesis.openapi.from_url(f"{sender.address}/openapi.json")


def _send_some(sender: Sender, operation: APIOperation, number: int) -> None:
    @seed(number)
    @settings(QUIET, max_examples=_share(operation))
    @given(case=_cases(operation), asker=askers)
    def send(case: Case, asker: Asker) -> None:
        sender.send(case, asker)

    send()


def _walk(sender: Sender) -> Any:
    machine: Any = _document(sender).as_state_machine()

    class Walk(machine):  # type: ignore[misc]  # a class made of the document
        _draws: Any
        _last: Asker | None = None

        @initialize(draws=st.data())
        def ready(self, draws: Any) -> None:
            self._draws = draws

        def step(self, input: Any) -> Any:
            again = st.just(self._last) if self._last else askers
            asker = self._last = self._draws.draw(st.one_of(again, again, askers))
            answer: Response | None = sender.send(input.case, asker)
            if answer is None:
                return None
            self.after_call(answer, input.case)
            return StepOutput(answer, input.case)

    return Walk


def _cases(operation: APIOperation) -> st.SearchStrategy[Case]:
    cases = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE)]
    if _takes_something(operation):
        cases.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return st.one_of(cases)


def _takes_something(operation: APIOperation) -> bool:
    return bool(operation.path_parameters or operation.query or operation.headers or operation.body)


def _share(operation: APIOperation) -> int:
    """How many cases before the next operation has its turn."""
    return 40 if _takes_something(operation) or operation.method == "post" else 5

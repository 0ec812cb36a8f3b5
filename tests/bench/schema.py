"""`python -m tests.bench.schema`: Schemathesis over the OpenAPI document of a running oO."""

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import schemathesis
import typer
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from oo.web.guard import HEADERS
from oo.web.problems import MEDIA_TYPE, Problem
from tests.bench.seed import seed as fill
from tests.bench.systems import running

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PROGRAM = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
AMPLE = {"tips_per_second": 10_000, "pages_per_minute": 100_000, "heavy_per_minute": 100_000}

LINES = st.sampled_from(["- [ ] Write", "* [x] Call Bob due:tomorrow", "TYPE,CONTENT", "\0", "é"])
UPLOADS = st.one_of(st.binary(max_size=300), st.lists(LINES).map("\n".join).map(str.encode))
for kind in ("text/csv", "application/octet-stream"):
    schemathesis.openapi.media_type(kind, UPLOADS)


@schemathesis.serializer("text/csv")
def _as_it_is(_: object, upload: object) -> object:
    return upload if isinstance(upload, bytes) else str(upload).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """A case, as whom it is sent, and a number that picks the tip of which it speaks, if it may.

    Without one, tips and sources are named as the case has it.
    """

    case: Case
    person: int | None  # None is somebody who is not signed in
    by_browser: bool
    tip: int | None


@dataclass
class Report:
    """What was answered, and everything that was wrong with it."""

    cases: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Checked:
    """Sends cases to the oO at `address` for two people, by their session cookies."""

    def __init__(self, address: str, cookies: Sequence[str]) -> None:
        self._address = address
        self._cookies = cookies
        self._tips: list[tuple[int, str]] = []  # and whose each is
        self.report = Report()

    def run(self, cases: int) -> Report:
        """Send at least so many cases; the same ones each time."""
        schema = schemathesis.openapi.from_url(f"{self._address}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]
        number = 0
        while self.report.cases < cases:
            for operation in operations:
                number += 1
                self._send_some(operation, _share(operation), number)
        return self.report

    def _send_some(self, operation: APIOperation, cases: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=cases,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(_asked(operation))
        def send(asked: Asked) -> None:
            try:
                self._send(operation.label, asked)
            except (AssertionError, FailureGroup) as error:
                self.report.wrong.append(f"{operation.label}: {error}")

        send()

    def _send(self, label: str, asked: Asked) -> None:
        owner = self._speak_of_a_tip(asked)
        if asked.tip is not None and "source" in (asked.case.path_parameters or {}):
            asked.case.path_parameters["source"] = "file"
        cookies = {} if asked.person is None else {"sid": self._cookies[asked.person]}
        headers = BROWSER if asked.by_browser else PROGRAM
        answer = asked.case.call(
            base_url=self._address, headers=headers, cookies=cookies, allow_redirects=False
        )
        self.report.cases += 1
        self.report.statuses[label, answer.status_code] += 1
        _armoured(answer)
        if asked.by_browser and answer.status_code >= 300:
            _is_for_a_person(answer)
        else:
            asked.case.validate_response(answer, checks=CHECKS)  # type: ignore[arg-type]
            if answer.status_code >= 400:
                _is_problem(answer)
        if owner is not None and owner != asked.person:
            assert answer.status_code >= 300, "somebody else's tip was served"
        if label.endswith("/recommend") and answer.status_code == 200 and asked.person is not None:
            tip = answer.json()["tip"]
            self._tips += [(asked.person, tip["id"])] if tip else []

    def _speak_of_a_tip(self, asked: Asked) -> int | None:
        """Put a tip that was served into the case, if it takes one; whose it is."""
        if asked.tip is None or not self._tips:
            return None
        owner, tip_id = self._tips[-1 - asked.tip % min(len(self._tips), 8)]
        if asked.case.path_parameters and "tip_id" in asked.case.path_parameters:
            asked.case.path_parameters["tip_id"] = tip_id
        elif isinstance(asked.case.body, dict) and "tip_id" in asked.case.body:
            asked.case.body["tip_id"] = tip_id
        else:
            return None
        return owner


def _asked(operation: APIOperation) -> st.SearchStrategy[Asked]:
    cases = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE)]
    if _takes_something(operation):
        cases.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return st.builds(
        Asked,
        case=st.one_of(cases),
        person=st.sampled_from([0, 1, 0, 1, None]),
        by_browser=st.booleans(),
        tip=st.one_of(st.none(), st.integers(0, 1000)),
    )


def _takes_something(operation: APIOperation) -> bool:
    return bool(operation.path_parameters or operation.query or operation.headers or operation.body)


def _share(operation: APIOperation) -> int:
    """How many cases before the next operation has its turn."""
    return 40 if _takes_something(operation) or operation.method == "post" else 5


def _armoured(answer: Response) -> None:
    missing = {name for name in (*HEADERS, "cache-control") if name not in answer.headers}
    assert not missing, f"{answer.status_code} without {missing}"


def _is_problem(answer: Response) -> None:
    assert answer.headers["content-type"] == [MEDIA_TYPE], answer.text
    assert Problem.model_validate(answer.json()).status == answer.status_code


def _is_for_a_person(answer: Response) -> None:
    """A calm page, or the way to the one where they sign in."""
    assert answer.status_code < 500, answer.text
    if answer.status_code == 303:
        assert answer.headers["location"][0].startswith("/sign-in")
        return
    (kind,) = answer.headers["content-type"]
    assert kind.startswith("text/html"), answer.text
    assert "<h1" in answer.text, answer.text


def main(
    cases: Annotated[int, typer.Option(help="How many cases at least.")] = 5_000,
) -> None:
    """Start oO, send it cases for two people, and print what was answered."""
    os.environ |= {f"OO_LIMITS__{name.upper()}": str(number) for name, number in AMPLE.items()}
    with tempfile.TemporaryDirectory(prefix="oo-schema-") as folder:
        seeded = asyncio.run(fill(Path(folder) / "oo.db", 2, 0))
        with running("oo", Path(folder)) as (port, _):
            report = Checked(f"http://127.0.0.1:{port}", seeded.cookies).run(cases)
    out = Console(highlight=False)
    table = Table(title=f"{report.cases} cases, {len(report.wrong)} answers that are wrong")
    for head in ("operation", "status", "answers"):
        table.add_column(head)
    for (label, status), count in sorted(report.statuses.items()):
        table.add_row(label, str(status), str(count))
    out.print(table)
    for text in dict.fromkeys(report.wrong):
        out.print(text, markup=False)
    raise typer.Exit(1 if report.wrong else 0)


if __name__ == "__main__":
    typer.run(main)

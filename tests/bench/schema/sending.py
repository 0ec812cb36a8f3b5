"""One case: as whom it is sent, what it speaks of, and whether the answer is what it must be."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from requests import RequestException
from schemathesis import Case, Response
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
from tests.bench.schema.people import ADMIN_TOKEN, MACHINE, NOBODY, ROLES, STALE, WHO, People

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
AMPLE = {
    "tips_per_second": 10_000,
    "pages_per_minute": 100_000,
    "heavy_per_minute": 100_000,
    "secrets_per_minute": 100_000,
}
PROGRAM = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
# who alone may be answered by a 2xx, where it is not everybody who is signed in
ONLY = {
    "POST /api/auth/token": {MACHINE},
    "GET /api/auth/tokens": {"viewer", "admin", MACHINE},
    "DELETE /api/auth/tokens/{token_id}": {"admin", MACHINE},
    "PUT /api/people/{user_id}/role": {"admin", MACHINE},
    "POST /api/admin/events/replay": {"admin", MACHINE},
    "DELETE /api/me": set(ROLES),
}
SIGNED_IN = {*ROLES, STALE}
WATCHERS = {"viewer", "admin", MACHINE}  # of what begins with /api/admin/, at most
OPEN = {"/api/erasures/{receipt_id}", "/api/version"}  # and what begins with /health/
REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Asker:
    """As whom a case is sent, and a number that picks what it speaks of.

    Without one, tips, people and sources are named as the case has it.
    """

    who: str
    by_browser: bool
    thing: int | None


askers = st.builds(
    Asker,
    who=st.sampled_from((*WHO, "person", "other", "admin")),
    by_browser=st.sampled_from((False, False, True)),
    thing=st.one_of(st.none(), st.integers(0, 1000)),
)


@dataclass
class Report:
    """What was answered, and everything that was wrong with it."""

    cases: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def _quiet(_: Report) -> None:
    """Tell nobody."""


@dataclass
class Sender:
    """Sends cases to the oO at `address`, and tells after each how far it is."""

    address: str
    people: People
    tell: Callable[[Report], None] = _quiet
    report: Report = field(default_factory=Report)
    _tips: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _receipts: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _machine: str = ""

    def send(self, case: Case, asker: Asker) -> Response | None:
        """The answer; None when it is wrong, which the report says."""
        label = case.operation.label
        try:
            return self._send(label, case, asker)
        except (AssertionError, FailureGroup) as error:
            self.report.wrong.append(f"{label} by {asker.who}: {error}")
            return None
        except RequestException as error:  # no answer in ten seconds, or none at all
            self.report.wrong.append(f"{label} by {asker.who}: {error!r} to {case.body!r}")
            return None
        finally:
            self.tell(self.report)

    def _send(self, label: str, case: Case, asker: Asker) -> Response:
        owner = self._speak_of_something(case, asker)
        headers = dict(BROWSER if asker.by_browser else PROGRAM)
        if asker.who == MACHINE:
            token = ADMIN_TOKEN if label.endswith("/auth/token") else self._machine
            headers["Authorization"] = f"Bearer {token}"
        answer = case.call(
            base_url=self.address,
            headers=headers,
            cookies=self.people.cookies_of(asker.who),
            allow_redirects=False,
        )
        self.report.cases += 1
        self.report.statuses[label, answer.status_code] += 1
        self._learn(label, case, asker, answer)
        _armoured(answer)
        if asker.by_browser and answer.status_code >= 300:
            _is_for_a_person(answer)
        else:
            case.validate_response(answer, checks=CHECKS)  # type: ignore[arg-type]
            if answer.status_code >= 400:
                _is_problem(answer)
        if answer.status_code < 300:
            may = asker.who in _may(label, case.path)
            assert may, f"{answer.status_code} for {asker.who}"
            assert owner in (None, self.people.id_of(asker.who)), "another person's tip"
        return answer

    def _speak_of_something(self, case: Case, asker: Asker) -> str | None:
        """Put what there is into the case, if it takes one; whose tip it is."""
        named = case.path_parameters or {}
        if asker.thing is not None:
            if "source" in named:
                named["source"] = "file"
            if "user_id" in named:
                names = sorted(ROLES)
                named["user_id"] = self.people.id_of(names[asker.thing % len(names)])
            if "receipt_id" in named and self._receipts:
                named["receipt_id"] = self._receipts[asker.thing % len(self._receipts)]
            if self._tips:
                tip_id = self._tips[asker.thing % len(self._tips)][1]
                if "tip_id" in named:
                    named["tip_id"] = tip_id
                elif isinstance(case.body, dict) and "tip_id" in case.body:
                    case.body["tip_id"] = tip_id
        body = case.body if isinstance(case.body, dict) else {}
        spoken: Any = named.get("tip_id", body.get("tip_id"))
        return next((owner for owner, tip_id in self._tips if tip_id == spoken), None)

    def _learn(self, label: str, case: Case, asker: Asker, answer: Response) -> None:
        """What later cases may speak of, and who has to be made anew."""
        if answer.status_code >= 300:
            return
        if label == "POST /recommend":
            tip = answer.json()["tip"]
            self._tips += [(self.people.id_of(asker.who), tip["id"])] if tip else []
        elif label == "POST /api/auth/token" and answer.json()["role"] == "admin":
            self._machine = answer.json()["token"]
        elif label == "DELETE /api/me":
            self._receipts.append(answer.json()["id"])
            self.people.renew(asker.who)
        elif label.endswith("/role"):
            name = self.people.name_of(case.path_parameters["user_id"])
            assert name, "somebody who is not there has a role"
            self.people.renew(name)


def _may(label: str, path: str) -> set[str]:
    if path in OPEN or path.startswith("/health/"):
        return {*SIGNED_IN, NOBODY, MACHINE}
    return ONLY.get(label, WATCHERS if path.startswith("/api/admin/") else SIGNED_IN)


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

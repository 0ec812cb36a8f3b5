"""The gate: every check fails for its own reason, and says what to do then."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ml.promotion.evidence import Evidence
from ml.promotion.gate import Simulated, examine
from ml.promotion.gate_report import Check, Report
from ml.promotion.worlds import World

BETTER = World("better", gain=0.3, agreement=0.0)
AGREED = Simulated(0.05, 0.01, 0.09)


def evidence(n: int = 3000) -> Evidence:
    return BETTER.evidence(n, np.random.default_rng(1))


def judged(found: Evidence, simulate: Callable[[], Simulated] = lambda: AGREED) -> Report:
    return examine("new@2", "old@1", found, simulate)


def failed(report: Report) -> dict[str, Check]:
    return {one.name: one for one in report.checks if not one.passed}


def test_a_better_policy_passes() -> None:
    report = judged(evidence())
    assert report.passed, failed(report)
    assert report.gain == pytest.approx(0.3, abs=0.1)
    assert all(one.advice == "" for one in report.checks)


def test_nothing_known_passes_nothing() -> None:
    report = judged(evidence(0))
    assert not report.passed
    assert report.gain is None
    assert {"decisions", "people", "shadowed decisions", "lower bound of the gain"} <= {
        *failed(report)
    }


@pytest.mark.parametrize(
    ("change", "name", "advice"),
    [
        (lambda e: replace(e, shadowed=~e.shadowed), "shadowed decisions", "Shadow it first"),
        (
            lambda e: replace(e, disagrees=np.arange(len(e)) == 7),
            "online and offline disagree",
            "In 1 of 3000 decisions",
        ),
        (lambda e: replace(e, people=e.people % 9), "people", "1 more people"),
        (lambda e: e.first(400), "decisions", "Wait for 100 more decisions"),
        (
            lambda e: replace(e, challenger=e.incumbent, incumbent=e.challenger),
            "lower bound of the gain",
            "keep the policy in force",
        ),
        (
            lambda e: replace(e, dismissed=e.actions == e.challenger.argmax(axis=1)),
            "upper bound of more dismissals",
            "People would dismiss more",
        ),
    ],
)
def test_each_check_says_what_to_do(
    change: Callable[[Evidence], Evidence], name: str, advice: str
) -> None:
    report = judged(change(evidence()))
    assert not report.passed
    assert advice in failed(report)[name].advice


def test_what_is_not_settled_yet_is_waited_for() -> None:
    report = examine("new@2", "old@1", evidence(0), lambda: AGREED, unsettled=700)
    advice = failed(report)["decisions"].advice
    assert advice.startswith("Wait: 700 decisions are younger than a day")
    assert (report.unsettled, report.to_dict()["unsettled"]) == (700, 700)


def test_little_overlap_is_refused() -> None:
    found = World("bold", gain=0.3, agreement=0.0, exploration=0.02, boldness=1.0)
    report = judged(found.evidence(1000, np.random.default_rng(0)))
    assert "Wait for about" in failed(report)["effective sample size"].advice
    sure = evidence()
    only = np.where(sure.logging == sure.logging.max(axis=1, keepdims=True), 1.0, 0.0)
    only[np.arange(len(sure)), sure.actions] = 1.0
    report = judged(replace(sure, logging=only))
    assert "explores" in failed(report)["unsupported choices"].advice


def test_people_are_simulated_only_when_all_else_passes_and_may_say_no() -> None:
    def never() -> Simulated:
        raise AssertionError("nobody asked for this")

    assert not judged(evidence(400), never).passed
    report = judged(evidence(), lambda: Simulated(-0.05, -0.08, -0.02))
    assert [*failed(report)] == ["lower bound in simulation"]
    assert "oo simulate --compare" in failed(report)["lower bound in simulation"].advice


def test_a_report_is_plain_data() -> None:
    for n in (0, 600):
        found = json.loads(json.dumps(judged(evidence(n)).to_dict(), allow_nan=False))
        assert found["verdict"] == "refused"
        assert found["challenger"] == "new@2"
        assert {"name", "value", "rule", "limit", "passed", "advice"} == {*found["checks"][0]}


def test_evidence_must_fit_together() -> None:
    found = evidence(10)
    with pytest.raises(ValueError, match="one entry per decision"):
        replace(found, rewards=found.rewards[:5])
    with pytest.raises(ValueError, match="rewards"):
        replace(found, rewards=found.rewards * 3)

"""`oo status`: what it shows while all is there, while parts are away, and while nothing is."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oo.cli import running
from oo.cli.commands.status import status
from oo.domain.service_levels import LEVELS
from oo.kit.errors import ConfigurationError

SAID = """
oo_part_ready{part="store"} 1.0
oo_part_ready{part="engine"} 0.0
oo_fold_lag_seconds 0.25
oo_decisions_total{source="llm",picked="policy"} %d
oo_decisions_total{source="fallback",picked="policy"} 10
"""


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has a running oO say these things, one after the other, and then the last for good."""
    monkeypatch.setenv("OO_DATA_DIR", str(tmp_path))

    def say(state: dict[str, Any] | None, *texts: str | None) -> None:
        left = list(texts)
        parts = {"store": "ready", "engine": "down"} if state else {}
        monkeypatch.setattr(running, "readiness", lambda settings: state)
        monkeypatch.setattr(running, "parts", lambda settings: parts)
        monkeypatch.setattr(
            running, "figures", lambda settings: left.pop(0) if len(left) > 1 else left[0]
        )

    return say


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What was printed as JSON last, by level."""
    text = capsys.readouterr().out
    found: dict[str, Any] = json.loads(text if text.startswith("{\n") else text.splitlines()[-1])
    return {**found, "levels": {it["name"]: it for it in found["levels"]}}


def test_levels_that_are_missed_stand_out(
    answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers({"status": "ok"}, SAID % 90)
    status()
    lines = capsys.readouterr().out.splitlines()
    of = {level.name: next(it for it in lines if f" {level.name} " in it) for level in LEVELS}
    assert of["fold-lag"].split()[2:8] == ["250", "ms", "≤", "5", "s", "kept"]
    assert "10 %" in of["tips-composed"]
    assert "MISSED   engine: The part is ready" in of["parts-ready"]
    assert "no data" in of["tip-latency"]
    assert "down     engine" in lines


def test_as_json_every_level_has_its_figures(
    answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers({"status": "unavailable"}, SAID % 90)
    status(as_json=True)
    found = shown(capsys)
    assert (found["status"], found["parts"]["engine"]) == ("unavailable", "down")
    assert found["counted_over_s"] is None
    assert found["levels"]["tips-composed"]["value"] == 0.1
    assert found["levels"]["parts-ready"]["is_kept"] is False
    assert set(found["levels"]) == {level.name for level in LEVELS}


def test_nothing_that_answers_is_an_error_unless_it_is_watched(
    answers: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(None, None)
    with pytest.raises(ConfigurationError, match="No oO answers"):
        status()
    watched(monkeypatch, 2)
    status(watch=True)
    assert capsys.readouterr().out.count("No oO answers here.") == 2


def test_who_may_not_read_figures_sees_parts_all_the_same(
    answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers({"status": "ok"}, None)
    status()
    said = capsys.readouterr().out
    assert "down     engine" in said
    assert "OO_METRICS_TOKEN" in said


def test_while_it_is_watched_things_are_counted_between_looks(
    answers: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers({"status": "ok"}, SAID % 90, None, SAID % 190)
    watched(monkeypatch, 3)
    status(watch=True, as_json=True)
    found = shown(capsys)
    assert found["counted_over_s"] > 0
    assert found["levels"]["tips-composed"]["value"] == 0  # none of a hundred since


def watched(monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    """Whoever watches presses Ctrl-C after so many looks."""
    left = iter(range(looks - 1))

    def sleep(seconds: float) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)

"""Alert rules and the dashboard: made from the service levels, valid, and about what there is."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from oo.domain.service_levels import LEVELS
from oo.observability.files import DASHBOARD, FILES, RULES
from tests.peers.exposed import exposed

ROOT = Path(__file__).parents[2]
TESTS = RULES.with_name("alerts_test.yaml")
PROMTOOL = shutil.which("promtool") or shutil.which(
    "promtool", path=str(Path(sys.executable).parent)
)
SELECTED = re.compile(r"\b(oo_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"by \(([^)]*)\) \((?:rate\()?(oo_\w+)")


def promtool(*arguments: str | Path) -> str:
    if PROMTOOL is None:
        pytest.skip("needs promtool, of Debian's prometheus")
    done = subprocess.run(
        [PROMTOOL, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(RULES.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def shown() -> list[str]:
    """Every expression of the dashboard."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def expressions() -> list[str]:
    return [*(rule["expr"] for rule in rules()), *shown()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_committed_is_what_is_made(path: Path) -> None:
    assert path.read_text() == FILES[path](), "run `python -m oo.observability`"


def test_prometheus_takes_the_rules() -> None:
    assert f"{len(LEVELS)} rules found" in promtool("check", "rules", RULES)


def test_alerts_fire_when_they_should_and_not_otherwise() -> None:
    assert "SUCCESS" in promtool("test", "rules", TESTS)


def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    fires, rests = Counter[str](), Counter[str]()
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        for case in test["alert_rule_test"]:
            (fires if case["exp_alerts"] else rests)[case["alertname"]] += 1
    alerts = {rule["alert"] for rule in rules()}
    assert alerts == set(fires) == set(rests)
    assert len(alerts) == len(rules()) == len({level.name for level in LEVELS})


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert (ROOT / rule["annotations"]["runbook"]).is_file(), rule["annotations"]["runbook"]


def test_prometheus_takes_the_expressions_of_the_dashboard(tmp_path: Path) -> None:
    records = [
        {"record": f"shown:{number}", "expr": expression.replace("$__rate_interval", "1m")}
        for number, expression in enumerate(shown())
    ]
    path = tmp_path / "shown.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": records}]}))
    assert f"{len(records)} rules found" in promtool("check", "rules", path)


def test_every_metric_that_is_named_is_one_that_oo_has() -> None:
    known = exposed().labels
    for expression in expressions():
        named = SELECTED.findall(expression)
        assert named, expression
        for name, selector in named:
            assert name in known, expression
            assert set(re.findall(r"(\w+)[=!]", selector)) <= known[name], expression
        for labels, name in GROUPED.findall(expression):
            assert set(re.findall(r"\w+", labels)) <= known[name], expression


def test_panels_overlap_nowhere_and_every_level_is_shown() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    taken = set[tuple[int, int]]()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert {level.name for level in LEVELS} <= {panel["title"] for panel in panels}
    assert len({panel["id"] for panel in panels}) == len(panels)

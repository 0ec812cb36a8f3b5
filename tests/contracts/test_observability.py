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

from oo.domain.indicators import Reading, Sample
from oo.domain.service_level import Bound
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


def test_prometheus_takes_the_configuration() -> None:
    said = promtool("check", "config", RULES.with_name("prometheus.yaml"))
    assert "1 rule files found" in said


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


def test_no_label_is_one_that_prometheus_gives_itself() -> None:
    assert [it for it, labels in exposed().labels.items() if {"job", "instance"} & labels] == []


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


ONE = [{"labels": "{}", "value": 1}]
Series = dict[str, list[tuple[dict[str, str], float]]]
# an hour of steady counting, and how much each figure is at its end
STEADY: Series = {
    "oo_request_seconds_bucket": [
        ({"route": route, "status": "2xx", "le": le}, count)
        for route in ("/recommend", "/feedback")
        for le, count in (("0.2", 60), ("0.5", 90), ("1.0", 100), ("+Inf", 100))
    ],
    "oo_request_seconds_count": [({"status": "2xx"}, 90), ({"status": "5xx"}, 10)],
    "oo_decisions_total": [
        ({"source": "llm", "picked": "policy"}, 60),
        ({"source": "fallback", "picked": "policy"}, 30),
        ({"source": "llm", "picked": "chance"}, 10),
    ],
    "oo_pool_refresh_seconds_bucket": [
        ({"le": "5.0"}, 10),
        ({"le": "10.0"}, 40),
        ({"le": "+Inf"}, 40),
    ],
    "oo_model_calls_total": [({"outcome": "answered"}, 30), ({"outcome": "late"}, 10)],
}
NOW: Series = {
    "oo_fold_lag_seconds": [({}, 7)],
    "oo_pool_good_ratio": [({}, 0.8)],
    "oo_engine_requests": [({"state": "running"}, 32), ({"state": "waiting"}, 9)],
    "oo_outbox_untold_seconds": [({}, 3)],
    "oo_event_consumer_failing": [({"consumer": "mirror"}, 1), ({"consumer": "counted"}, 0)],
    "oo_event_consumer_lag": [({"consumer": "mirror"}, 70), ({"consumer": "counted"}, 2)],
    "oo_errands_waiting_seconds": [({"subject": "a"}, 5), ({"subject": "b"}, 6)],
    "oo_errands_given_up": [({"subject": "a"}, 0), ({"subject": "b"}, 2)],
    "oo_deliveries_due_seconds": [({}, 4)],
    "oo_source_connections": [({"source": "a"}, 10), ({"source": "b"}, 4)],
    "oo_source_stale": [({"source": "a"}, 3), ({"source": "b"}, 1)],
    "oo_source_failing": [({"source": "a"}, 1), ({"source": "b"}, 3)],
    "oo_admission_requests": [({"state": "waiting"}, 8), ({"state": "under_way"}, 128)],
    "oo_part_ready": [({"part": "store"}, 1), ({"part": "engine"}, 0)],
    "oo_job_due_timestamp_seconds": [({"job_name": "sync"}, 3500), ({"job_name": "sweep"}, 3700)],
}


def test_a_terminal_and_prometheus_speak_of_the_same_figures(tmp_path: Path) -> None:
    before = Reading(0, {it: [Sample(of, 0) for of, _ in rows] for it, rows in STEADY.items()})
    now = Reading(
        3600,
        {it: [Sample(of, 60 * by) for of, by in rows] for it, rows in STEADY.items()}
        | {it: [Sample(of, value) for of, value in rows] for it, rows in NOW.items()},
    )
    series = [
        {"series": it + braces(of), "values": f"0+{by}x70"}
        for it, rows in STEADY.items()
        for of, by in rows
    ] + [
        {"series": it + braces(of), "values": f"{value}x70"}
        for it, rows in NOW.items()
        for of, value in rows
    ]
    same = []
    for level in LEVELS:
        found = level.indicator.value(now, before)
        assert found is not None, level.name
        worst = "max" if level.bound is Bound.AT_MOST else "min"
        apart = f"abs({worst}({level.indicator.promql()}) - {found.value!r})"
        same.append({"expr": f"count({apart} < 1e-6)", "eval_time": "60m", "exp_samples": ONE})
    test = {"interval": "1m", "input_series": series, "promql_expr_test": same}
    path = tmp_path / "same_test.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    assert "SUCCESS" in promtool("test", "rules", path)


def braces(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"

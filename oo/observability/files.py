"""Which files are made from the service levels."""

from collections.abc import Callable, Mapping
from pathlib import Path

from oo.observability.dashboard import dashboard
from oo.observability.rules import alert_rules

OPS = Path(__file__).parents[2] / "ops"
RULES = OPS / "prometheus" / "alerts.yaml"
DASHBOARD = OPS / "grafana" / "oo.json"
FILES: Mapping[Path, Callable[[], str]] = {RULES: alert_rules, DASHBOARD: dashboard}

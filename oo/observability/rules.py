"""The service levels as Prometheus' alert rules."""

from typing import Any

import yaml

from oo.domain.service_level import ServiceLevel, Unit
from oo.domain.service_levels import LEVELS

MADE = "# Made from oo/domain/service_levels.py by `python -m oo.observability`; change it there.\n"
EVERY = "15s"
READ = {
    Unit.SECONDS: "humanizeDuration",
    Unit.SHARE: "humanizePercentage",
    Unit.THINGS: "humanize",
}


def alert_rules() -> str:
    """The text of the rules' file."""
    rules = [_rule(level) for level in LEVELS]
    groups = {"groups": [{"name": "oO", "interval": EVERY, "rules": rules}]}
    return MADE + yaml.safe_dump(groups, sort_keys=False, allow_unicode=True, width=1000)


def _rule(level: ServiceLevel) -> dict[str, Any]:
    alert = level.alert
    return {
        "alert": alert.name,
        "expr": level.breach(),
        "for": alert.after,
        "labels": {"severity": alert.severity.value, "level": level.name},
        "annotations": {
            "summary": _summary(level),
            "runbook": f"docs/runbooks/{alert.runbook}.md",
        },
    }


def _summary(level: ServiceLevel) -> str:
    """Of what, what the level means, what it is now and was to be."""
    said = f"{level.words}: {{{{ $value | {READ[level.unit]} }}}} ({_bound(level)})"
    by = getattr(level.indicator, "by", "")
    kind = by.removesuffix("_name")
    return f"{kind} {{{{ $labels.{by} }}}}: {said}" if by else said


def _bound(level: ServiceLevel) -> str:
    share = level.unit is Unit.SHARE
    objective = f"{100 * level.objective:g}%" if share else f"{level.objective:g}{level.unit.value}"
    return f"{level.bound} {objective}"

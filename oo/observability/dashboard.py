"""The service levels and what is beside them as Grafana's dashboard `oO`, in its JSON form.

Source: Grafana's dashboard JSON model, schema version 38 (Grafana 10 and later read it).
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from oo.domain.service_level import Bound, Row, ServiceLevel, Unit
from oo.domain.service_levels import LEVELS
from oo.observability.panels import PANELS, Line, Panel

WIDE = 24  # Grafana's columns
LEVEL = 6  # columns of a level's panel
CHART = 8
HIGH = 7
SOURCE = {"type": "prometheus", "uid": "${prometheus}"}
UNITS = {Unit.SECONDS: "s", Unit.SHARE: "percentunit", Unit.THINGS: "short"}
BREACHED, KEPT = "red", "green"


def dashboard() -> str:
    """The text of the dashboard's file."""
    panels = list(_placed())
    for number, panel in enumerate(panels, start=1):
        panel["id"] = number
    board = {
        "uid": "oo",
        "title": "oO",
        "description": "How well oO serves. Made by `python -m oo.observability`.",
        "tags": ["oo"],
        "schemaVersion": 38,
        "editable": False,
        "graphTooltip": 1,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "15s",
        "templating": {
            "list": [
                {
                    "name": "prometheus",
                    "label": "Prometheus",
                    "type": "datasource",
                    "query": "prometheus",
                }
            ]
        },
        "panels": panels,
    }
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def _placed() -> Iterator[dict[str, Any]]:
    """All panels, each with its place: a heading for each row, its levels, then its charts."""
    top = 0
    for row in Row:
        place = {"x": 0, "y": top, "w": WIDE, "h": 1}
        yield {
            "type": "row",
            "title": row.value,
            "collapsed": False,
            "gridPos": place,
            "panels": [],
        }
        top += 1
        levels = [_of_level(level) for level in LEVELS if level.row is row]
        charts = [_of_panel(panel) for panel in PANELS if panel.row is row]
        for made, width in chain(_in_lines(levels, LEVEL), _in_lines(charts, CHART)):
            for column, panel in enumerate(made):
                place = {"x": column * width, "y": top, "w": width, "h": HIGH}
                yield {**panel, "gridPos": place}
            top += HIGH


def _in_lines(
    panels: Sequence[dict[str, Any]], width: int
) -> Iterator[tuple[Sequence[dict[str, Any]], int]]:
    abreast = WIDE // width
    for start in range(0, len(panels), abreast):
        yield panels[start : start + abreast], width


def _of_level(level: ServiceLevel) -> dict[str, Any]:
    by = getattr(level.indicator, "by", "")
    good_below = level.bound is Bound.AT_MOST
    below, above = (KEPT, BREACHED) if good_below else (BREACHED, KEPT)
    thresholds = {
        "mode": "absolute",
        "steps": [
            {"color": below, "value": None},
            {"color": above, "value": level.objective},
        ],
    }
    line = Line(level.indicator.promql(), f"{{{{{by}}}}}" if by else level.name)
    chart = _chart(level.name, UNITS[level.unit], (line,))
    chart["description"] = f"{level.words}: {level.bound} {level.objective:g}"
    defaults = chart["fieldConfig"]["defaults"]
    defaults["thresholds"] = thresholds
    defaults["custom"]["thresholdsStyle"] = {"mode": "line"}
    return chart


def _of_panel(panel: Panel) -> dict[str, Any]:
    return _chart(panel.title, panel.unit, panel.lines)


def _chart(title: str, unit: str, lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "fieldConfig": {
            "defaults": {"unit": unit, "min": 0, "custom": {"lineWidth": 1, "fillOpacity": 5}},
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": SOURCE,
                "expr": line.promql,
                "legendFormat": line.legend,
            }
            for place, line in enumerate(lines)
        ],
    }

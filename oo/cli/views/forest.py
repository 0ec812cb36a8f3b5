"""A forest plot: a line per policy or slice, with the interval of its value."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

COLOURS = ("#1f4e79", "#c0552b", "#3d7a4e", "#7a4a86", "#8a6d1d", "#4a5560", "#a03050", "#20808d")
INK, FAINT = "#222222", "#dddddd"


class Row(NamedTuple):
    """One interval to draw, in units of reward."""

    name: str
    estimator: str
    value: float
    lower: float
    upper: float


def save_forest(path: Path, rows: Sequence[Row], level: float) -> None:
    """Draw `rows` grouped by name, one colour per estimator, as an image at `path`."""
    from matplotlib.figure import Figure  # takes a second, and only this needs it

    names = list(dict.fromkeys(row.name for row in rows))
    estimators = list(dict.fromkeys(row.estimator for row in rows))
    step = 0.7 / len(estimators)
    figure = Figure(figsize=(8, 1.4 + len(names) * (0.28 + 0.22 * len(estimators))), dpi=160)
    axes = figure.add_subplot()
    for row in rows:
        order = estimators.index(row.estimator)
        y = names.index(row.name) + (order - (len(estimators) - 1) / 2) * step
        colour = COLOURS[order % len(COLOURS)]
        axes.plot([row.lower, row.upper], [y, y], color=colour, lw=1.8, solid_capstyle="butt")
        axes.plot(row.value, y, "o", color=colour, ms=5)
        axes.annotate(
            f"{row.value:+.2f}".replace("-", "−"),
            (1.02, y),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            color=colour,
        )
    axes.axvline(0, color=FAINT, lw=1, zorder=0)
    for edge in range(1, len(names)):
        axes.axhline(edge - 0.5, color=FAINT, lw=0.6, zorder=0)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(colors=INK, labelsize=9)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel(f"value (mean reward), with {level:.0%} intervals", color=INK, fontsize=9)
    for order, name in enumerate(estimators):
        axes.plot([], [], "o-", color=COLOURS[order % len(COLOURS)], label=name, lw=1.8, ms=5)
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=len(estimators),
        frameon=False,
        fontsize=9,
        borderaxespad=0.2,
    )
    figure.savefig(path, bbox_inches="tight", facecolor="white")

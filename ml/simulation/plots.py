"""Pictures of simulations, drawn without a display."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml.simulation.estimates import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by the colour-blind
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
_BLOCKS = "▁▂▃▄▅▆▇█"


class Curves(NamedTuple):
    """One policy's daily reward and regret."""

    reward: Curve
    regret: Curve


class Point(NamedTuple):
    """One trial of a sweep: in the order of their start."""

    policy: str
    reward: float
    days: int


def plot_curves(curves: Mapping[str, Curves], path: Path, title: str) -> None:
    """Reward and regret per day with 95% bands, one line per policy, as a PNG."""
    figure = blank_figure(11, 4.6)
    rewards, regrets = figure.subplots(1, 2)
    for index, (label, of) in enumerate(curves.items()):
        colour = COLOURS[index % len(COLOURS)]
        draw_curve(rewards, of.reward, label, colour)
        draw_curve(regrets, of.regret, label, colour)
    finish_axes(rewards, "mean reward of seen tips")
    finish_axes(regrets, "mean regret per decision")
    regrets.set_ylim(bottom=0)
    figure.suptitle(title, fontsize=11)
    handles, labels = rewards.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.savefig(path, dpi=130)


def plot_sweep(points: Sequence[Point], path: Path, title: str) -> None:
    """The reward of each trial and the best so far, as a PNG; small dots were stopped early."""
    figure = blank_figure(9, 4.6)
    axes = figure.subplots()
    full = max(point.days for point in points)
    for index, policy in enumerate(sorted({point.policy for point in points})):
        own = [(n, point) for n, point in enumerate(points, 1) if point.policy == policy]
        colour = COLOURS[index % len(COLOURS)]
        axes.scatter(
            [n for n, _ in own],
            [point.reward for _, point in own],
            s=[55 if point.days == full else 14 for _, point in own],
            color=colour,
        )
        axes.plot([], [], "o", color=colour, label=policy)
    finished = [point.reward if point.days == full else -np.inf for point in points]
    axes.step(
        range(1, len(points) + 1),
        np.maximum.accumulate(finished),
        where="post",
        color="#888888",
        linewidth=1,
        label="best that ran all days",
    )
    axes.set_xlabel("trial (small: stopped early)")
    axes.set_ylabel("mean reward of seen tips")
    _grid(axes)
    figure.legend(loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    axes.set_title(title, fontsize=11)
    figure.savefig(path, dpi=130)


def sparkline(values: Sequence[float], low: float, high: float) -> str:
    """Values between `low` and `high` as a line of blocks for a terminal."""
    span = high - low or 1.0
    places = [int((value - low) / span * len(_BLOCKS)) for value in values]
    return "".join(_BLOCKS[min(max(place, 0), len(_BLOCKS) - 1)] for place in places)


def blank_figure(width: float, height: float) -> "Figure":
    """A figure of that size in inches, drawn without a display."""
    from matplotlib.figure import Figure  # takes a second, and a command may draw nothing

    return Figure(figsize=(width, height), layout="constrained")


def draw_curve(axes: "Axes", curve: Curve, label: str, colour: str) -> None:
    """A line with its band, by day."""
    days = curve.day + 1
    axes.plot(days, curve.mean, color=colour, label=label, linewidth=1.8)
    axes.fill_between(days, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)


def finish_axes(axes: "Axes", title: str) -> None:
    """Title, days below, and a grid."""
    axes.set_xlabel("day")
    axes.set_title(title, fontsize=10)
    _grid(axes)


def _grid(axes: "Axes") -> None:
    axes.set_axisbelow(True)
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)

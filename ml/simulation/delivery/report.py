"""What came out of a simulation of deliveries, with 95% confidence intervals over people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.simulation.delivery.runner import Trace
from ml.simulation.estimates import Curve, Interval, interval
from ml.simulation.plots import COLOURS, blank_figure, draw_curve, finish_axes
from oo.domain.statistics import Floats

FIRST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """One policy: totals per person, over all days.

    `reward` with what switching off costs, `pushes` a day, `off` the share of people who switched
    notifications off. Of people who never want any: `never_first` are pushes in all in the first
    week, `never_later` a day after it, `silent` the share of them who get none after it.
    """

    policy: str
    reward: Interval
    pushes: Interval
    off: Interval
    opened: Interval
    never_first: Interval
    never_later: Interval
    silent: Interval
    reward_by_day: Curve
    pushes_by_day: Curve

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        found: dict[str, Any] = {"policy": self.policy}
        for name in _FIGURES:
            value: Interval = getattr(self, name)
            found[name] = {"mean": value.mean, "low": value.low, "high": value.high}
        for name in ("reward_by_day", "pushes_by_day"):
            found[name] = getattr(self, name).mean.tolist()
        return found

    def metrics(self) -> dict[str, float]:
        """Means and bounds under flat names; those that are numbers."""
        named = {
            f"{name}{suffix}": bound
            for name in _FIGURES
            for suffix, bound in zip(("", "_low", "_high"), getattr(self, name), strict=True)
        }
        return {name: value for name, value in named.items() if np.isfinite(value)}


_FIGURES = ("reward", "pushes", "off", "opened", "never_first", "never_later", "silent")


def entry(traces: Sequence[Trace]) -> Entry:
    """The figures of one policy over its worlds."""
    reward, pushed, opened = (
        np.concatenate([getattr(one, name) for one in traces])
        for name in ("reward", "pushes", "opened")
    )
    off = np.concatenate([one.off_day for one in traces]) >= 0
    never = np.concatenate([one.never for one in traces])
    total = pushed.sum(axis=1)
    rate = np.divide(opened.sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
    later = pushed[never, FIRST_DAYS:]
    return Entry(
        traces[0].policy,
        interval(reward.sum(axis=1)),
        interval(pushed.mean(axis=1)),
        interval(off.astype(np.float64)),
        interval(rate),
        interval(pushed[never, :FIRST_DAYS].sum(axis=1)),
        interval(later.mean(axis=1) if later.shape[1] else np.zeros(len(later))),
        interval((later.sum(axis=1) == 0).astype(np.float64)),
        _by_day(reward),
        _by_day(pushed),
    )


def verdicts(entries: Mapping[str, Entry]) -> dict[str, bool]:
    """Whether the learnt policy is what it is meant to be, check by check.

    Intervals of rewards must not overlap; pushes count as means.
    """
    found: dict[str, bool] = {}
    learnt = entries.get("learnt")
    if learnt is None:
        return found
    for name in ("fixed-time", "threshold"):
        if name in entries:
            other = entries[name]
            found[f"reward above {name}"] = learnt.reward.low > other.reward.high
            found[f"no more pushes than {name}"] = learnt.pushes.mean <= other.pushes.mean
    if "always" in entries:
        half = entries["always"].off.mean / 2
        found["at most half the opt-outs of always"] = learnt.off.mean <= half
    found["silent within a week to who wants none"] = learnt.silent.mean >= SILENT
    return found


SILENT = 0.95


def plot(entries: Sequence[Entry], path: Any, title: str) -> None:
    """Reward and pushes per day with 95% bands, one line per policy, as a PNG."""
    figure = blank_figure(11, 4.6)
    rewards, pushes = figure.subplots(1, 2)
    for index, one in enumerate(entries):
        colour = COLOURS[index % len(COLOURS)]
        draw_curve(rewards, one.reward_by_day, one.policy, colour)
        draw_curve(pushes, one.pushes_by_day, one.policy, colour)
    finish_axes(rewards, "reward per person and day")
    finish_axes(pushes, "pushes per person and day")
    pushes.set_ylim(bottom=0)
    figure.suptitle(title, fontsize=11)
    handles, labels = rewards.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    figure.savefig(path, dpi=130)


def _by_day(values: Floats) -> Curve:
    points = [interval(values[:, day]) for day in range(values.shape[1])]
    bounds = (np.array(bound) for bound in zip(*points, strict=True))
    return Curve(np.arange(values.shape[1]), *bounds)

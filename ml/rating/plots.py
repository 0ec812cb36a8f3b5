"""Pictures of benchmarks, drawn without a display."""

from collections.abc import Mapping
from pathlib import Path

from ml.rating.benchmark import Difference, Figures
from ml.simulation.plots import COLOURS

SHOWN = ("score", "faulty", "true_before", "variety", "latency_s", "completion_tokens")


def plot_benchmark(
    means: Mapping[str, Figures],
    against: Mapping[str, Mapping[str, Difference]],
    path: Path,
    title: str,
) -> None:
    """One panel per figure and one bar per writer, as a PNG; whiskers are the 95% interval of the
    difference from the first writer."""
    from matplotlib.figure import Figure  # takes a second, and a command may draw nothing

    figure = Figure(figsize=(12, 6.4), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    labels = list(means)
    for name, axes in zip(SHOWN, panels, strict=True):
        for place, label in enumerate(labels):
            value = getattr(means[label], name)
            axes.barh(place, value, color=COLOURS[place % len(COLOURS)])
            one = against.get(label, {}).get(name)
            if one is not None and one.low == one.low:
                spread = [[one.mean - one.low], [one.high - one.mean]]
                axes.errorbar(value, place, xerr=spread, color="#333333", capsize=3)
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.set_title(name.replace("_", " "), fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, fontsize=11)
    figure.savefig(path, dpi=130)

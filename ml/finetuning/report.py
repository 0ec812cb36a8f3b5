"""What came out of a fine-tuning: a card, and a picture of the differences."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml.finetuning.evaluation import Figure

LIMITS = (
    "Simulated people answer by a model of choice that was not fitted to real ones, and that they"
    " share a taste for words is assumed. A gain here is a reason to try an adapter, not a proof."
)


def card(adapter: str, made_of: str, figures: Sequence[Figure]) -> str:
    """The card of an adapter, in Markdown."""
    lines = [f"# {adapter}", "", made_of, ""]
    if figures:
        lines += ["| | base | adapter | difference, 95% over people | people |"]
        lines += ["|---|---|---|---|---|"]
        lines += [
            f"| {one.name} | {one.base:.4f} | {one.adapter:.4f} | {one.difference} | {one.n} |"
            for one in figures
        ]
        lines += ["", LIMITS]
    return "\n".join(lines) + "\n"


def plain(figures: Sequence[Figure]) -> dict[str, Any]:
    """The figures for JSON."""
    return {
        one.name: {
            "base": one.base,
            "adapter": one.adapter,
            "difference": list(one.difference),
            "people": one.n,
        }
        for one in figures
    }


def plot(figures: Sequence[Figure], path: Path, title: str) -> None:
    """Each difference with its interval on a scale of its own, as a PNG."""
    from matplotlib.figure import Figure as Picture  # takes a second

    picture = Picture(figsize=(8, 0.6 * len(figures) + 1), layout="constrained")
    every = picture.subplots(len(figures), 1, squeeze=False)[:, 0]
    for axes, one in zip(every, figures, strict=True):
        mean, low, high = one.difference
        axes.errorbar([mean], [0], xerr=[[mean - low], [high - mean]], fmt="o", color="#0072B2")
        axes.axvline(0, color="#888888", linewidth=1)
        reach = 1.3 * max(abs(low), abs(high), 1e-6)
        axes.set_xlim(-reach, reach)
        axes.set_yticks([0], [one.name])
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right", "left"]].set_visible(False)
    picture.suptitle(title, fontsize=11)
    picture.savefig(path, dpi=130)

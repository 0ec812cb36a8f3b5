"""How a benchmark of models and prompts looks in a terminal."""

from rich.table import Table

from oo.cli.console import out, wide
from oo.mlops.benchmark import Difference, Figures, Outcome

SHARES = {"true_before", "true_after", "from_model", "faulty"}


def show(outcome: Outcome) -> None:
    """Means by writer, then differences from the first, and where everything is."""
    table = Table("writer", *(name.replace("_", " ") for name in Figures._fields))
    for writer, figures in outcome.means.items():
        table.add_row(writer, *(_text(k, v) for k, v in figures._asdict().items()))
    wide().print(table)
    first = next(iter(outcome.means))
    shown = Table(f"less {first}", *(name.replace("_", " ") for name in Figures._fields))
    for writer, less in outcome.differences.items():
        shown.add_row(writer, *(_interval(less[name]) for name in Figures._fields))
    if outcome.differences:
        out.print("Differences over the lists of both, 95% bootstrap intervals")
        wide().print(shown)
    out.print(f"\nfiles       {outcome.folder}\nMLflow run  {outcome.mlflow_run_id}")


def _text(name: str, value: float) -> str:
    if value != value:
        return "-"
    return f"{value:.1%}" if name in SHARES else f"{value:.2f}"


def _interval(one: Difference) -> str:
    if one.low != one.low:
        return "-"
    return f"{one.mean:+.2f}\n[{one.low:+.2f}, {one.high:+.2f}]"

"""How deliveries look in a terminal: what a simulation came to."""

from rich.table import Table

from oo.cli.console import out
from oo.mlops.delivery_simulation import Entry, Outcome

COLUMNS = (
    ("reward per person", "reward", "+.2f"),
    ("pushes a day", "pushes", ".3f"),
    ("opened", "opened", ".0%"),
    ("switched off", "off", ".1%"),
    ("wants none: first week", "never_first", ".2f"),
    ("then a day", "never_later", ".4f"),
    ("and silent", "silent", ".0%"),
)


def show(outcome: Outcome, people: int) -> None:
    """The table, the checks, and where everything is."""
    out.print(
        f"\n{outcome.decisions:,} decisions for {people:,} simulated people in"
        f" {outcome.took_s:.0f} s; 95% intervals over people."
    )
    out.print(_table(outcome.entries))
    for check, holds in outcome.verdicts.items():
        out.print(f"{'[green]holds[/green]' if holds else '[red]fails[/red]'}  {check}")
    out.print(f"\npicture and report  {outcome.plot}\nMLflow run          {outcome.mlflow_run_id}")


def _table(entries: list[Entry]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("policy")
    for title, _, _ in COLUMNS:
        table.add_column(title, justify="right")
    for one in entries:
        cells = []
        for _, name, form in COLUMNS:
            mean, low, high = getattr(one, name)
            cells.append(f"{mean:{form}} ±{(high - low) / 2:{form.removeprefix('+')}}")
        table.add_row(one.policy, *cells)
    return table

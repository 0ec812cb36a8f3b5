"""`oo explain TIP`: why a tip was picked."""

from typing import Annotated

import typer
from rich.table import Table

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.domain.explanations import Explanation
from oo.domain.policies import Contribution
from oo.kit.settings import load_settings
from oo.vault.offline import with_store

BAR = 14


def explain(tip: Annotated[str, typer.Argument(help="The id of a tip.")]) -> None:
    """Say why a tip was picked: what each feature added to the reward expected of it."""
    from oo.mlops.explanation import Explainer

    found = with_store(load_settings(), lambda db: Explainer(db).explain(tip.replace("-", "")))
    decision = found.decision
    words = f"“{decision.content}”" if decision.content else "what it said is erased"
    out.print(f"\n  {words}\n")
    out.print(f"  picked by {decision.policy} with probability {found.propensity:.3f}")
    out.print(f"  ranked {found.rank} of {found.out_of}, after {decision.state_seq} reactions")
    if decision.degraded:
        out.print(f"  [yellow]any candidate served: {decision.degraded}[/yellow]")
    if found.contributions:
        out.print(_table(found))


def _table(found: Explanation) -> Table:
    table = Table("feature", "value", "adds", "± sd", "pooled", "personal", "", show_footer=True)
    table.columns[0].footer = "expected reward"
    for column, total in zip(
        table.columns[2:6:1], (found.expected, None, found.pooled, found.personal), strict=True
    ):
        column.footer = "" if total is None else f"{total:+.3f}"
    largest = max(abs(part.amount) for part in found.contributions) or 1.0
    for part in found.contributions:
        if part.value:
            table.add_row(
                part.feature,
                f"{part.value:.2f}",
                f"{part.amount:+.3f}",
                f"{part.sd:.3f}",
                f"{part.value * part.pooled + 0.0:+.3f}",
                f"{part.value * part.personal:+.3f}",
                _bar(part, largest),
            )
    return table


def _bar(part: Contribution, largest: float) -> str:
    length = round(abs(part.amount) / largest * BAR)
    return f"[{'green' if part.amount >= 0 else 'red'}]{'█' * length}[/]"


COMMAND = Command("explain", Group.LEARNING, explain)

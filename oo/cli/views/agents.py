"""How what sub-agents say looks: a table."""

from rich.markup import escape
from rich.table import Table

from oo.cli.console import out, wide
from oo.domain.agents import Report, Statement


def show(report: Report) -> None:
    """One row per statement, and one for each sub-agent that has nothing to say."""
    table = Table("agent", "says", "claims", "from", "tokens", show_lines=True)
    for said in report.said:
        used = f"{said.tokens} of {said.budget}"
        computed_from = ", ".join(said.computed_from)
        if not said.statements:
            table.add_row(said.agent, "[dim]nothing[/dim]", "", computed_from, used)
        for number, one in enumerate(said.statements):
            first = (said.agent, computed_from, used) if number == 0 else ("", "", "")
            table.add_row(first[0], escape(one.text), escape(_claims(one)), first[1], first[2])
    wide().print(table)
    read = "no source" if report.read_at is None else f"sources read at {report.read_at:%F %T} UTC"
    out.print(f"as of {report.as_of:%F %T} UTC, {read}")


def _claims(statement: Statement) -> str:
    """The claims but that of the title, which the text quotes."""
    shown = (claim for claim in statement.claims if claim.fact.value != "title")
    return ", ".join(
        " ".join(str(part) for part in (claim.fact.value, claim.value) if part is not None)
        for claim in shown
    )

"""`python -m tests.bench.schema`: Schemathesis over the OpenAPI document of a running oO."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from oo.kit.settings import Settings
from oo.vault.keyring import load_keyring
from tests.bench.schema.cases import send_single, send_walks
from tests.bench.schema.people import ADMIN_TOKEN, People
from tests.bench.schema.sending import AMPLE, Report, Sender
from tests.bench.systems import running

EVERY = 500


def told(out: Console) -> Callable[[Report], None]:
    """Prints a line each `EVERY` cases."""

    def tell(report: Report) -> None:
        if report.cases and report.cases % EVERY == 0:
            out.print(f"{report.cases} cases, {len(report.wrong)} answers that are wrong")

    return tell


def main(
    cases: Annotated[int, typer.Option(help="How many cases at least, half of them in walks.")] = (
        5_000
    ),
) -> None:
    """Start oO, send it cases for everybody, and print what was answered."""
    os.environ |= {f"OO_LIMITS__{name.upper()}": str(number) for name, number in AMPLE.items()}
    os.environ["OO_ADMIN_TOKEN"] = ADMIN_TOKEN
    out = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="oo-schema-") as folder:
        keys = load_keyring(Settings(data_dir=Path(folder)))
        people = People.at(Path(folder) / "oo.db", keys)
        with running("oo", Path(folder)) as (port, _):
            sender = Sender(f"http://127.0.0.1:{port}", people, told(out))
            send_single(sender, cases // 2)
            report = send_walks(sender, cases - cases // 2)
    table = Table(title=f"{report.cases} cases, {len(report.wrong)} answers that are wrong")
    for head in ("operation", "status", "answers"):
        table.add_column(head)
    for (label, status), count in sorted(report.statuses.items()):
        table.add_row(label, str(status), str(count))
    out.print(table)
    for text in dict.fromkeys(report.wrong):
        out.print(text, markup=False)
    raise typer.Exit(1 if report.wrong else 0)


if __name__ == "__main__":
    typer.run(main)

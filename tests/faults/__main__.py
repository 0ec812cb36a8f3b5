"""`make faults`: what every fault takes, and what it must not take.

Ends with 1 when something acknowledged was lost or counted twice, a model is not the replay of its
log, or something else that was promised did not hold.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from tests.faults import table
from tests.faults.scenario import Needs, Row, Run, Scenario, all_scenarios
from tests.peers.vault import sealed_by_default


def parsed(names: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, default=list(names))
    parser.add_argument("--list", action="store_true", help="name the scenarios and end")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="each fault seldom and short")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the rows in that file too")
    return parser.parse_args()


def say(line: str) -> None:
    """Tell how far it is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def rows_of(chosen: Sequence[Scenario], run: Run) -> Iterator[Row]:
    """Run the scenarios; those that need the same product share one start of it."""
    for needs, sharing in groupby(chosen, key=lambda it: it.needs):
        with ExitStack() as stack:
            try:
                if needs is not Needs.STORE:
                    from tests.faults.house import housed  # a product is not for all

                    say(f"starting {needs}")
                    run.house = stack.enter_context(housed(needs, run.folder))
            except Exception as error:
                yield _failed(f"starting {needs}", error)
                continue
            for scenario in sharing:
                say(f"{scenario.name}: {scenario.words.splitlines()[0]}")
                yield from _told(scenario, run)


def _told(scenario: Scenario, run: Run) -> Iterator[Row]:
    """The rows of a scenario, told as they come; one that fails leaves the others their turn."""
    try:
        for row in scenario.run(run):
            say(f"  {' · '.join(table.cells(row))} · {row.note} {' '.join(row.broken)}")
            yield row
    except Exception as error:
        yield _failed(scenario.name, error)


def _failed(what: str, error: Exception) -> Row:
    """What could not be measured is no row of zeros."""
    traceback.print_exception(error)
    return Row(what, "–", 0, 0, 0, broken=(f"not measured: {error!r:.200}",))


def main() -> int:
    scenarios = all_scenarios()
    given = parsed([it.name for it in scenarios])
    if given.list:
        for scenario in scenarios:
            sys.stdout.write(f"{scenario.name:16} {scenario.words.splitlines()[0]}\n")
        return 0
    sealed_by_default()
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="oo") as name:
        run = Run(Path(name), given.seed, given.quick, say)
        try:
            for row in rows_of([it for it in scenarios if it.name in given.only], run):
                found.append(row)
        finally:
            sys.stdout.write(table.markdown(found) + "\n")
            if given.json:
                table.write(given.json, found, given.seed)
    return 0 if found and all(row.holds for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())

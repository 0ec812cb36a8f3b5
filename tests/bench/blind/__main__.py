"""`python -m tests.bench.blind`: the blind comparison, out of lists, tips and verdicts.

`pairs ROUND` makes pairs out of `lists.yaml` (lists, hours and a writer's tips): the product's six
tips per list as they are now, each beside one of the writer's, in an order drawn from the seed.
Both are shown as a page shows them, from round 5 on with the task's title below in brackets.
Readers get what `sheet ROUND` prints, which has no key. Their verdicts are files of the round, one
per reader: by pair, which tip is better, and for each tip how useful and natural it is (1 to 5),
whether it is true and in the language of the list (0 or 1). `table ROUND` counts them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import numpy as np
import typer
import yaml
from rich.console import Console
from rich.table import Table

from ml.composing.choosing import choose
from ml.composing.writing import knowing_composer
from ml.rating.verdicts import FOLDER
from oo.domain.standing import Standing
from oo.domain.tasks import Task
from oo.recommend.assembly import assemble

HERE = FOLDER
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
TIPS = 6
SIDES = ("A", "B")
SCORES = ("useful", "natural", "true", "language")

app = typer.Typer(help=__doc__, no_args_is_help=True)
out = Console(highlight=False)


def folder(number: int) -> Path:
    return HERE / "rounds" / str(number)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def tasks_of(found: dict[str, Any], now: datetime) -> list[Task]:
    return [
        Task(
            f"b:{number}",
            "b",
            str(number),
            row["title"],
            row["priority"],
            None if row["due"] is None else now.date() + timedelta(days=row["due"]),
            None,
            now - timedelta(days=row["age"]),
        )
        for number, row in enumerate(found["tasks"])
    ]


@app.command("pairs")
def make_pairs(number: int, seed: int = 7) -> None:
    """Make the pairs of a round anew; verdicts on other pairs mean nothing any more."""
    composer = knowing_composer()
    rows = []
    for found in read(HERE / "lists.yaml"):
        random = Random(f"{seed} {found['id']}")
        now = MONDAY + timedelta(days=found["weekday"], hours=found["hour"])
        tasks = tasks_of(found, now)
        context = assemble(Standing(tasks, ZoneInfo("UTC")).at(now), tasks)
        lines = choose(composer.lines(context, random), TIPS)
        titles = {task.task_id: task.title for task in context.tasks}
        product = [
            shown(None if n is None else context.tasks[n].task_id, line.content, titles)
            for line in lines
            for n in (line.index,)
        ]
        written = [
            shown(None if tip["task"] is None else f"b:{tip['task']}", tip["text"], titles)
            for tip in found["tips"]
        ]
        for place, (ours, theirs) in enumerate(matched(product, written)):
            key = random.choice(SIDES)
            texts = {key: ours, "B" if key == "A" else "A": theirs}
            rows.append({"id": f"{found['id']}-{place}", "list": found["id"], **texts, "key": key})
    text = yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, width=200)
    (folder(number) / "verdicts").mkdir(parents=True, exist_ok=True)
    (folder(number) / "pairs.yaml").write_text(text, "utf-8")
    out.print(f"{len(rows)} pairs")


def shown(task: str | None, text: str, titles: dict[str, str]) -> tuple[str | None, str]:
    """A tip as its page shows it: the title of its task below, where the text does not hold it."""
    title = None if task is None else titles.get(task)
    return task, text if title is None or title in text else f"{text}  [{title}]"


def matched(
    ours: list[tuple[str | None, str]], theirs: list[tuple[str | None, str]]
) -> Iterator[tuple[str, str]]:
    """Pairs of texts, of the same task where both have one left."""
    left = list(theirs)
    for task, text in ours:
        if not left:
            return
        other = next((one for one in left if one[0] == task), left[0])
        left.remove(other)
        yield text, other[1]


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@app.command("sheet")
def sheet(number: int) -> None:
    """What a reader gets: each list with its hour, then its pairs without their key."""
    pairs = read(folder(number) / "pairs.yaml")
    for found in read(HERE / "lists.yaml"):
        say(f"\n## {found['id']} ({DAYS[found['weekday']]}, {found['hour']}:00)")
        for row in found["tasks"]:
            due = "no date" if row["due"] is None else f"days until due: {row['due']}"
            age = f"{row['age']} days on the list"
            say(f"- {row['title']} | {due} | {age} | priority {row['priority']}")
        for pair in pairs:
            if pair["list"] == found["id"]:
                say(f"{pair['id']}\n  A: {pair['A']}\n  B: {pair['B']}")


def say(text: str) -> None:
    out.print(text, soft_wrap=True, markup=False)


@app.command("table")
def table(
    number: int,
    people: Annotated[bool, typer.Option("--readers", help="Also each reader by himself.")] = False,
) -> None:
    """Print what readers said: preferences and means, by language and in all."""
    pairs = read(folder(number) / "pairs.yaml")
    keys = {pair["id"]: pair["key"] for pair in pairs}
    languages = {found["id"]: found["language"] for found in read(HERE / "lists.yaml")}
    lists = {pair["id"]: pair["list"] for pair in pairs}
    verdicts = [
        (path.stem, row)
        for path in sorted((folder(number) / "verdicts").glob("*.yaml"))
        for row in read(path)
    ]
    groups: dict[str, list[dict[str, Any]]] = {"all": [row for _, row in verdicts]}
    for reader, row in verdicts:
        groups.setdefault(languages[lists[row["id"]]], []).append(row)
        if people:
            groups.setdefault(f"reader {reader}", []).append(row)
    shown = Table("of", "verdicts", "preferred", "ties", *(f"{s}, ours / theirs" for s in SCORES))
    for name, rows in groups.items():
        ours = [keys[row["id"]] for row in rows]
        won = np.mean([row["better"] == key for row, key in zip(rows, ours, strict=True)])
        ties = np.mean([row["better"] == "tie" for row in rows])
        shown.add_row(
            name,
            str(len(rows)),
            f"{won:.1%}",
            f"{ties:.1%}",
            *(means(rows, ours, s) for s in SCORES),
        )
    out.print(shown)


def means(rows: list[dict[str, Any]], ours: list[str], score: str) -> str:
    mine = np.mean([row[key][score] for row, key in zip(rows, ours, strict=True)])
    theirs = np.mean(
        [row["B" if key == "A" else "A"][score] for row, key in zip(rows, ours, strict=True)]
    )
    return f"{mine:.2f} / {theirs:.2f}"


if __name__ == "__main__":
    app()

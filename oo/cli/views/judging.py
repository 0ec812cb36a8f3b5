"""How judged tips look in a terminal, and how a rule agrees with readers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from oo.cli.console import out, wide
from oo.mlops.judging import Agreement, Aspect, Judgement


def show(found: Sequence[Judgement]) -> None:
    """A tip a line, then the mean and the faults of all."""
    table = Table("list", "language", "score", "faults", "tip")
    for reading, opinion in found:
        score = "no answer" if opinion is None else f"{opinion.score:.2f}"
        faults = ", ".join(opinion.faults) if opinion else ""
        table.add_row(reading.list_id, reading.language, score, faults, reading.tip)
    wide().print(table)
    opinions = [one.opinion for one in found if one.opinion is not None]
    if not opinions:
        return
    mean = sum(one.score for one in opinions) / len(opinions)
    counts = Counter(fault.value for one in opinions for fault in one.faults)
    said = ", ".join(f"{name} {n}" for name, n in counts.most_common()) or "none"
    out.print(f"{len(opinions)} tips, mean score {mean:.2f} of 5; faults: {said}")


def plain(found: Sequence[Judgement]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [
        {
            "list": reading.list_id,
            "language": reading.language,
            "hour": reading.hour,
            "tip": reading.tip,
            "score": None if opinion is None else round(opinion.score, 3),
            "faults": [] if opinion is None else [fault.value for fault in opinion.faults],
            "parts": {} if opinion is None else {k: round(v, 3) for k, v in opinion.parts.items()},
        }
        for reading, opinion in found
    ]


def show_agreement(found: Agreement) -> None:
    """The rule beside one reader, each against the mean of (the other) readers."""
    table = Table("of", "rule", "one reader")
    table.add_row("all tips, rank correlation", f"{found.all_tips:.2f}", f"{found.reader:.2f}")
    table.add_row("within the product's", f"{found.ours:.2f}", f"{found.reader_ours:.2f}")
    table.add_row("within the writer's", f"{found.theirs:.2f}", f"{found.reader_theirs:.2f}")
    table.add_row("pairs in the same order", f"{found.pairs:.1%}", f"{found.reader_pairs:.1%}")
    out.print(table)


def show_rubric(aspects: Mapping[str, Aspect]) -> None:
    """The rubric as people get it."""
    table = Table("aspect", "question", "1", "3", "5")
    for name, one in aspects.items():
        table.add_row(name, one.asks, one.low, one.middle, one.high)
    wide().print(table)

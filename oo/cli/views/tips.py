"""How an evaluation of tips looks: two tables."""

from rich.table import Table

from oo.cli.console import out, wide
from oo.mlops.tips import TipReport


def show_report(report: TipReport) -> None:
    """Recognition of kinds of work, then the tips, by language."""
    kinds = Table("language", "titles", "right", "unknown", "unclear, yet answered")
    for code, found in report.recognition.items():
        kinds.add_row(
            code or "all",
            str(found.titles),
            f"{found.right:.3f}",
            f"{found.unknown:.3f}",
            str(found.answered_unclear),
        )
    out.print("Kinds of work, on titles that nothing was learnt from")
    wide().print(kinds)
    names = sorted({fault for one in report.quality.values() for fault in one.faults})
    tips = Table("language", "tips", *names, "its language", "distinct-2", "repeats", "a set, ms")
    for code, one in report.quality.items():
        tips.add_row(
            code,
            str(one.tips),
            *(f"{one.faults[name]:.1%}" for name in names),
            f"{one.languages_right:.1%}",
            f"{one.distinct_2:.2f}",
            f"{one.repeats:.1%}",
            f"{one.median_ms:.1f}",
        )
    out.print("Composed tips; faults by rule, as shares of all tips")
    wide().print(tips)

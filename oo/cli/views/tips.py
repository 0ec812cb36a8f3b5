"""How an evaluation of tips looks: two tables."""

from collections.abc import Mapping

from rich.table import Table

from oo.cli.console import out, wide
from oo.mlops.tips import TipReport, Written


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


def show_written(alias: str, found: Mapping[str, Written]) -> None:
    """What a model wrote, by language: truth, faults, then what it took."""
    names = sorted({fault for one in found.values() for fault in one.faults})
    told = Table(
        "language",
        "tips",
        "by the model",
        "true before",
        "true after",
        "refused",
        *names,
        "its language",
        "distinct-2",
    )
    costs = Table("language", "calls", "failed", "p50, s", "p95, s", "tokens in", "out", "USD")
    costs.add_column("tips/s")
    for code, one in found.items():
        shares = (one.by_model, one.true_before, one.true_after, one.refused)
        told.add_row(
            code,
            str(one.tips),
            *(f"{share:.1%}" for share in shares),
            *(f"{one.faults[name]:.1%}" for name in names),
            f"{one.languages_right:.1%}",
            f"{one.distinct_2:.2f}",
        )
        costs.add_row(
            code,
            str(one.calls),
            ", ".join(f"{count} {kind}" for kind, count in one.failures.items()) or "0",
            f"{one.p50_s:.2f}",
            f"{one.p95_s:.2f}",
            str(one.prompt_tokens),
            str(one.completion_tokens),
            f"{one.cost_usd:.4f}",
            f"{one.tips_per_s:.1f}",
        )
    out.print(f"Tips by {alias}; true before and refused are of what it offered, the gate's view")
    wide().print(told)
    wide().print(costs)

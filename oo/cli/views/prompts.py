"""How prompts and their history look in a terminal."""

from collections.abc import Sequence

from rich.table import Table

from oo.cli.console import out, wide
from oo.mlops.prompts import Standing
from oo.store.prompts import PromptChange

HASH = 12  # characters of a content hash that tell versions apart


def show_standings(standings: Sequence[Standing]) -> None:
    """Versions with their hash, role and share."""
    table = Table("prompt", "family", "content", "role", "share", box=None, pad_edge=False)
    for one in standings:
        role = (one.role or "").replace("_", " ")
        share = f"{one.share:.0%}" if one.share else ""
        table.add_row(one.version, one.family, one.content_hash[:HASH], role, share)
    wide().print(table)
    if all(one.role != "in_force" for one in standings):
        out.print("In force: the prompt that the alias names (configs/models.yaml).")


def show_history(history: Sequence[PromptChange]) -> None:
    """Every change and every refused attempt, the newest first."""
    if not history:
        return
    table = Table("when (UTC)", "prompt", "became", "by", "why", box=None, pad_edge=False)
    for one in reversed(history):
        share = f" ({one.share:.0%})" if one.share else ""
        table.add_row(
            f"{one.created_at:%Y-%m-%d %H:%M}",
            one.version,
            one.role.replace("_", " ") + share,
            one.actor,
            one.reason,
        )
    wide().print(table)

"""Whether a finished tip is strictly true and well formed.

Reads the text on its own, without the grammar or the phrases that made it: every claim that the
text makes is found by its form and compared with the context; whatever sounds like a claim and
was not recognised as a true one is a flaw. It would rather refuse a true tip than let an
untrue one pass.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ml.generation.claims import read_claims
from ml.generation.drafts import MAX_CONTENT, TipDraft, quoted
from ml.generation.links import has_link, is_linklike
from ml.generation.refusals import refused
from ml.generation.titles import has_markup, is_plain
from oo.domain.claims import Claim, Fact
from oo.domain.context import PromptContext, TaskFacts
from oo.domain.tips import TipKind

_QUOTE = re.compile(r"“([^“”]*)”")
_ALLOWED = re.compile(r"[A-Za-z0-9 ,;:.!?—–'’“”-]*")
_END = re.compile(r"[A-Za-z0-9’”][.!?]$")
_BROKEN = re.compile(
    r"  | [,;:.!?]|[,;:.!?]{2}|[.!?][^ ]|[,;][^ ]|(?:(?<!\d\d):|:(?!\d\d))[^ ]"
    r"|(?:^|[.!?] )[a-z,;:—]|[—–](?! )|(?<! )[—–]"
    r"|[A-Za-z0-9]“|”[A-Za-z0-9]|\b(\w+) \1\b|[,;:] [,;:—.]|— [,;:.—]",
)
_DANGLING = re.compile(
    r"\b(?:a|an|the|and|or|but|of|to|with|for|your|if|while|at)[.!?;:,]",
    re.IGNORECASE,
)
_START = re.compile(r"“?[A-Z0-9]")
_TITLE = "“Quoted”"


class Verdict(NamedTuple):
    """What is wrong with a tip, as short reasons, and the claims that were proven on the way."""

    flaws: tuple[str, ...]
    claims: tuple[Claim, ...]


def judge(tip: TipDraft, context: PromptContext) -> Verdict:
    """The verdict on `tip`; it is strictly true when it has no flaws.

    Its claims are all that must hold for it to stay so: also that its task is open under the
    quoted title, and that it is still the part of the day that it was written for.
    """
    task = next((task for task in context.tasks if task.task_id == tip.task_id), None)
    if tip.task_id is not None and task is None:
        return Verdict(("unknown task",), ())
    # a title is whatever somebody typed, quotation marks too: it is told by being exactly that
    title = quoted(task.title) if task else None
    prose = tip.content.replace(title, _TITLE) if title else _QUOTE.sub(_TITLE, tip.content)
    times = tip.content.count(title) if title else 0
    found = [*_form_flaws(tip.content, prose), *_quote_flaws(prose, task, times)]
    if not 0 <= tip.confidence <= 1:
        found.append("confidence out of range")
    unquoted = _QUOTE.sub(" ", prose)
    claims = read_claims(unquoted, context, task)
    found.extend(claims.untrue)
    found.extend(refused(unquoted))
    found.extend(_kind_flaws(tip.kind, task, claims.stated))
    made = (Claim(Fact.PART_OF_DAY, value=context.daypart.value), *_quoted(task), *claims.proven)
    return Verdict(tuple(found), tuple(dict.fromkeys(made)))


def flaws(tip: TipDraft, context: PromptContext) -> tuple[str, ...]:
    """What is wrong with `tip`; empty when it is strictly true."""
    return judge(tip, context).flaws


def _quoted(task: TaskFacts | None) -> tuple[Claim, ...]:
    if task is None:
        return ()
    return Claim(Fact.OPEN, task.task_id), Claim(Fact.TITLE, task.task_id, task.title)


def duplicates(tip: TipDraft, others: Iterable[TipDraft]) -> bool:
    """Whether `tip` says again what one of `others` says: the same words, or kind and task."""
    return any(
        _normal(tip.content) == _normal(other.content)
        or (tip.task_id is not None and (tip.kind, tip.task_id) == (other.kind, other.task_id))
        for other in others
    )


def _form_flaws(content: str, prose: str) -> list[str]:
    found = []
    if not content or len(content) > MAX_CONTENT:
        found.append("length")
    if not is_plain(content):
        found.append("hidden characters")
    if is_linklike(prose) or has_link(content):
        found.append("link")
    if has_markup(prose):
        found.append("markup")
    if not _ALLOWED.fullmatch(prose):
        found.append("unexpected characters")
    if not _END.search(prose) or not _START.match(prose):
        found.append("not a whole sentence")
    if _BROKEN.search(prose) or _DANGLING.search(prose):
        found.append("broken text")
    if len(re.findall(r"[A-Za-z]+", prose)) < MIN_WORDS:
        found.append("too short")
    return found


MIN_WORDS = 3


def _quote_flaws(prose: str, task: TaskFacts | None, times: int) -> list[str]:
    spans = _QUOTE.findall(prose)
    if prose.count("“") != len(spans) or prose.count("”") != len(spans):
        return ["unbalanced quotation"]
    if task is None:
        return ["quotes a task that it does not name"] if spans else []
    if len(spans) != 1:
        return ["must quote the title once"]
    return [] if times == 1 and f"“{spans[0]}”" == _TITLE else ["title not exact"]


def _kind_flaws(kind: TipKind, task: TaskFacts | None, stated: Sequence[str]) -> list[str]:
    if kind in (TipKind.TASK, TipKind.REMINDER) and task is None:
        return [f"{kind} without a task"]
    if kind is TipKind.REMINDER and not {"late", "due"} & set(stated):
        return ["reminder without a due day"]
    if kind is TipKind.INSIGHT and not {"late", "due", "age", "count", "share"} & set(stated):
        return ["insight without a fact"]
    return []


def _normal(content: str) -> str:
    return re.sub(r"\W+", " ", content).strip().lower()

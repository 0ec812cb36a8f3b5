"""The figures of an evaluation."""

import re
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ml.generation.account import OUTSIDE, Generation
from ml.generation.drafts import Source
from ml.generation.gate import REPEATED
from ml.generation.validation import flaws
from ml.models.people import Situation

_QUOTED = re.compile(r"“[^“”]*”")
_TOP = 3


@dataclass(frozen=True, slots=True)
class Case:
    """A held-out situation and what the gate made of it."""

    situation: Situation
    generation: Generation


@dataclass(frozen=True, slots=True)
class Report:
    """All cases, and the seconds that they took together."""

    cases: tuple[Case, ...]
    seconds: float


def summary(report: Report, show: int) -> Iterator[str]:
    """The figures as lines of text, then `show` tips and the refusals."""
    tips = [tip for case in report.cases for tip in case.generation.tips]
    yield f"contexts {len(report.cases)}, tips asked for {len(tips)}"
    yield from _before(report.cases)
    yield from _after(report.cases)
    yield from _choices(report.cases)
    yield from _costs(report)
    yield from _samples(report.cases, show)


def _before(cases: tuple[Case, ...]) -> Iterator[str]:
    """What the first answers were worth, had there been no gate."""
    firsts = [case.generation.attempts[0] for case in cases if case.generation.attempts]
    refused = [refusal for first in firsts for refusal in first.refused]
    accepted = sum(first.accepted for first in firsts)
    repeated = sum(set(refusal.reasons) == {REPEATED} for refusal in refused)
    odd = sum(set(refusal.reasons) <= {REPEATED, OUTSIDE} for refusal in refused) - repeated
    offered = accepted + len(refused)
    yield f"before the gate: every fact true {_share(accepted + repeated + odd, offered)}"
    yield f"before the gate: also a sentence of the language {_share(accepted + repeated, offered)}"
    yield f"before the gate: also nothing said twice {_share(accepted, offered)}"


def _after(cases: tuple[Case, ...]) -> Iterator[str]:
    """What left the gate."""
    tips = [(tip, case.situation.context) for case in cases for tip in case.generation.tips]
    written = [(tip, context) for tip, context in tips if tip.source is Source.LLM]
    true = sum(not flaws(tip, context) for tip, context in written)
    texts = {_QUOTED.sub("", tip.content) for tip, _ in written}
    yield f"after the gate, the model's: strictly true {_share(true, len(written))}"
    yield f"after the gate: from templates {_share(len(tips) - len(written), len(tips))}"
    yield f"after the gate, the model's: different texts {_share(len(texts), len(written))}"


def _choices(cases: tuple[Case, ...]) -> Iterator[str]:
    """Where the first tip's task ranks, for people with more tasks than ranks that count."""
    ranks = [
        [task.task_id for task in case.situation.context.tasks].index(tip.task_id)
        for case in cases
        for tip in case.generation.tips[:1]
        if tip.task_id is not None and len(case.situation.context.tasks) > _TOP
    ]
    sizes = [n for case in cases if (n := len(case.situation.context.tasks)) > _TOP]
    chance = _TOP * statistics.mean(1 / size for size in sizes) if sizes else 0
    top = sum(rank < _TOP for rank in ranks)
    share = _share(top, len(ranks))
    yield f"first tip on one of the {_TOP} most pressing tasks {share}, by chance {chance:.3f}"
    kinds = Counter(tip.kind.value for case in cases for tip in case.generation.tips)
    yield "kinds " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())


def _costs(report: Report) -> Iterator[str]:
    attempts = [attempt for case in report.cases for attempt in case.generation.attempts]
    retried = sum(len(case.generation.attempts) > 1 for case in report.cases)
    yield f"asked again {_share(retried, len(report.cases))}"
    firsts = [case.generation.attempts[0] for case in report.cases if case.generation.attempts]
    latency = statistics.median(first.latency_s for first in firsts)
    prompt = statistics.mean(attempt.prompt_tokens for attempt in attempts)
    answer = statistics.mean(first.completion_tokens for first in firsts)
    tips = sum(len(case.generation.tips) for case in report.cases)
    yield f"first attempt: median {latency * 1000:.0f} ms, {prompt:.0f} tokens in, {answer:.0f} out"
    yield f"{tips / report.seconds:.1f} tips/s over {report.seconds:.1f} s"


def _samples(cases: tuple[Case, ...], show: int) -> Iterator[str]:
    shown = [(case, tip) for case in cases for tip in case.generation.tips][:show]
    for case, tip in shown:
        yield f"  {case.situation.context.daypart} {tip.source} {tip.kind}: {tip.content}"
    reasons = Counter(
        reason.split(":")[0]
        for case in cases
        for attempt in case.generation.attempts
        for refusal in attempt.refused
        for reason in refusal.reasons
    )
    if reasons:
        yield "refused: " + ", ".join(
            f"{reason} {count}" for reason, count in reasons.most_common()
        )
    if show:
        for case in cases:
            for attempt in case.generation.attempts:
                for refusal in attempt.refused:
                    yield f"  refused {refusal.reasons}: {refusal.content}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole if whole else 0:.3f} ({part} of {whole})"

"""The output gate (E5): only tips that are strictly true leave it, and some always do.

Render, complete under a grammar, parse, validate; ask again at most twice; let composed
lines fill what is missing. A completer that fails or is late ends the asking at once.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from random import Random

from ml.agents.briefing import Brief, brief
from ml.composing.arranging import grammar_of, schema_of
from ml.composing.composer import Composer, Line
from ml.composing.fallback import fallback, quick_composer
from ml.generation.account import OUTSIDE, Attempt, Generation, Refusal, failure_of
from ml.generation.answers import Parsed, parse
from ml.generation.completion import (
    Completer,
    Completion,
    CompletionFailedError,
    CompletionRequest,
)
from ml.generation.drafts import RawTip, Source, TipDraft, fill_title, reference, task_of
from ml.generation.grammar import grammar
from ml.generation.language import well_formed
from ml.generation.schema import answer_schema
from ml.generation.titles import prompt_text
from ml.generation.validation import Verdict, duplicates, judge
from ml.prompts.prompt import UNBRIEFED, Message, Prompt, Retry, Vocabulary
from oo.domain.context import PromptContext

MAX_ATTEMPTS = 3
REPEATED = "says the same again"
_TOKENS_PER_TIP = 90


@dataclass(slots=True)
class _Ledger:
    """What a generation has so far; it outlives a deadline that cuts the asking short."""

    accepted: list[TipDraft] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


async def generate(
    context: PromptContext,
    n: int,
    completer: Completer,
    prompt: Prompt,
    *,
    deadline_s: float,
    random: Random,
    temperature: float = 0.7,
    composer: Composer | None = None,
) -> Generation:
    """`n` true tips within about `deadline_s` seconds, whatever the completer does.

    A prompt that wants a briefing gets one by `composer`, or by words alone.
    """
    ledger = _Ledger()
    failure = None
    told = brief(context, composer or quick_composer()) if prompt.wants_briefing else None
    try:
        async with asyncio.timeout(deadline_s):
            await _ask(ledger, context, n, completer, prompt, temperature, told)
    except (TimeoutError, CompletionFailedError) as error:
        failure = failure_of(error, deadline_s)
    missing = n - len(ledger.accepted)
    filled = fallback(context, missing, random, ledger.accepted) if missing else []
    return Generation((*ledger.accepted, *filled), tuple(ledger.attempts), failure)


async def _ask(
    ledger: _Ledger,
    context: PromptContext,
    n: int,
    completer: Completer,
    prompt: Prompt,
    temperature: float,
    told: Brief | None,
) -> None:
    briefing = UNBRIEFED if told is None else told.briefing
    clarification: list[Message] = []
    for _ in range(MAX_ATTEMPTS):
        missing = n - len(ledger.accepted)
        if missing == 0:
            return
        request = CompletionRequest(
            messages=[*prompt.render(context, missing, briefing), *clarification],
            grammar=_grammar(context, missing, prompt, ledger, told),
            schema=_schema(context, missing, told),
            max_tokens=_TOKENS_PER_TIP * missing,
            temperature=temperature,
        )
        completion = await completer.complete(request)
        parsed = parse(completion.text)
        attempt = _judge(ledger.accepted, completion, parsed, context, prompt, missing, told)
        ledger.attempts.append(attempt)
        if prompt.file.retry is Retry.EXPLAIN:
            clarification = _explain(parsed.tips, attempt.refused)


def _grammar(
    context: PromptContext, missing: int, prompt: Prompt, ledger: _Ledger, told: Brief | None
) -> str:
    if told is not None and not told.is_free:
        return grammar_of(told.offered, missing)
    return grammar(context, missing, prompt.file.vocabulary, _spoken_of(ledger, context))


def _schema(context: PromptContext, missing: int, told: Brief | None) -> dict[str, object]:
    if told is not None and not told.is_free:
        return schema_of(told.offered, missing)
    return answer_schema(context, missing)


def _spoken_of(ledger: _Ledger, context: PromptContext) -> frozenset[str]:
    """The references of the tasks that have a tip already."""
    taken = {tip.task_id for tip in ledger.accepted}
    return frozenset(reference(i) for i, t in enumerate(context.tasks) if t.task_id in taken)


def _judge(
    accepted: list[TipDraft],
    completion: Completion,
    parsed: Parsed,
    context: PromptContext,
    prompt: Prompt,
    missing: int,
    told: Brief | None,
) -> Attempt:
    """Move the good tips of a completion, `parsed`, to `accepted`, at most `missing`."""
    before = len(accepted)
    refused = [Refusal("", (why,)) for why in parsed.unread]
    for raw in parsed.tips[:missing]:
        tip = draft(raw, context, completion.model, prompt.version)
        line = _known(raw, told)
        reasons, claims = (("unknown task",), ()) if tip is None else _proven(tip, line, context)
        if tip is not None and line is not None:
            tip = replace(tip, kind=line.kind, content=line.content)
        if prompt.file.vocabulary is Vocabulary.CLOSED and not well_formed(raw.content):
            reasons = (*reasons, OUTSIDE)
        if tip is not None and not reasons and duplicates(tip, accepted):
            reasons = (REPEATED,)
        if tip is None or reasons:
            refused.append(Refusal(raw.content, reasons))
        else:
            accepted.append(replace(tip, claims=claims))
    return Attempt.of(completion, len(accepted) - before, refused)


def _known(raw: RawTip, told: Brief | None) -> Line | None:
    """The line of the brief that the model said word for word, if it did, of the task it named."""
    line = told.known.get(raw.content) if told else None
    if line is None:
        return None
    name = None if line.index is None else reference(line.index)
    return line if raw.ref == name else None


def _proven(tip: TipDraft, line: Line | None, context: PromptContext) -> Verdict:
    return judge(tip, context) if line is None else Verdict((), line.claims)


def draft(raw: RawTip, context: PromptContext, model: str, version: str) -> TipDraft | None:
    """The tip with its title filled in, or None if it names a task that there is not."""
    content, task_id = raw.content, None
    if raw.ref is not None:
        task = task_of(context, raw.ref)
        if task is None:
            return None
        content, task_id = fill_title(raw.content, raw.ref, task), task.task_id
    return TipDraft(
        raw.kind,
        content,
        task_id,
        raw.confidence,
        Source.LLM,
        model,
        version,
        spoken=raw.content,
    )


def _explain(said: Sequence[RawTip], refused: Sequence[Refusal]) -> list[Message]:
    """What the model is told about its last answer.

    What it wrote may be an order that it found in a title. So it is told again in its own name only
    and as plain words; oO's words name each tip by its number.
    """
    tips = [
        {
            "task_id": raw.ref,
            "kind": raw.kind.value,
            "content": prompt_text(raw.content, keep="“”"),
            "confidence": raw.confidence,
        }
        for raw in said
    ]
    numbers = {raw.content: f"tip {number}" for number, raw in enumerate(said, 1)}
    lines = [
        f"- {numbers.get(refusal.content, 'the answer')}: {prompt_text(', '.join(refusal.reasons))}"
        for refusal in refused
    ]
    request = "\n".join(("Some tips were refused:", *lines, "Write others, by the same rules."))
    return [
        Message(role="assistant", content=json.dumps({"tips": tips}, ensure_ascii=False)),
        Message(role="user", content=request),
    ]


def pool_key(context: PromptContext, prompt: Prompt, model: str) -> str:
    """The key of a candidate pool: another shown context, prompt or model makes another (E6)."""
    facts = json.dumps(asdict(prompt.shown(context)), sort_keys=True, ensure_ascii=True)
    parts = "\n".join((facts, prompt.content_hash, model))
    return hashlib.sha256(parts.encode()).hexdigest()

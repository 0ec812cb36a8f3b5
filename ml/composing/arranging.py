"""A model at work on composed lines: it picks and orders them, under a grammar of nothing else.

One call per slot, all at once: the engine batches them, and a slot whose call fails keeps its
first line.
"""

import asyncio
from collections.abc import Sequence

from ml.composing.composer import Line
from ml.generation.account import OUTSIDE, Attempt, Generation, Refusal, failure_of
from ml.generation.answers import parse
from ml.generation.completion import (
    Completer,
    Completion,
    CompletionFailedError,
    CompletionRequest,
)
from ml.generation.drafts import Source, TipDraft, reference
from ml.generation.schema import tips_schema
from ml.prompts.prompt import Prompt
from oo.domain.context import PromptContext

COMPOSER = "composer"
VERSION = "composed-v1"
_FORM_TOKENS = 60  # of an answer beside its text


async def arrange(
    context: PromptContext,
    slots: Sequence[Sequence[Line]],
    completer: Completer,
    prompt: Prompt,
    *,
    deadline_s: float,
    temperature: float = 0.7,
) -> Generation:
    """One tip per slot within about `deadline_s` seconds, whatever the completer does."""
    messages = prompt.render(context, 1)

    async def pick(slot: Sequence[Line]) -> tuple[TipDraft, Attempt | None, str | None]:
        first = as_written(context, slot[0])
        request = CompletionRequest(
            messages=messages,
            grammar=grammar_of(slot),
            schema=schema_of(slot),
            max_tokens=_FORM_TOKENS + max(len(line.spoken.encode()) for line in slot),
            temperature=temperature,
        )
        try:
            async with asyncio.timeout(deadline_s):
                completion = await completer.complete(request)
        except (TimeoutError, CompletionFailedError) as error:
            return first, None, failure_of(error, deadline_s)
        tip, attempt = _read(context, slot, completion, prompt)
        return tip or first, attempt, None

    made = await asyncio.gather(*map(pick, slots))
    tips = [tip for tip, _, _ in made]
    attempts = [attempt for _, attempt, _ in made if attempt is not None]
    failures = [failure for _, _, failure in made if failure is not None]
    tips.sort(key=lambda tip: tip.source is not Source.LLM)  # those of the model first
    return Generation(tuple(tips), tuple(attempts), failures[0] if failures else None)


def _read(
    context: PromptContext, slot: Sequence[Line], completion: Completion, prompt: Prompt
) -> tuple[TipDraft | None, Attempt]:
    """The line that the model picked; anything else that it wrote is refused."""
    by_text = {line.spoken: line for line in slot}
    parsed = parse(completion.text)
    refused = [Refusal("", (why,)) for why in parsed.unread]
    tip = None
    for raw in parsed.tips[:1]:
        line = by_text.get(raw.content)
        if line is None:
            refused.append(Refusal(raw.content, (OUTSIDE,)))
        else:
            tip = _draft(
                context, line, raw.confidence, Source.LLM, completion.model, prompt.version
            )
    return tip, Attempt.of(completion, int(tip is not None), refused)


def as_written(context: PromptContext, line: Line) -> TipDraft:
    """The line as the composer wrote it, with no model."""
    confidence = min(0.9, max(0.1, line.weight / 10))
    return _draft(context, line, round(confidence, 2), Source.FALLBACK, COMPOSER, VERSION)


def _draft(
    context: PromptContext,
    line: Line,
    confidence: float,
    source: Source,
    model: str,
    version: str,
) -> TipDraft:
    task_id = None if line.index is None else context.tasks[line.index].task_id
    spoken = line.spoken if source is Source.LLM else ""
    return TipDraft(
        line.kind, line.content, task_id, confidence, source, model, version, line.claims, spoken
    )


def grammar_of(slot: Sequence[Line], n: int = 1) -> str:
    """The EBNF of an answer with `n` tips, each of which is one of the slot's lines."""
    texts = " | ".join(_literal(line) for line in slot)
    rest = f' ("," tip){{{n - 1}}}' if n > 1 else ""
    return (
        rf'root ::= "{{\"tips\":[" tip{rest} "]}}"'
        "\n"
        rf'tip ::= "{{" line "\",\"confidence\":0." [3-9] "}}"'
        f"\nline ::= {texts}"
    )


def _literal(line: Line) -> str:
    if any(char in '"\\' or ord(char) < ord(" ") for char in line.spoken):
        raise ValueError(f"not a plain text: {line.spoken!r}")
    name = _reference(line)
    ref = "null" if name is None else rf"\"{name}\""
    return rf'"\"task_id\":{ref},\"kind\":\"{line.kind.value}\",\"content\":\"{line.spoken}"'


def schema_of(slot: Sequence[Line], n: int = 1) -> dict[str, object]:
    """The JSON schema of the same answer, for backends without grammars."""
    references = list({_reference(line) for line in slot})
    kinds = sorted({line.kind.value for line in slot})
    return tips_schema(n, references, kinds, {"enum": [line.spoken for line in slot]})


def _reference(line: Line) -> str | None:
    return None if line.index is None else reference(line.index)

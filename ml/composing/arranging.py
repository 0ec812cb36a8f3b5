"""A model at work on composed lines: it picks and orders them, under a grammar of nothing else.

One call for all slots: each has its own grammar, and a slot that gets no answer keeps its first
line. The model says no more of a line than tells it from the slot's others: what follows is no
choice of its, and would be most of the work.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, repeat, takewhile

from ml.composing.composer import Line
from ml.generation.account import OUTSIDE, Attempt, Generation, Refusal, failure_of
from ml.generation.answers import parse
from ml.generation.completion import (
    Completer,
    CompletionFailedError,
    CompletionRequest,
    Form,
)
from ml.generation.drafts import Source, TipDraft, reference
from ml.generation.schema import tips_schema
from ml.prompts.prompt import Prompt
from oo.domain.context import PromptContext

COMPOSER = "composer"
VERSION = "composed-v1"
_FORM_TOKENS = 60  # of an answer beside its text
# what the embedded tokenizer never makes one token across: a head that ended within such a piece
# would have the model choose between other tokens than it was trained on
_PIECES = re.compile(r',"kind":"\w+","content":"| ?“t\d+”| ?[A-Za-z]+| ?\d+|.', re.DOTALL)


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
    firsts = [as_written(context, slot[0]) for slot in slots]
    if not slots:
        return Generation(())
    texts = [heads(slot) for slot in slots]
    form, *more = (_form(slot, said) for slot, said in zip(slots, texts, strict=True))
    request = CompletionRequest(
        messages=prompt.render(context, 1),
        grammar=form.grammar,
        schema=form.schema,
        max_tokens=_FORM_TOKENS + max(len(text.encode()) for said in texts for text in said),
        temperature=temperature,
        begin=form.begin,
        rest=form.rest,
        more=tuple(more),
    )
    try:
        async with asyncio.timeout(deadline_s):
            completion = await completer.complete(request)
    except (TimeoutError, CompletionFailedError) as error:
        return Generation(tuple(firsts), failure=failure_of(error, deadline_s))
    tips: list[TipDraft] = []
    refused: list[Refusal] = []
    answers = chain((completion.text, *completion.more), repeat(""))
    for slot, first, said in zip(slots, firsts, answers, strict=False):
        tip, why = _read(context, slot, said, completion.model, prompt)
        tips.append(tip or first)
        refused += why
    tips.sort(key=lambda tip: tip.source is not Source.LLM)  # those of the model first
    accepted = sum(tip.source is Source.LLM for tip in tips)
    return Generation(tuple(tips), (Attempt.of(completion, accepted, refused),))


def _read(
    context: PromptContext, slot: Sequence[Line], said: str, model: str, prompt: Prompt
) -> tuple[TipDraft | None, list[Refusal]]:
    """The line that the model picked; anything else that it wrote is refused."""
    by_text = {head: line for line, head in zip(slot, heads(slot), strict=True)}
    by_text |= {line.spoken: line for line in slot}  # not every server holds it to a form
    parsed = parse(said)
    refused = [Refusal("", (why,)) for why in parsed.unread]
    tip = None
    for raw in parsed.tips[:1]:
        line = by_text.get(raw.content)
        if line is None:
            refused.append(Refusal(raw.content, (OUTSIDE,)))
        else:
            tip = _draft(context, line, raw.confidence, Source.LLM, model, prompt.version)
    return tip, refused


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
        line.kind,
        line.content,
        task_id,
        confidence,
        source,
        model,
        version,
        line.claims,
        spoken,
        line.activity,
        line.language,
    )


def heads(slot: Sequence[Line]) -> list[str]:
    """Of each line as much as tells it from the slot's others, to the end of a word."""
    texts = [line.spoken for line in slot]
    return [_head(text, [other for other in texts if other != text]) for text in texts]


def _head(text: str, others: Sequence[str]) -> str:
    shared = max((_shared(text, other) for other in others), default=0)
    # an answer is read without white space at its end
    ends = (piece.end() for piece in _PIECES.finditer(text) if not piece[0].isspace())
    return text[: next((end for end in ends if end > shared), len(text))]


def _shared(text: str, other: str) -> int:
    """In how many characters from the start both agree."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False))
    )


def _form(slot: Sequence[Line], texts: Sequence[str]) -> Form:
    """The form of one tip that begins as one of the slot's lines does.

    What all of them have in common is no choice either: the engine need not write it.
    """
    said = [replace(line, spoken=text) for line, text in zip(slot, texts, strict=True)]
    answers = [_PIECES.findall(_start(line)) for line in said]
    alike = takewhile(lambda pieces: len(set(pieces)) == 1, zip(*answers, strict=False))
    begin = "".join(pieces[0] for pieces in alike)
    rests = (_start(line)[len(begin) :].replace('"', r"\"") for line in said)
    lines = " | ".join(f'"{rest}"' for rest in dict.fromkeys(rests))
    rest = rf'root ::= ({lines}) "\",\"confidence\":0." [3-9] "}}]}}"'
    return Form(grammar_of(said), schema_of(said), begin, rest)


def _start(line: Line) -> str:
    """The answer with this line, up to the end of its text."""
    name = _reference(line)
    task = "null" if name is None else f'"{name}"'
    return f'{{"tips":[{{"task_id":{task},"kind":"{line.kind.value}","content":"{line.spoken}'


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

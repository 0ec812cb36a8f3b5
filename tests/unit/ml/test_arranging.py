"""A model picks among composed lines: whatever it answers, each slot ends with one of its lines."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from ml.activities.activity import activities
from ml.activities.recogniser import Recogniser
from ml.composing.arranging import COMPOSER, _form, arrange, grammar_of, heads, schema_of
from ml.composing.choosing import slots
from ml.composing.composer import Composer, Line
from ml.composing.writing import write
from ml.generation.account import OUTSIDE
from ml.generation.completion import Completion, CompletionFailedError, CompletionRequest
from ml.generation.drafts import Source, reference
from ml.prompts.prompt import load
from oo.domain.claims import Fact
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.tips import TipKind
from tests.unit.ml.test_generation_grammar import accepts

PROMPT = load("embedded-v2")
LISTS = {
    "en": ("Call the dentist", "Zorbl “quoted” \\ title", "Read chapter 4"),
    "de": ("Zahnarzt anrufen", "Oma zurückrufen", "Kapitel 4 lesen"),
    "ja": ("歯医者に電話する", "母に電話", "本を読む"),
}
COMPOSED = Composer(Recogniser(activities(), None))


def context(code: str, part: DayPart = DayPart.MORNING) -> PromptContext:
    late = (3, 0, None)
    tasks = tuple(
        TaskFacts(f"f:{n}", title, 1, late[n], 20, None) for n, title in enumerate(LISTS[code])
    )
    return PromptContext(part, 1, 3, 1, tasks)


def answer(line: Line, text: str | None = None) -> str:
    ref = None if line.index is None else reference(line.index)
    said = line.spoken if text is None else text
    tip = {"task_id": ref, "kind": line.kind, "content": said, "confidence": 0.8}
    return json.dumps({"tips": [tip]}, ensure_ascii=False, separators=(",", ":"))


class Answers:
    """A model that says the same to everybody, fails or never comes."""

    def __init__(self, text: str | Exception | None, *more: str) -> None:
        self.text, self.more = text, more
        self.asked: list[CompletionRequest] = []

    async def complete(self, request: CompletionRequest) -> Completion:
        self.asked.append(request)
        if self.text is None:
            await asyncio.Event().wait()
        if isinstance(self.text, Exception):
            raise self.text
        return Completion(str(self.text), "scripted", 10, 5, 0.1, more=self.more)


def made(code: str, count: int = 3) -> tuple[PromptContext, Sequence[Sequence[Line]]]:
    here = context(code)
    return here, slots(COMPOSED.lines(here, Random(1)), count)


@pytest.mark.parametrize("code", LISTS)
def test_the_grammar_takes_each_line_of_its_slot_and_nothing_else(code: str) -> None:
    _, found = made(code)
    for slot, other in zip(found, [*found[1:], found[0]], strict=True):
        for line in slot:
            assert accepts(grammar_of(slot), answer(line))
        assert not accepts(grammar_of(slot), answer(other[0]))


def test_the_schema_names_the_same_texts() -> None:
    _, found = made("de")
    tip = schema_of(found[0])["properties"]["tips"]["items"]["properties"]  # type: ignore[index]
    assert tip["content"]["enum"] == [line.spoken for line in found[0]]


async def test_what_the_model_picks_is_served_with_its_claims() -> None:
    here, found = made("en")
    picked = found[0][-1]
    told = await arrange(here, found[:1], Answers(answer(picked)), PROMPT, deadline_s=1.0)
    (tip,) = told.tips
    assert (tip.content, tip.claims, tip.source) == (picked.content, picked.claims, Source.LLM)
    assert (tip.model, tip.prompt_version, tip.confidence) == ("scripted", "embedded-v2", 0.8)
    assert told.attempts[0].accepted == 1


@pytest.mark.parametrize("code", LISTS)
async def test_a_set_is_one_call_in_which_a_line_is_told_from_the_others_alone(code: str) -> None:
    here, found = made(code)
    picked = [slot[-1] for slot in found]
    said = [answer(slot[-1], heads(slot)[-1]) for slot in found]
    model = Answers(*said)
    told = await arrange(here, found, model, PROMPT, deadline_s=1.0)
    assert [(tip.content, tip.spoken) for tip in told.tips] == [
        (line.content, line.spoken) for line in picked
    ]
    assert [one.accepted for one in told.attempts] == [len(found)]
    (request,) = model.asked
    for part, slot, text in zip(request.parts, found, said, strict=True):
        assert accepts(part.grammar, text)
        assert text.startswith(part.begin)
        assert accepts(part.rest, text.removeprefix(part.begin))
        assert not any(accepts(part.grammar, answer(line)) for line in slot if len(slot) > 1)


def test_a_head_ends_where_a_word_does() -> None:
    line = made("en")[1][0][0]
    texts = ("Call now, then pay.", "Call nobody.", "“t1” is late.", "“t2” is late.", "Call now")
    slot = [replace(line, spoken=text) for text in texts]
    assert heads(slot) == ["Call now,", "Call nobody", "“t1”", "“t2”", "Call now"]
    assert heads(slot[:1]) == ["Call"]
    assert heads([replace(line, spoken=text) for text in ("母に電話", "母と話す")]) == [
        "母に",
        "母と",
    ]
    texts = ("« t1 » é", "« t1 », é")
    slot = [replace(line, spoken=text.replace(" ", "\u00a0")) for text in texts]
    assert heads(slot) == ["«\u00a0t1\u00a0»\u00a0é", "«\u00a0t1\u00a0»,"]


def test_what_all_lines_begin_with_is_not_written() -> None:
    line = made("en")[1][0][0]
    name = reference(line.index or 0)
    slot = [replace(line, spoken=f"“{name}” is {text}.") for text in ("late", "latest of all")]
    form = _form(slot, heads(slot))
    assert form.begin.endswith(f'"content":"“{name}” is')
    assert accepts(form.rest, ' late.","confidence":0.5}]}')
    assert accepts(form.rest, ' latest","confidence":0.5}]}')
    other = replace(slot[1], kind=TipKind.ADVICE if line.kind is TipKind.TASK else TipKind.TASK)
    mixed = _form([slot[0], other], heads(slot))
    assert mixed.begin.endswith(f'"task_id":"{name}"')
    assert accepts(mixed.rest, answer(other, heads(slot)[1]).removeprefix(mixed.begin))


async def test_an_answer_that_is_missing_costs_its_own_slot_alone() -> None:
    here, found = made("en")
    told = await arrange(here, found, Answers(answer(found[0][0])), PROMPT, deadline_s=1.0)
    assert [tip.source for tip in told.tips] == [Source.LLM, Source.FALLBACK, Source.FALLBACK]
    assert {tip.content for tip in told.tips} == {slot[0].content for slot in found}


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (CompletionFailedError("the engine is down"), "the engine is down"),
        (None, "no answer within 0.05 s"),
        ("nonsense", None),
        (answer(made("de")[1][0][0]).replace("f", "g"), None),
    ],
)
async def test_a_model_that_fails_leaves_each_slot_its_first_line(
    said: str | Exception | None, failure: str | None
) -> None:
    here, found = made("en")
    told = await arrange(here, found, Answers(said), PROMPT, deadline_s=0.05)
    assert {tip.content for tip in told.tips} == {slot[0].content for slot in found}
    assert {(tip.source, tip.model) for tip in told.tips} == {(Source.FALLBACK, COMPOSER)}
    assert told.failure == failure


async def test_a_text_of_its_own_is_refused_and_accounted() -> None:
    here, found = made("en")
    false = json.loads(answer(found[0][0]))
    false["tips"][0]["content"] = "“t1” is 99 days late. Follow this link."
    told = await arrange(here, found[:1], Answers(json.dumps(false)), PROMPT, deadline_s=1.0)
    assert told.attempts[0].refused[0].reasons == (OUTSIDE,)
    assert told.from_model == 0


@pytest.mark.parametrize("code", LISTS)
async def test_a_set_is_in_the_language_of_the_list(code: str) -> None:
    tips, _, _ = await write(
        context(code),
        6,
        PROMPT,
        Answers(CompletionFailedError("away")),
        COMPOSED,
        deadline_s=1.0,
        random=Random(2),
    )
    assert len(tips) == 6
    start = {"en": "“", "de": "„", "ja": "「"}[code]
    for tip in tips:
        is_beside = any(claim.fact is Fact.ABOUT for claim in tip.claims)
        if start in tip.content:
            assert tip.task_id is not None
            assert not is_beside

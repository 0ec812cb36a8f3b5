"""Only true tips leave the gate, and some always do."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from ml.generation.account import OUTSIDE, Generation
from ml.generation.completion import Completion, CompletionFailedError, CompletionRequest
from ml.generation.drafts import Source
from ml.generation.gate import REPEATED, generate, pool_key
from ml.prompts.prompt import load
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.signals import SignalFact
from oo.domain.tips import TipKind

TASKS = (
    TaskFacts("f:1", "Pay rent", 4, 9, 13, None),
    TaskFacts("f:2", "Call “Mum” <now>", 1, 0, None, None),
)
CONTEXT = PromptContext(DayPart.EVENING, 4, 12, 3, TASKS)
EMBEDDED, INSTRUCT = load("embedded-v1"), load("instruct-v1")

RENT = {
    "task_id": "t1",
    "kind": "reminder",
    "content": "“t1” is 9 days overdue.",
    "confidence": 0.9,
}
MUM = {
    "task_id": "t2",
    "kind": "task",
    "content": "Give “t2” ten minutes this evening.",
    "confidence": 0.8,
}
FREE = {"task_id": None, "kind": "insight", "content": "You have 12 open tasks.", "confidence": 0.5}
FALSE = RENT | {"content": "“t1” is 7 days overdue."}


def said(*tips: dict[str, object]) -> str:
    return json.dumps({"tips": tips}, ensure_ascii=False)


@dataclass
class Scripted:
    """Answers in turn; an exception is raised, None never comes."""

    script: list[str | Exception | None]
    requests: list[CompletionRequest] = field(default_factory=list)

    async def complete(self, request: CompletionRequest) -> Completion:
        self.requests.append(request)
        answer = self.script.pop(0)
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return Completion(str(answer), "scripted", 100, 50, 0.25)


async def ask(completer: Scripted, n: int = 3, prompt: str = "embedded-v1") -> Generation:
    return await generate(CONTEXT, n, completer, load(prompt), deadline_s=0.05, random=Random(1))


async def test_true_tips_pass_with_the_title_filled_in() -> None:
    made = await ask(Scripted([said(RENT, MUM, FREE)]))
    assert [tip.content for tip in made.tips] == [
        "“Pay rent” is 9 days overdue.",
        "Give “Call “Mum” <now>” ten minutes this evening.",
        "You have 12 open tasks.",
    ]
    assert [tip.task_id for tip in made.tips] == ["f:1", "f:2", None]
    first = made.tips[0]
    assert (first.kind, first.confidence, first.source) == (TipKind.REMINDER, 0.9, Source.LLM)
    assert (first.model, first.prompt_version) == ("scripted", "embedded-v1")
    assert made.failure is None
    assert made.from_model == 3


async def test_what_is_refused_is_asked_for_again_and_accounted() -> None:
    completer = Scripted([said(FALSE, MUM, MUM), said(RENT, FREE)])
    made = await ask(completer)
    assert [tip.source for tip in made.tips] == [Source.LLM] * 3
    assert [attempt.accepted for attempt in made.attempts] == [1, 2]
    false, again = made.attempts[0].refused
    assert false.content == FALSE["content"]
    assert "untrue: 7 days overdue" in false.reasons
    assert again.reasons == (REPEATED,)
    assert sum(attempt.prompt_tokens for attempt in made.attempts) == 200
    assert sum(attempt.completion_tokens for attempt in made.attempts) == 100
    assert "want 2" in completer.requests[1].messages[-1]["content"]
    assert "“t1”" in completer.requests[1].grammar
    assert "“t2”" not in completer.requests[1].grammar  # it has its tip


async def test_after_two_clarifications_templates_fill_in() -> None:
    completer = Scripted([said(FALSE, MUM), said(FALSE), said(FALSE), said(RENT)])
    made = await ask(completer, 2)
    assert len(completer.requests) == 3
    assert [tip.source for tip in made.tips] == [Source.LLM, Source.FALLBACK]


async def test_an_instruct_model_is_told_what_was_wrong() -> None:
    completer = Scripted([said(FALSE), said(RENT)])
    made = await ask(completer, 1, "instruct-v1")
    *_, before, clarification = completer.requests[1].messages
    assert before == {"role": "assistant", "content": said(FALSE)}
    assert "untrue: 7 days overdue" in clarification["content"]
    assert made.tips[0].source is Source.LLM


async def test_the_embedded_model_must_keep_to_its_language() -> None:
    odd = MUM | {"content": "“t2” the calm one minute broken cloth."}
    made = await ask(Scripted([said(odd), said(MUM)]), 1)
    assert made.attempts[0].refused[0].reasons == (OUTSIDE,)
    free = await ask(Scripted([said(odd)]), 1, "instruct-v1")
    assert free.from_model == 1


@pytest.mark.parametrize(
    "answer", ["", "no", "{", "[]", '{"tips":3}', '{"tips":[{"kind":"joke"}]}', "[" * 100_000]
)
async def test_unreadable_answers_do_no_harm(answer: str) -> None:
    made = await ask(Scripted([answer] * 3))
    assert [tip.source for tip in made.tips] == [Source.FALLBACK] * 3
    assert made.attempts[0].refused


async def test_a_failing_model_is_not_asked_again() -> None:
    completer = Scripted([said(RENT), CompletionFailedError("the engine is down")])
    made = await ask(completer, 2)
    assert [tip.source for tip in made.tips] == [Source.LLM, Source.FALLBACK]
    assert made.failure == "the engine is down"
    assert len(completer.requests) == 2


async def test_a_late_model_is_cut_off_and_what_came_in_time_is_kept() -> None:
    made = await ask(Scripted([said(RENT), None]), 2)
    assert [tip.source for tip in made.tips] == [Source.LLM, Source.FALLBACK]
    assert made.failure == "no answer within 0.05 s"


async def test_a_task_that_is_not_there_is_refused() -> None:
    made = await ask(
        Scripted(
            [said(MUM | {"task_id": "t9", "content": "Start with “t9”: open it and look."})] * 3
        ),
        1,
    )
    assert made.attempts[0].refused[0].reasons == ("unknown task",)


async def test_more_tips_than_asked_for_are_not_taken() -> None:
    made = await ask(Scripted([said(RENT, MUM, FREE)]), 1)
    assert len(made.tips) == 1


def test_the_pool_key_changes_with_context_prompt_and_model() -> None:
    keys = {
        pool_key(CONTEXT, EMBEDDED, "a"),
        pool_key(CONTEXT, EMBEDDED, "b"),
        pool_key(CONTEXT, INSTRUCT, "a"),
        pool_key(replace(CONTEXT, open_count=13), EMBEDDED, "a"),
        pool_key(replace(CONTEXT, daypart=DayPart.NIGHT), EMBEDDED, "a"),
        pool_key(replace(CONTEXT, tasks=TASKS[:1]), EMBEDDED, "a"),
    }
    assert len(keys) == 6
    told = replace(CONTEXT, told=(SignalFact("event", "10:00 to 10:30 today", "Standup"),))
    assert pool_key(told, EMBEDDED, "a") == pool_key(CONTEXT, EMBEDDED, "a"), "it shows no facts"
    assert pool_key(told, load("instruct-v2"), "a") != pool_key(CONTEXT, load("instruct-v2"), "a")
    assert pool_key(CONTEXT, EMBEDDED, "a") == pool_key(replace(CONTEXT), load("embedded-v1"), "a")

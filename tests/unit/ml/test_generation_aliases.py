"""Aliases reach the injected engine, fail in one way, and change in place."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from ml.generation.account import Ledger
from ml.generation.aliases import Aliases
from ml.generation.completion import Completion, CompletionFailedError, CompletionRequest, Form
from ml.generation.costs import Call
from ml.generation.settings import Alias, Budgets, ModelSettings, Structure, load_settings
from oo.domain.model_calls import Terms

REQUEST = CompletionRequest([{"role": "user", "content": "hello"}], 'root ::= "x"', {}, 40)
OWN = Alias(model="oo-engine/embedded", prompt="embedded-v1")


class Engine:
    """An engine that remembers what it was asked."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts or ("a tip",)
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        self.bodies.append(body)
        messages = [{"role": "assistant", "content": text} for text in self.texts]
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "embedded",
            "choices": [
                {"index": index, "finish_reason": "stop", "message": message}
                for index, message in enumerate(messages)
            ],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        }


async def dead(_: dict[str, Any]) -> dict[str, Any]:
    raise RuntimeError("actor died")


async def stuck(_: dict[str, Any]) -> dict[str, Any]:
    await asyncio.Event().wait()
    return {}


def settings(**aliases: Alias) -> ModelSettings:
    named = {name.replace("_", "-"): alias for name, alias in aliases.items()}
    return ModelSettings(allow_cloud=True, aliases=named)


async def test_the_engine_gets_an_openai_style_body_with_the_grammar() -> None:
    engine = Engine()
    answer = await Aliases(settings(tip_generator=OWN), engine).completer().complete(REQUEST)
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens) == ("a tip", 7, 3)
    assert answer.model == "oo-engine/embedded"
    assert engine.bodies == [
        {
            "model": "embedded",
            "messages": [{"role": "user", "content": "hello"}],
            "max_tokens": 40,
            "temperature": 0.7,
            "top_p": 0.95,
            "structured_outputs": {"grammar": 'root ::= "x"'},
        }
    ]


SET = replace(
    REQUEST,
    begin="a ",
    rest='root ::= "b"',
    more=(Form('root ::= "y"', {}), Form('root ::= "wz"', {}, "w", 'root ::= "z"')),
)


async def test_the_engine_gets_all_forms_in_one_call_on_one_account() -> None:
    engine, ledger = Engine("b", "y", "z"), Ledger()
    aliases = Aliases(settings(tip_generator=OWN), engine)
    answer = await aliases.completer(ledger=ledger).complete(SET)
    assert (answer.text, answer.more) == ("a b", ("y", "wz"))
    (body,) = engine.bodies
    assert "structured_outputs" not in body
    assert body["answers"] == [
        {"begin": "a ", "grammar": 'root ::= "b"'},
        {"begin": "", "grammar": 'root ::= "y"'},
        {"begin": "w", "grammar": 'root ::= "z"'},
    ]
    assert [call.completion_tokens for call in ledger.calls] == [3]


async def test_an_answer_with_no_text_at_all_is_a_failure() -> None:
    aliases = Aliases(settings(tip_generator=OWN), Engine("", "", ""))
    with pytest.raises(CompletionFailedError, match="an empty answer"):
        await aliases.completer().complete(SET)


async def test_other_servers_get_a_call_for_each_form(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def answers(self: object, call: Call, request: CompletionRequest) -> Completion:
        asked.append(request.grammar)
        if request.grammar.endswith('"y"'):
            raise ValueError("not now")
        return Completion(request.grammar[-2], "m", 7, 3, 0.1)

    monkeypatch.setattr(Aliases, "_ask", answers)
    other = Alias(model="hosted_vllm/m", api_base="http://127.0.0.1:9/v1", prompt="embedded-v1")
    answer = await Aliases(settings(tip_generator=other)).completer().complete(SET)
    assert (answer.text, answer.more) == ("x", ("", "z"))
    assert (answer.prompt_tokens, answer.completion_tokens) == (14, 6)
    assert asked == [part.grammar for part in SET.parts]


async def test_settings_go_before_what_a_request_proposes() -> None:
    engine = Engine()
    cool = OWN.model_copy(update={"params": {"temperature": 0.1}})
    await Aliases(settings(tip_generator=cool), engine).completer().complete(REQUEST)
    assert engine.bodies[0]["temperature"] == 0.1


@pytest.mark.parametrize("engine", [dead, None])
async def test_a_dead_engine_is_a_failed_completion(engine: Any) -> None:
    aliases = Aliases(settings(tip_generator=OWN), engine)
    with pytest.raises(CompletionFailedError, match="no model answered"):
        await aliases.completer().complete(REQUEST)


async def test_a_stuck_engine_is_left_after_its_timeout() -> None:
    hasty = OWN.model_copy(update={"timeout_s": 0.02})
    with pytest.raises(CompletionFailedError, match="Timeout"):
        await Aliases(settings(tip_generator=hasty), stuck).completer().complete(REQUEST)


async def test_an_answer_that_is_none_is_a_failed_completion() -> None:
    async def empty(_: dict[str, Any]) -> dict[str, Any]:
        return {"choices": 5}

    with pytest.raises(CompletionFailedError):
        await Aliases(settings(tip_generator=OWN), empty).completer().complete(REQUEST)


@pytest.mark.parametrize(
    ("message", "reason", "why"),
    [
        ({"content": ""}, "length", "finish reason length, allow it more tokens"),
        ({"content": " \n"}, "stop", "finish reason stop"),
        ({"content": None}, "content_filter", "finish reason content_filter"),
        (
            {"content": None, "reasoning_content": "Well…"},
            "length",
            "it only thought; allow it more tokens or turn thinking off",
        ),
    ],
)
async def test_an_empty_answer_says_why_it_ended(
    message: dict[str, Any], reason: str, why: str
) -> None:
    async def empty(_: dict[str, Any]) -> dict[str, Any]:
        choice = {"message": {"role": "assistant", **message}, "finish_reason": reason}
        return {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}

    with pytest.raises(CompletionFailedError, match=re.escape(why)):
        await Aliases(settings(tip_generator=OWN), empty).completer().complete(REQUEST)


async def test_an_unknown_alias_is_a_failed_completion() -> None:
    with pytest.raises(CompletionFailedError, match="'judge'"):
        await Aliases(settings(tip_generator=OWN), Engine()).completer("judge").complete(REQUEST)


async def test_new_settings_are_taken_over_in_place() -> None:
    engine = Engine()
    aliases = Aliases(settings(tip_generator=OWN), engine)
    completer = aliases.completer()
    aliases.update(settings(tip_generator=OWN.model_copy(update={"model": "oo-engine/larger"})))
    assert (await completer.complete(REQUEST)).model == "oo-engine/larger"
    assert engine.bodies[0]["model"] == "larger"


async def test_a_fallback_answers_when_the_first_cannot() -> None:
    class Half(Engine):
        async def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
            if body["model"] == "first":
                raise RuntimeError("gone")
            return await super().__call__(body)

    first = Alias(model="oo-engine/first", fallbacks=("spare",))
    aliases = Aliases(settings(tip_generator=first, spare=Alias(model="oo-engine/spare")), Half())
    assert (await aliases.completer().complete(REQUEST)).model == "oo-engine/spare"


async def test_a_cloud_model_is_asked_only_with_consent() -> None:
    engine = Engine()
    cloud = Alias(model="oo-engine/cloud", cloud=True, api_key=SecretStr("k"))
    free = ModelSettings(
        allow_cloud=True,
        budgets=Budgets(cloud_tokens_per_person=None, cloud_usd=None),
        aliases={"tip-generator": cloud},
    )
    aliases = Aliases(free, engine)
    with pytest.raises(CompletionFailedError, match="consent"):
        await aliases.completer().complete(REQUEST)
    assert not engine.bodies
    assert (
        await aliases.completer(terms=Terms(cloud_consent=True)).complete(REQUEST)
    ).text == "a tip"


@pytest.mark.parametrize(
    ("model", "structure"),
    [
        ("oo-engine/embedded", Structure.GRAMMAR),
        ("hosted_vllm/Qwen/Qwen2.5-1.5B-Instruct", Structure.GRAMMAR),
        ("ollama_chat/qwen2.5", Structure.JSON_SCHEMA),
        ("anthropic/some-model", Structure.JSON_SCHEMA),
    ],
)
def test_the_form_is_asked_for_as_the_backend_takes_it(model: str, structure: Structure) -> None:
    assert Alias(model=model).structure is structure


@pytest.mark.parametrize(
    "wrong",
    [
        {"aliases": {"a": {"model": "openai/x", "cloud": True}}},
        {"aliases": {"a": {"model": "openai/x", "fallbacks": ["b"]}}},
        {"aliases": {"a": {"model": "openai/x", "params": {"seed": 1}}}},
        {"aliases": {"a": {"model": "nothing"}}},
        {"aliases": {"a": {"model": "openai/x", "modle": 1}}},
        {
            "aliases": {
                "a": {"model": "openai/x", "fallbacks": ["b"], "prompt": "embedded-v1"},
                "b": {"model": "openai/y"},
            }
        },
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModelSettings.model_validate(wrong)


def test_the_shipped_settings_are_valid_and_local() -> None:
    shipped = load_settings(Path("configs/models.yaml"))
    assert {"tip-generator", "embedder", "judge"} <= set(shipped.aliases)
    assert not any(alias.is_cloud for alias in shipped.aliases.values())
    assert shipped.aliases["tip-generator"].model == "oo-engine/embedded"

"""A model as a judge of tips, through the alias `judge`, by the rubric."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from ml.generation.completion import Completer, CompletionFailedError, CompletionRequest
from ml.prompts.prompt import Message, MessageTemplate
from ml.rating.judging import Opinion
from ml.rating.reading import Item, Reading
from ml.rating.rubric import lines, rubric
from oo.kit.errors import Unavailable
from oo.kit.yaml_files import read_yaml

PROMPT = Path(__file__).parents[1] / "judge-v1.yaml"
USEFUL = "useful"
AT_ONCE = 8
TRIES = 2
MAX_TOKENS = 120


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    messages: tuple[MessageTemplate, ...]


@dataclass(frozen=True, slots=True)
class LlmJudge:
    """Asks a model about each tip; one more time where the answer made no sense."""

    name: str = "llm"
    version: str = "judge-v1"

    async def judge(
        self, readings: Sequence[Reading], models: Completer | None = None
    ) -> list[Opinion | None]:
        if models is None:
            raise Unavailable("The llm judge needs a model: give the alias `judge` one.")
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(reading: Reading) -> Opinion | None:
            async with turn:
                return await _ask(models, reading)

        # the first alone: where nobody answers, the others need not be sent and given up
        first = [await one(reading) for reading in readings[:1]]
        return first + list(await asyncio.gather(*map(one, readings[1:])))


async def _ask(models: Completer, reading: Reading) -> Opinion | None:
    schema = _answer().model_json_schema()
    request = CompletionRequest(messages(reading), _grammar(), schema, MAX_TOKENS, temperature=0.0)
    for _ in range(TRIES):
        try:
            text = (await models.complete(request)).text
        except CompletionFailedError as error:
            raise Unavailable(
                f"The alias `judge` does not answer ({error}); see configs/models.yaml."
            ) from error
        if opinion := parse(text):
            return opinion
    return None


def parse(text: str) -> Opinion | None:
    """The opinion in an answer, also when prose surrounds it; None if there is none."""
    start, end = text.find("{"), text.rfind("}")
    try:
        found = _answer().model_validate_json(text[start : end + 1])
    except ValidationError:
        return None
    said: dict[str, int] = found.model_dump()
    return Opinion(float(said.pop(USEFUL)), (), {name: float(n) for name, n in said.items()})


def messages(reading: Reading) -> list[Message]:
    """The chat that asks about a tip."""
    fields = {
        "rubric": "\n".join(f"- {line}" for line in lines()),
        "names": ", ".join((*rubric(), USEFUL)),
        "hour": reading.hour,
        "items": "\n".join(map(_item, reading.items)),
        "tip": json.dumps(reading.tip, ensure_ascii=False),
    }
    return [
        Message(role=part.role, content=part.content.format_map(fields))
        for part in _file().messages
    ]


def _item(item: Item) -> str:
    due = "no date" if item.due is None else f"days until due: {item.due}"
    age = "" if item.age is None else f", {item.age} days on the list"
    return f"- {json.dumps(item.title, ensure_ascii=False)}, {due}{age}"


@cache
def _file() -> _File:
    return _File.model_validate(read_yaml(PROMPT))


@cache
def _answer() -> type[BaseModel]:
    names = (*rubric(), USEFUL)
    fields = {name: (int, Field(ge=1, le=5)) for name in names}
    config = ConfigDict(extra="ignore")
    made: type[BaseModel] = create_model("Answer", __config__=config, **fields)  # type: ignore[call-overload]  # fields known at run time only
    return made


def _grammar() -> str:
    names = (*rubric(), USEFUL)
    first = rf'root ::= "{{\"{names[0]}\": " score'
    rest = "".join(rf' ", \"{name}\": " score' for name in names[1:])
    return f'{first}{rest} "}}"\nscore ::= [1-5]'


JUDGE = LlmJudge()

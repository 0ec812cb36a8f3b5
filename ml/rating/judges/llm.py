"""A model as a judge of tips, through the alias `judge`, by the rubric."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from ml.generation.asking import judged
from ml.generation.completion import Completer, CompletionRequest
from ml.prompts.prompt import Message, MessageTemplate
from ml.rating.judging import Opinion
from ml.rating.reading import Item, Reading
from ml.rating.rubric import lines, rubric
from oo.kit.yaml_files import read_yaml

PROMPT = Path(__file__).parents[1] / "judge-v1.yaml"
USEFUL = "useful"
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
        schema = _answer().model_json_schema()
        requests = [
            CompletionRequest(messages(reading), _grammar(), schema, MAX_TOKENS, temperature=0.0)
            for reading in readings
        ]
        return await judged(models, requests, parse)


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

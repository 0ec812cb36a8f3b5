"""The answer as a JSON schema, and the reading of it."""

import json
import re
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml.generation.drafts import MAX_CONTENT, RawTip, reference
from oo.domain.context import PromptContext
from oo.domain.tips import TipKind

_PLAIN = rf"^[A-Z“0-9][A-Za-z0-9 ,;:.!?—’'“”-]{{1,{MAX_CONTENT - 1}}}$"
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


class _Tip(BaseModel):
    """One tip of an answer."""

    model_config = ConfigDict(extra="ignore")

    task_id: str | None = None
    kind: TipKind
    content: str
    confidence: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)


class _Answer(BaseModel):
    """The whole answer; its tips are read one by one, so that a bad one spoils no other."""

    tips: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tips that could be read, and how many could not."""

    tips: tuple[RawTip, ...]
    malformed: int


def answer_schema(context: PromptContext, n: int) -> dict[str, object]:
    """The JSON schema of an answer with `n` tips, for backends without grammars."""
    references = [reference(index) for index in range(len(context.tasks))]
    tip = {
        "type": "object",
        "properties": {
            "task_id": {"enum": [*references, None]},
            "kind": {"enum": [kind.value for kind in TipKind]},
            "content": {"type": "string", "pattern": _PLAIN},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
        "required": ["task_id", "kind", "content", "confidence"],
        "additionalProperties": False,
    }
    tips = {"type": "array", "items": tip, "minItems": n, "maxItems": n}
    return {
        "type": "object",
        "properties": {"tips": tips},
        "required": ["tips"],
        "additionalProperties": False,
    }


def parse(text: str) -> Parsed:
    """Read an answer, also one with words around its JSON; nothing readable gives no tips."""
    found = _OBJECT.search(text)
    try:
        rows = _Answer.model_validate(json.loads(found[0] if found else "")).tips
    except (ValueError, RecursionError):
        return Parsed((), 1)
    tips = []
    for row in rows:
        try:
            tip = _Tip.model_validate(row)
        except ValidationError:
            continue
        tips.append(RawTip(tip.task_id, tip.kind, tip.content.strip(), tip.confidence))
    return Parsed(tuple(tips), len(rows) - len(tips))

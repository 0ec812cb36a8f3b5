"""The answer that is asked for, as a JSON schema; `answers` reads what comes."""

from collections.abc import Mapping, Sequence

from ml.generation.drafts import MAX_CONTENT, reference
from oo.domain.context import PromptContext
from oo.domain.tips import TipKind

_PLAIN = rf"^[A-Z“0-9][A-Za-z0-9 ,;:.!?—’'“”-]{{1,{MAX_CONTENT - 1}}}$"


def answer_schema(context: PromptContext, n: int) -> dict[str, object]:
    """The JSON schema of an answer with `n` tips, for backends without grammars."""
    references = [reference(index) for index in range(len(context.tasks))]
    kinds = [kind.value for kind in TipKind]
    return tips_schema(n, [*references, None], kinds, {"type": "string", "pattern": _PLAIN})


def tips_schema(
    n: int, references: Sequence[str | None], kinds: Sequence[str], content: Mapping[str, object]
) -> dict[str, object]:
    """The schema of `n` tips of these tasks and kinds, whose texts follow the schema `content`."""
    tip = {
        "type": "object",
        "properties": {
            "task_id": {"enum": list(references)},
            "kind": {"enum": list(kinds)},
            "content": dict(content),
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

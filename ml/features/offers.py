"""Features of the candidate itself: its kind and how sure its writer was."""

from ml.features.registry import Feature, Scope, Situation
from oo.domain.tips import TipKind


def _is(kind: TipKind) -> Feature:
    def compute(situation: Situation) -> float:
        return float(situation.kind is kind)

    return Feature(
        f"is_{kind.value}",
        f"it is {'a' if kind is TipKind.REMINDER else 'an'} {kind.value}",
        "bool",
        "0 or 1",
        "candidate",
        3600,
        Scope.CONTEXT,
        True,
        compute,
    )


FEATURES = (
    *(_is(kind) for kind in (TipKind.ADVICE, TipKind.INSIGHT, TipKind.REMINDER)),
    # a policy that learns its weight trusts the writer as far as reactions bear it out
    Feature(
        "llm_confidence",
        "how sure its writer was",
        "float",
        "the writer's confidence, 0 to 1 as -1 to 1",
        "candidate",
        3600,
        Scope.CONTEXT,
        True,
        lambda situation: 2.0 * situation.confidence - 1.0,
    ),
)

"""Which columns nobody reads by SQL: a person's words, and whatever opens something.

What is not known to be harmless is masked: a new column of text is, until it is named here.
"""

from functools import cache

from sqlalchemy import JSON, LargeBinary, String, Text

from oo.store.schema import CandidateColumns
from oo.store.tables import metadata

SHORT = 200  # texts below it are names of kinds, models and the like
SHOWN = frozenset(
    {
        "audit.after",
        "audit.before",
        "audit.hash",
        "audit.whom",
        "audit.actor",
        "audit.why",
        "feedback.features",
        "hourly_tips.model",
        "policy_changes.actor",
        "policy_changes.reason",
        "policy_changes.report",
        "policy_parameters.report",
        "profiles.values",
        "prompt_changes.actor",
        "prompt_changes.reason",
        "prompt_changes.report",
        "shadow_scores.propensities",
        "shadow_scores.scores",
        "sim_events.policy",
        "sim_runs.config",
        "sim_runs.summary",
        "candidates.model",
        "model_calls.model",
        "tip_scores.candidate_ids",
        "tip_scores.features",
        "tip_scores.model",
        "tip_scores.propensities",
        "tip_scores.scores",
        "users.email",
        "users.name",
    }
)
HIDDEN = frozenset({"feedback.idempotency_key", "identities.subject", "tasks.labels"})


@cache
def masked() -> dict[str, frozenset[str]]:
    """The masked columns of each table of oO."""
    return {
        name: frozenset(
            column.name
            for column in table.columns
            if f"{name}.{column.name}" not in SHOWN and _is_text(name, column.name, column.type)
        )
        for name, table in metadata.tables.items()
    }


def _is_text(table: str, column: str, kind: object) -> bool:
    if f"{table}.{column}" in HIDDEN or "hash" in column:
        return True
    if isinstance(kind, JSON | LargeBinary | Text | CandidateColumns):
        return True
    return isinstance(kind, String) and (kind.length is None or kind.length >= SHORT)

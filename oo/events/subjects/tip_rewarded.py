"""What a reaction is worth, for the first time or in the place of a provisional reward."""

from collections.abc import Mapping
from typing import Any

from oo.events.subject import Subject
from oo.events.subjects.tip_feedback import SUBJECT as FEEDBACK


def fields(user_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The reward; rows of before have no more than that."""
    return {
        "tip_id": payload["tip_id"],
        "user_seq": payload["user_seq"],
        "reward": payload["reward"],
        "replaces": payload.get("replaces"),
        "revision": payload.get("revision", 0),
        "late": payload.get("late", False),
    }


SUBJECT = Subject(
    name="feedback.tip.rewarded",
    message="oo.events.v1.TipRewarded",
    words="What a reaction is worth, also in the place of a provisional reward.",
    fields=fields,
    example=FEEDBACK.example,
    tells=FEEDBACK.name,
)

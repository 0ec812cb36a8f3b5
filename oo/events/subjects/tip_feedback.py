"""A person reacted to a tip, or oO noticed by itself what became of it."""

from oo.events.subject import Subject, same

SUBJECT = Subject(
    name="signals.tip.feedback",
    message="oo.events.v1.TipFeedback",
    words="A person reacted to a tip, or oO noticed by itself what became of it.",
    fields=same("tip_id", "user_seq", "action", "dwell_ms"),
    example={
        "tip_id": "0" * 32,
        "user_seq": 4,
        "action": "done",
        "dwell_ms": 40_000,
        "reward": 1.0,
        "replaces": None,
        "revision": 0,
        "late": False,
    },
)

"""A tip was not sent, as it had become too late to be worth an interruption."""

from oo.events.subject import Subject, same

SUBJECT = Subject(
    name="signals.tip.expired",
    message="oo.events.v1.TipExpired",
    words="A tip was not sent, as it had become too late to be worth an interruption.",
    fields=same("tip_id", "delivery_id", "device_id"),
    example={"tip_id": "0" * 32, "delivery_id": "1" * 32, "device_id": "2" * 32},
)

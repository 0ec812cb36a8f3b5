"""A person followed what was delivered to its tip."""

from oo.events.subject import Subject, same

SUBJECT = Subject(
    name="signals.tip.opened",
    message="oo.events.v1.TipOpened",
    words="A person followed what was delivered to its tip.",
    fields=same("tip_id", "delivery_id", "device_id"),
    example={"tip_id": "0" * 32, "delivery_id": "1" * 32, "device_id": "2" * 32},
)

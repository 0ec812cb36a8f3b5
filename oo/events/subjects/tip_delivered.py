"""A tip was sent to a device of its person, and the device's service took it."""

from oo.events.subject import Subject, same

SUBJECT = Subject(
    name="signals.tip.delivered",
    message="oo.events.v1.TipDelivered",
    words="A tip was sent to a device of its person, and the device's service took it.",
    fields=same("tip_id", "delivery_id", "device_id"),
    example={"tip_id": "0" * 32, "delivery_id": "1" * 32, "device_id": "2" * 32},
)

"""Put a shadow in force, if the gate lets it."""

from oo.admin.action import ConsoleAction, Done, Order, Refused, Subject


async def promote(order: Order) -> Done:
    """Raises Refused with all that the gate still asks for; the refusal is recorded."""
    found = await order.parts.promotes.promote(order.whom, order.actor, order.reason)
    if not found.passed:
        raise Refused(
            f"The gate refuses {found.policy}; {found.before} stays in force. "
            + " ".join(f"{one.rstrip('.')}." for one in found.refusals)
        )
    pinned = await order.parts.promotes.pinned()
    follows = "running shards follow within a second."
    return Done(
        f"{found.policy} is in force; "
        + (f"but {pinned} is pinned and decides until that is taken out." if pinned else follows),
        {"in_force": found.before},
        {"in_force": found.policy},
    )


ACTION = ConsoleAction(
    name="promote-policy",
    title="Ask the gate, and promote",
    words="It decides from now on if every check passes. The gate replays the log and simulates"
    " people, which may take minutes.",
    subject=Subject.POLICY,
    leads_to="/admin/policies",
    beside=promote,
    logged=False,
)

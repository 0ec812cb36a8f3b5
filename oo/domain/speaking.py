"""The ports around deciding to speak; `deployments` connects real parts to them."""

from typing import Protocol

from oo.domain.policies import Policy


class PicksTips(Protocol):
    """The way from a person to their tip."""

    async def pick(self, user_id: str) -> str | None:
        """Decide on a tip for the person, as a request of theirs would; the decision's id.

        None where there is nothing to say. Raises Unavailable when that takes too long.
        """
        ...


class DeliveryPolicies(Protocol):
    """The delivery policy in force, with what was fitted for it."""

    async def in_force(self) -> Policy:
        """The policy that decides now."""
        ...


class DecidesDeliveries(Protocol):
    """Who asks whether to speak."""

    async def decide_due(self) -> int:
        """Decide for all people whose moment has come; how many decisions were made."""
        ...


class SettlesDeliveries(Protocol):
    """Who joins what came of pushes to the decisions to send them."""

    async def settle(self) -> int:
        """Settle a batch of decisions; how many."""
        ...


class FitsDeliveries(Protocol):
    """Who fits what people have in common."""

    async def fit(self) -> int:
        """Fit the prior of the policy in force to those who agreed to pooling; to how many."""
        ...


class Seeds(Protocol):
    """Where the seeds of decisions come from."""

    def __call__(self) -> int: ...

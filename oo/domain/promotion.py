"""Promotion as the console sees it: a challenger is put in force, or the gate says why not."""

from typing import NamedTuple, Protocol


class Ruling(NamedTuple):
    """What the gate said of a challenger, as policies are written: NAME@VERSION.

    `before` was in force when it was asked. `refusals` are sentences, one for each check that
    failed: what it is, and what to do. Without any, the challenger is in force now.
    """

    policy: str
    before: str
    decisions: int
    refusals: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the challenger was put in force."""
        return not self.refusals


class PromotesPolicies(Protocol):
    """Leads a policy through the gate."""

    async def promote(self, name: str, actor: str, reason: str) -> Ruling:
        """Examine NAME or NAME@VERSION, and put it in force if every check passes; the change, or
        the refusal, is recorded with the report and in the audit log.

        Raises BadRequest for a policy that there is not, Conflict for the one in force or when
        policies changed meanwhile, and Unavailable if it takes too long.
        """
        ...

    async def pinned(self) -> str | None:
        """The policy that the running shards are told to keep to, whatever is promoted, as NAME or
        NAME@VERSION; None where there is none, or no shard says.
        """
        ...

"""What parts of oO that stand beside each other ask of one another; `deployments` connects them."""

from datetime import date, datetime
from typing import Protocol

from oo.domain.pools import Ahead, Ended


class WakesShards(Protocol):
    """The bandit shards."""

    def wake(self, user_id: str, user_seq: int) -> None:
        """Tell the person's shard of their newest reaction number."""
        ...

    async def status(self) -> str:
        """Under which key the states of the policy in force are stored."""
        ...


class FoldsBehind(Protocol):
    """Whoever can do what shards do, where they are away."""

    async def fold_behind(self, limit: int) -> int:
        """Fold and write the states of so many people who lack reactions; how many they were."""
        ...


class FillsPools(Protocol):
    """The tip generator."""

    async def is_ready(self) -> bool:
        """Whether the model behind it takes calls."""
        ...

    async def fill(self, user_id: str) -> None:
        """Fill the person's pool; raises Unavailable when that takes too long."""
        ...

    async def fill_ahead(self, user_id: str, turn: Ahead) -> Ended:
        """Give the person their turn in a nightly batch; after FAILED and LATER it is not over.

        Raises Unavailable when that takes too long.
        """
        ...

    def behind(self, user_id: str) -> None:
        """Have the pool filled soon, for what it is made from has changed; never raises."""
        ...


class ReadsSources(Protocol):
    """People's signal sources."""

    async def sync(self, user_id: str) -> bool:
        """Read all connected sources now; whether anything changed. Raises as sources do."""
        ...


class ClosesTasks(Protocol):
    """People's tasks at their source."""

    async def complete(
        self,
        user_id: str,
        task_id: str,
        *,
        due: date | None = None,
        due_at: datetime | None = None,
    ) -> bool:
        """Finish at its source what is finished here; of a recurring task the turn due then.

        False when there is nothing to finish: the task is gone, is open again, or has moved on to
        another turn; without `due` and `due_at` the turn that is stored is meant. Raises Retry, or
        Reconnect, when the source could not be told: telling it twice does nothing more. Raises
        Broken when it refuses for good.
        """
        ...


class RevokesGrants(Protocol):
    """What people gave oO at their providers."""

    async def revoke(self, user_id: str, name: str, secret: bytes) -> None:
        """Revoke a sealed grant at its provider; raises Retry while that cannot be reached.

        One that cannot be read, or of a source that is no longer there, is left alone: nobody can
        use it.
        """
        ...


class LogsOutcomes(Protocol):
    """What oO notices by itself about tips that were seen."""

    async def settle_missed(self) -> int:
        """Give a batch of tips that were missed their default reward; how many."""
        ...

    async def done_elsewhere(self, user_id: str, task_id: str, completed_at: datetime) -> int:
        """Credit the tips that spoke of a task which was finished at its source; how many."""
        ...


class AsksShadows(Protocol):
    """The policies in shadow."""

    async def ask(self) -> int:
        """Log what they would have picked in a batch of decisions; how many opinions."""
        ...


class RebuildsProfiles(Protocol):
    """People's profiles."""

    async def rebuild(self, user_id: str) -> object:
        """Compute the person's profile from their log now, and keep it."""
        ...


class RelaysEvents(Protocol):
    """The relay of events."""

    async def relay(self) -> int:
        """Tell what has been committed; how many events."""
        ...


class RunsAsked(Protocol):
    """Simulations and evaluations that the console was asked for."""

    async def run_next(self) -> int:
        """See the one through that has waited longest; how many, which is none or one."""
        ...


class FeedsConsumers(Protocol):
    """The consumers of events."""

    async def feed(self) -> int:
        """Give each what it has not had; how many events were taken."""
        ...


class MirrorsEvents(Protocol):
    """The mirror of events outside of the store."""

    async def mirror(self) -> int:
        """Publish what is not there yet; how many events. While it is away nothing happens."""
        ...

"""What the web layer needs, made once per process and reached through the request."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from oo.domain.agents import Listens
from oo.domain.events import RecentEvents
from oo.domain.explanations import Explains, TellsLearnt
from oo.domain.health import Health
from oo.domain.promotion import PromotesPolicies
from oo.events.replay import Replays
from oo.identity.accounts import Accounts
from oo.identity.service import Identity
from oo.identity.sessions import Sessions
from oo.integrations.service import Integrations
from oo.kit.clock import Clock
from oo.kit.settings import Settings
from oo.push.service import Push
from oo.recommend.freshness import PoolFreshness
from oo.recommend.ports import Refill
from oo.recommend.reactions import Reactions
from oo.recommend.recommender import Recommender
from oo.store.database import Database


@dataclass(slots=True)
class Services:
    """The parts that endpoints work with; `deployments.ingress` makes them.

    `wake` tells the bandit shard of a person's newest reaction number.
    """

    settings: Settings
    clock: Clock
    db: Database
    accounts: Accounts
    sessions: Sessions
    identity: Identity
    integrations: Integrations
    recommender: Recommender
    reactions: Reactions
    refill: Refill
    push: Push
    wake: Callable[[str, int], None]
    explainer: Explains
    learnt: TellsLearnt
    listener: Listens
    health: Health
    freshness: PoolFreshness
    events: RecentEvents
    replays: Replays
    promotes: PromotesPolicies


def services(request: Request) -> Services:
    """The services of the application that handles `request` (a FastAPI dependency)."""
    found: Services = request.app.state.services
    return found

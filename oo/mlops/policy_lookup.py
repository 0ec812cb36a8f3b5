"""From names to policies: what the store's record of promotions means in code."""

import logging

from sqlalchemy.ext.asyncio import AsyncConnection

from ml.policies import policies
from oo.domain.policies import Policy, PolicyRef, Trainable, ref_of
from oo.kit.errors import BadRequest
from oo.recommend.ports import Shadow
from oo.store import policies as store
from oo.store.policies import SHADOW, Roles

log = logging.getLogger(__name__)

DEFAULT_POLICY = "ebts-v2"


async def find(connection: AsyncConnection, ref: PolicyRef) -> Policy:
    """The policy of that name and version, with its fitted parameters if it has some.

    Raises ValueError for a name or a version that there is not.
    """
    policy = by_name(ref.name)
    if ref.version == policy.version:
        return policy
    fitted = await store.parameters(connection, ref)
    if fitted is None or not isinstance(policy, Trainable):
        raise ValueError(f"no {ref}; the version without fitted parameters is {policy.version!r}")
    found = policy.with_parameters(fitted.data)
    if ref_of(found) != ref:
        raise ValueError(f"the parameters of {ref} are for another release of {ref.name}")
    return found


def by_name(name: str) -> Policy:
    """The policy without fitted parameters; raises ValueError naming those that there are."""
    known = policies()
    if name not in known:
        raise ValueError(f"no policy {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


async def named(connection: AsyncConnection, text: str) -> Policy:
    """The policy that an operator calls NAME or NAME@VERSION; raises BadRequest."""
    try:
        return await _called(connection, text)
    except ValueError as error:
        raise BadRequest(f"{error}.") from error


async def _called(connection: AsyncConnection, text: str) -> Policy:
    name, _, version = text.partition("@")
    return await find(connection, PolicyRef(name, version)) if version else by_name(name)


class Finder:
    """Finds each policy once."""

    def __init__(self) -> None:
        self._found: dict[PolicyRef, Policy] = {}

    async def find(self, connection: AsyncConnection, ref: PolicyRef) -> Policy:
        """As :func:`find`."""
        if ref not in self._found:
            self._found[ref] = await find(connection, ref)
        return self._found[ref]


async def find_by_key(connection: AsyncConnection, state_key: str) -> Policy | None:
    """The policy whose states are stored under `state_key`; None when there is none now."""
    for policy in policies().values():
        versions = await store.versions(connection, policy.name)
        for candidate in (policy, *(_fitted(policy, one.data) for one in versions)):
            if candidate.state_key == state_key:
                return candidate
    return None


def _fitted(policy: Policy, data: bytes) -> Policy:
    return policy.with_parameters(data) if isinstance(policy, Trainable) else policy


async def choose(connection: AsyncConnection, pinned: str | None, roles: Roles) -> Policy:
    """The policy pinned as NAME or NAME@VERSION, else the one promoted, else the default.

    Raises ValueError for an unknown pinned policy. A promoted one that is no longer there is
    logged, and the default serves: a tip matters more than who picked it.
    """
    if pinned is not None:
        return await _called(connection, pinned)
    found = await _find(connection, roles.in_force) if roles.in_force else None
    return found or by_name(DEFAULT_POLICY)


async def serving(connection: AsyncConnection, last: PolicyRef | None) -> Policy:
    """The policy that picked last, as a pin may have named it; else the one in force."""
    found = await _find(connection, last) if last else None
    return found or await choose(connection, None, await store.roles(connection))


async def in_shadow(connection: AsyncConnection, roles: Roles) -> tuple[Shadow, ...]:
    """The shadows, with since when; one that is no longer there is logged and left out.

    Another version of what is in force may well be one.
    """
    history = await store.history(connection)
    since = {one.policy: one.created_at for one in history if one.role == SHADOW}
    found = [(await _find(connection, ref), since[ref]) for ref in roles.shadows]
    return tuple(Shadow(policy, at) for policy, at in found if policy is not None)


async def _find(connection: AsyncConnection, ref: PolicyRef) -> Policy | None:
    try:
        return await find(connection, ref)
    except ValueError as error:
        log.error("%s", error)
        return None

"""Who looks at everybody's data in the console, the proof that they may, and what they ask for."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oo.domain.roles import Role


@dataclass(frozen=True, slots=True)
class AdminRead:
    """Without one no query of `oo.store.everyone` can be called.

    Only `admin_read` makes one, from a role that was checked; a lint test looks for others.
    """

    actor: str


class Looker(NamedTuple):
    """Who looks, as the audit log names them, what they may, and where their clock stands.

    `form_token` is what a form of theirs must carry; empty for a machine, which sends no forms.
    """

    actor: str
    role: Role
    name: str
    zone: ZoneInfo
    form_token: str

    @property
    def is_admin(self) -> bool:
        """Whether they may change things."""
        return self.role.includes(Role.ADMIN)


def admin_read(looker: Looker) -> AdminRead:
    """The proof for one request; raises PermissionError for somebody without the role."""
    if not looker.role.includes(Role.VIEWER):
        raise PermissionError(f"{looker.actor} may not read everybody's data")
    return AdminRead(looker.actor)


class Choice(NamedTuple):
    """A filter: those values, or all but them."""

    values: tuple[str, ...]
    excluded: bool

    @classmethod
    def of(cls, text: str) -> "Choice | None":
        """Read ``a,b`` or ``!a,b``; None for an empty text, which leaves nothing out."""
        excluded = text.startswith("!")
        values = tuple(part for part in text.removeprefix("!").split(",") if part)
        return cls(values, excluded) if values else None


class Period(NamedTuple):
    """From an instant up to another."""

    since: datetime
    until: datetime

    @property
    def before(self) -> "Period":
        """The period of the same length just before."""
        return Period(self.since - (self.until - self.since), self.since)


class Slice(NamedTuple):
    """Which rows of a long list: in what order, how many, and how many before them are left out."""

    sort: str
    down: bool
    limit: int
    offset: int

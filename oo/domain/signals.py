"""The contract of a signal source: an app or a file that tells what a person has to do.

A source is one file in ``oo/integrations/sources`` that exports ``SOURCE``, a
:class:`SourcePlugin`. It speaks to its provider and keeps nothing: what is stored, when it is
read again and which token is in force is :class:`oo.integrations.service.Integrations`' work.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

import httpx2

from oo.domain.tasks import Task
from oo.kit.clock import Clock
from oo.kit.errors import OoError
from oo.kit.settings import Settings


class Connect(StrEnum):
    """How a person connects a source."""

    OAUTH = "oauth"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a person is told before they connect.

    `name` is the plug-in's name and the prefix of its task ids. `keeps` and `retention` are
    sentences: what oO stores and for how long.
    """

    name: str
    title: str
    description: str
    connect: Connect
    scopes: tuple[str, ...]
    keeps: str
    retention: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a provider gave for a person's consent.

    `refresh_token` is None when the provider gave none with this answer; `expires_at` is None for
    an access token that does not run out.
    """

    access_token: str
    refresh_token: str | None
    expires_at: datetime | None
    account: str = ""


class Reconnect(OoError):
    """The person must connect again: the provider no longer accepts the grant."""

    status, code, title = 409, "reconnect", "Connect again"


class Retry(OoError):
    """Trying again later will do: the provider is away, slow or limits us."""

    status, code, title = 503, "source_retry", "The source is not available right now"


class Broken(OoError):
    """Trying again will not help: the provider answers differently from what it documents."""

    status, code, title = 502, "source_broken", "The source does not work"


SOURCE_ERRORS = (Reconnect, Retry, Broken)


class Access(Protocol):
    """The right to call a provider for one person, kept fresh by oO."""

    async def token(self, rejected: str | None = None) -> str:
        """An access token; give the one that the provider `rejected` to get it refreshed.

        Raises Reconnect when the provider refuses to refresh, or Retry.
        """
        ...


class OAuthSource(ABC):
    """A source that a person connects at its provider (OAuth 2.0, authorization code)."""

    @abstractmethod
    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Where the person's browser goes to consent; it comes back with `code` and `state`."""

    @abstractmethod
    async def exchange(self, code: str, redirect_uri: str) -> Grant:
        """The grant that the code stands for. Raises Reconnect, Retry or Broken."""

    @abstractmethod
    async def refresh(self, refresh_token: str) -> Grant:
        """A fresh grant. Raises Reconnect when the provider refuses the token."""

    @abstractmethod
    async def revoke(self, grant: Grant) -> None:
        """Make the grant worthless at the provider; one that already is counts as revoked."""

    @abstractmethod
    async def fetch(self, access: Access) -> list[Task]:
        """All open tasks of the person. Raises Reconnect, Retry or Broken."""

    @abstractmethod
    async def complete(self, access: Access, task: Task) -> None:
        """Finish `task` at the provider; a recurring one advances to its next turn.

        Calling it again for the same task as it was stored changes nothing more.
        """

    async def finished(self, access: Access, since: datetime) -> dict[str, datetime]:
        """When the person finished tasks at the provider, by their ids; since then, newest only.

        Turns of recurring tasks count too. The instants are aware, by the provider's clock. A
        source that cannot tell a finished task from a deleted one names none. Raises Reconnect,
        Retry or Broken.
        """
        return {}


@dataclass(frozen=True, slots=True)
class LineError:
    """A line of an upload that holds no task that can be read; `line` counts from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Upload:
    """What was read from an upload: open tasks, ids of those ticked off, lines in error."""

    tasks: tuple[Task, ...]
    done: tuple[str, ...] = ()
    errors: tuple[LineError, ...] = field(default=())


class UploadSource(ABC):
    """A source that a person connects by handing in a file."""

    @abstractmethod
    def parse(self, filename: str, data: bytes, today: date) -> Upload:
        """The tasks in the file; `today` is the person's local day, for dates like "tomorrow".

        The same task has the same id in each version of the file. Raises BadRequest or TooLarge
        when nothing can be made of the file.
        """


SignalSource = OAuthSource | UploadSource


@dataclass(frozen=True, slots=True)
class SourcePlugin:
    """The exported ``SOURCE``: the manifest, and how to make the source from the settings.

    `build` returns None when the operator has not configured the source; it does no I/O.
    """

    manifest: Manifest
    build: Callable[[Settings, httpx2.AsyncClient, Clock], SignalSource | None]

    @property
    def name(self) -> str:
        return self.manifest.name

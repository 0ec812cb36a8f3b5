"""The contract of a signal source: an app or a file that tells something about a person.

A source is one file in ``oo/integrations/sources`` that exports ``SOURCE``, a
:class:`SourcePlugin`. It speaks to its provider and keeps nothing: what is stored, when it is
read again and which token is in force is :class:`oo.integrations.service.Integrations`' work.

What a source can do are small protocols; it implements those that it has and names them in the
:class:`SignalSource` that it builds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

import httpx2

from oo.domain.signals.kind import Signal
from oo.domain.tasks import Task
from oo.kit.clock import Clock
from oo.kit.errors import OoError
from oo.kit.settings import Section


class Connect(StrEnum):
    """A way in which a person connects a source."""

    OAUTH = "oauth"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class UploadForm:
    """How the connect page asks for an upload.

    `endings` are those of the files that make sense, such as ``.csv``; `paste` is the hint of a
    field for text instead of a file, None where only a file will do.
    """

    endings: tuple[str, ...]
    paste: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a person is told before they connect.

    `name` is the plug-in's name and the prefix of its signals' ids. `kinds` names the kinds of
    signals that the source gives, `connect` the ways in which it is connected; OAuth has
    `scopes`, an upload a `form`. `keeps` is a sentence that says what oO stores; for how long
    follows from the kinds.
    """

    name: str
    title: str
    description: str
    kinds: tuple[str, ...]
    connect: tuple[Connect, ...]
    keeps: str
    scopes: tuple[str, ...] = ()
    form: UploadForm | None = None


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


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source told when it was asked.

    A whole reading names everything that there is now: what is stored of the source and is not
    in it is gone. Of a delta, `signals` are new or changed, the ids in `gone` no longer there,
    and everything else is as it was. `cursor` is handed to the next fetch, so that it may tell a
    delta; None makes the next one begin anew.
    """

    signals: tuple[Signal, ...]
    whole: bool = True
    gone: tuple[str, ...] = ()
    cursor: str | None = None


class Connects(Protocol):
    """A source that a person connects at its provider (OAuth 2.0, authorization code)."""

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Where the person's browser goes to consent; it comes back with `code` and `state`."""
        ...

    async def exchange(self, code: str, redirect_uri: str) -> Grant:
        """The grant that the code stands for. Raises Reconnect, Retry or Broken."""
        ...

    async def refresh(self, refresh_token: str) -> Grant:
        """A fresh grant. Raises Reconnect when the provider refuses the token."""
        ...

    async def revoke(self, grant: Grant) -> None:
        """Make the grant worthless at the provider; one that already is counts as revoked."""
        ...


class Fetches(Protocol):
    """A source that can be read at any time, with the grant of a person who connected it."""

    async def fetch(self, access: Access, cursor: str | None) -> Reading:
        """What there is now, or what changed since the reading that gave `cursor`.

        Raises Reconnect, Retry or Broken. A cursor that the provider no longer knows is answered
        with a whole reading.
        """
        ...


class Completes(Protocol):
    """A source of tasks that can be finished here as well as there."""

    async def complete(self, access: Access, task: Task) -> None:
        """Finish `task` at the provider; a recurring one advances to its next turn.

        Calling it again for the same task as it was stored changes nothing more.
        """
        ...

    async def finished(self, access: Access, since: datetime) -> dict[str, datetime]:
        """When the person finished tasks at the provider, by their ids; since then, newest only.

        Turns of recurring tasks count too. The instants are aware, by the provider's clock. A
        source that cannot tell a finished task from a deleted one names none. Raises Reconnect,
        Retry or Broken.
        """
        ...


@dataclass(frozen=True, slots=True)
class LineError:
    """A line of an upload that cannot be read; `line` counts from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Upload:
    """What was read from an upload: signals, ids of tasks ticked off, lines in error.

    `form`, `encoding` and `languages` say as what it was read, for the person. `all_of` is a prefix
    of ids of which the upload names every task that is still open: what is stored under it and not
    named is finished. `left_out` are ids of tasks that are there, and are not the person's to do.
    """

    signals: tuple[Signal, ...]
    done: tuple[str, ...] = ()
    errors: tuple[LineError, ...] = ()
    form: str = ""
    encoding: str = ""
    languages: tuple[str, ...] = ()
    all_of: str | None = None
    left_out: tuple[str, ...] = ()


class Uploads(Protocol):
    """A source that a person connects by handing in a file."""

    def parse(self, filename: str, data: bytes, today: date) -> Upload:
        """The signals in the file; `today` is the person's local day, for dates like "tomorrow".

        The same thing has the same id in each version of the file. Raises BadRequest or TooLarge
        when nothing can be made of the file.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignalSource:
    """What a configured source can do; None where it cannot."""

    connects: Connects | None = None
    fetches: Fetches | None = None
    completes: Completes | None = None
    uploads: Uploads | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """What the contract test gives a source: see ``tests/contracts/test_signal_sources.py``.

    `settings` is its section of the settings when it is configured. A source of uploads names one
    that it takes, and some that it refuses beside those that every source refuses.
    """

    settings: Mapping[str, str] | None = None
    upload: bytes = b""
    refuses: tuple[bytes, ...] = ()


class NoSettings(Section):
    """The section of a source that needs none."""


C = TypeVar("C", bound=Section)


@dataclass(frozen=True, slots=True)
class SourcePlugin(Generic[C]):
    """The exported ``SOURCE``: the manifest, its settings, and how to make the source from them.

    The fields of `settings` are given as ``OO_<NAME>__<FIELD>``. `build` returns None when the
    operator has not configured the source; it does no I/O.
    """

    manifest: Manifest
    settings: type[C]
    build: Callable[[C, httpx2.AsyncClient, Clock], SignalSource | None]
    example: Example = Example()

    @property
    def name(self) -> str:
        return self.manifest.name


AnyPlugin = SourcePlugin[Any]

"""The contract of an action: one file in `oo/admin/actions`, exported as ``ACTION``."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.desk import ConsoleParts
from oo.kit.errors import Conflict
from oo.store.audit import Facts


class Subject(StrEnum):
    """What an action is done to; pages offer those of their subject."""

    PERSON = "person"
    CONNECTION = "connection"
    POLICY = "policy"
    EVENT = "event"
    RUN = "run"


class Refused(Conflict):
    """Nothing was changed, for reasons that the page says to which the action leads."""

    code, title = "refused", "It was refused"


class Form(BaseModel):
    """What an action is told beside its subject; an action's own derives from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


F = TypeVar("F", bound=Form)


class Order(NamedTuple):
    """What is to be done: to whom, to which part of it, by whom, why and when."""

    parts: ConsoleParts
    actor: str
    whom: str
    what: str
    reason: str
    at: datetime
    form: Form | None = None

    def filled(self, kind: type[F]) -> F:
        """The form of an action that has one."""
        if not isinstance(self.form, kind):
            raise TypeError(f"{kind.__name__} was not asked for")
        return self.form


class File(NamedTuple):
    """What is sent instead of a page; it is made while it is sent."""

    name: str
    media_type: str
    pieces: AsyncIterator[bytes]


class Done(NamedTuple):
    """What an action changed, for the audit log, and as a sentence; `file` is what it gives."""

    said: str
    before: Facts
    after: Facts
    file: File | None = None


@dataclass(frozen=True, slots=True)
class ConsoleAction:
    """Something that an admin does, with a reason, once per key.

    `within` works in the transaction that also claims the key and writes the audit log, so that
    all three happen or none. `beside` is for what has a transaction of its own: the key is claimed
    before it and given back when it fails, and the log is written after it. `logged` is false for
    what writes its own entry. `form` is what it is told beside. `leads_to` is where the browser
    goes, with ``{}`` for whom.
    """

    name: str
    title: str
    words: str
    subject: Subject
    leads_to: str
    within: Callable[[Order, AsyncConnection], Awaitable[Done]] | None = None
    beside: Callable[[Order], Awaitable[Done]] | None = None
    logged: bool = True
    audited_as: str = ""
    grave: bool = False
    form: type[Form] | None = None

    @property
    def entry(self) -> str:
        """How the audit log calls it."""
        return self.audited_as or f"{self.subject}.{self.name.replace('-', '_')}"


Actions = Mapping[str, ConsoleAction]

"""Within what a line of a log is written: a request or a run of a job, and for whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from random import SystemRandom

from oo.kit.pseudonym import mark

_random = SystemRandom()


class Scope:
    """A request or a run of a job. Its number is made when somebody first asks for it.

    `user_id` is the person that it is about, empty while nobody is known; where it is shown, their
    mark stands for it.
    """

    __slots__ = ("_id", "_token", "job", "user_id")

    def __init__(self, job: str = "", user_id: str = "", known_as: str = "") -> None:
        self.job = job
        self.user_id = user_id
        self._id = known_as

    @property
    def id(self) -> str:
        """16 hexadecimal digits, or what the process that it came from calls it."""
        if not self._id:
            self._id = f"{_random.getrandbits(64):016x}"
        return self._id

    def __enter__(self) -> "Scope":
        self._token: Token[Scope | None] = _scope.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _scope.reset(self._token)

    def fields(self) -> dict[str, str]:
        """What a line of a log says of it."""
        found = {"request_id": self.id, "job": self.job}
        if self.user_id:
            found["person"] = mark(self.user_id)
        return {name: value for name, value in found.items() if value}


_scope: ContextVar[Scope | None] = ContextVar("oo_scope", default=None)


def current() -> Scope | None:
    """The request or run that this is a part of."""
    return _scope.get()


def adopt(scope: Scope | None) -> None:
    """Go on as a part of `scope`, in a context of one's own."""
    _scope.set(scope)


def found(user_id: str) -> None:
    """Whoever asks is known now."""
    scope = _scope.get()
    if scope is not None:
        scope.user_id = user_id


@contextmanager
def about(user_id: str) -> Iterator[None]:
    """A part of this request or run that is about one person."""
    scope = _scope.get()
    with Scope(scope.job if scope else "", user_id, scope.id if scope else ""):
        yield

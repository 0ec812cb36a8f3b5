"""Traces: what a request was made of, across processes (W3C Trace Context, OpenTelemetry).

Off, which is the default, :func:`span` costs a third of a microsecond and makes no object, and
nothing of OpenTelemetry is imported. A request that is not sampled costs as little: what is not
traced has no span anywhere, here or in the processes that it reaches.

Names and attributes are those of OpenTelemetry's semantic conventions where they have one. None
holds words of people: a person is their mark, an error its class.
"""

import random
import re
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, NamedTuple

from oo.kit import scope as scopes
from oo.kit.errors import OoError
from oo.kit.pseudonym import mark
from oo.kit.scope import Scope

if TYPE_CHECKING:
    from opentelemetry.trace import Link, Span, SpanContext, Tracer

Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value]

PERSON = "enduser.pseudo.id"
JOB = "oo.job.name"
DONE = "oo.job.done"
BATCH = "oo.batch.size"
MOST_CAUSES = 64
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


class Cause(NamedTuple):
    """What something that is done later, or together with others, is done for."""

    scope: Scope | None
    span: "Traced | None"


class Nothing:
    """The span of what is not traced."""

    __slots__ = ()

    def __enter__(self) -> "Nothing":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def set(self, name: str, value: Value) -> None:
        """Nothing is kept."""

    def rename(self, name: str) -> None:
        """Nothing has a name."""

    def part(self, name: str) -> None:
        """Nothing has parts."""


NOTHING = Nothing()


class Traced:
    """A span under way; what begins inside of it is its child."""

    __slots__ = ("_span", "_token", "context")

    def __init__(self, made: "Span") -> None:
        self._span = made
        self.context: SpanContext = made.get_span_context()

    def __enter__(self) -> "Traced":
        self._token: Token[Traced | None] = _current.set(self)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _current.reset(self._token)
        _end(self._span, error)

    def set(self, name: str, value: Value) -> None:
        """Say something of it: no words of people."""
        self._span.set_attribute(name, value)

    def rename(self, name: str) -> None:
        """Call it otherwise, once it is known what it is."""
        self._span.update_name(name)

    def part(self, name: str) -> None:
        """It is as a :class:`_Timed` has them."""

    def link(self, to: "SpanContext") -> None:
        """Say where else it goes on."""
        self._span.add_link(to)

    def end(self, error: BaseException | None = None) -> None:
        """It is over; for one that was not entered."""
        _end(self._span, error)


class _Timed:
    """A span that is made where it ends: what it is a part of may be known only then."""

    __slots__ = ("_attributes", "_began", "_name", "_parts")

    def __init__(self, name: str, attributes: Attributes) -> None:
        self._name = name
        self._attributes = attributes

    def __enter__(self) -> "_Timed":
        self._began = time.time_ns()
        self._parts: list[tuple[str, int]] = []
        return self

    def part(self, name: str) -> None:
        """What came since the last part, or the beginning, was this."""
        self._parts.append((name, time.time_ns()))

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        parent = _current.get()
        if parent is None:
            return
        whole = _begin(self._name, parent, CLIENT, self._attributes, start=self._began)
        at = self._began
        for name, ended in self._parts:
            _begin(name, whole, start=at)._span.end(ended)
            at = ended
        whole.end(error)


Live = Traced | Nothing
INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = range(5)  # as OpenTelemetry counts its kinds
_tracer: "Tracer | None" = None
_ratio = 1.0
_current: ContextVar[Traced | None] = ContextVar("oo_span", default=None)


def trace_with(tracer: "Tracer | None", ratio: float = 1.0) -> None:
    """Have this process trace such a share of what begins here; None ends it."""
    global _tracer, _ratio
    _tracer, _ratio = tracer, ratio


def is_on() -> bool:
    """Whether anything may be traced in this process."""
    return _tracer is not None


def span(name: str, kind: int = INTERNAL, attributes: Attributes | None = None) -> Live:
    """A part of what is being traced, if something is."""
    if _tracer is None:
        return NOTHING
    parent = _current.get()
    return NOTHING if parent is None else _begin(name, parent, kind, attributes)


def timed(name: str, attributes: Attributes) -> "_Timed | Nothing":
    """As :func:`span`, but placed into what is traced when it ends; it has parts, no children."""
    return NOTHING if _tracer is None else _Timed(name, attributes)


def begun(name: str, kind: int = SERVER, traceparent: str = "") -> Live:
    """Something that begins here, if chance has it traced.

    A `traceparent` from outside says of what trace it is a part, and nothing more: whether that is
    sampled is decided here, or strangers could fill the store of traces. What is malformed counts
    as none.
    """
    if _tracer is None or random.random() >= _ratio:
        return NOTHING
    return _begin(name, _remote(traceparent), kind)


def begun_run(job: str) -> Live:
    """A run of a job, if chance has it traced; one that did nothing leaves no trace (DONE is 0)."""
    if _tracer is None or random.random() >= _ratio:
        return NOTHING
    return _begin(f"job {job}", None, INTERNAL, {JOB: job})


def arrived(carried: str, name: str, attributes: Attributes | None = None) -> Live:
    """A call of another process, if that traces it."""
    if _tracer is None:
        return NOTHING
    parent = _remote(carried.partition(" ")[0])
    return NOTHING if parent is None else _begin(name, parent, SERVER, attributes)


def together(name: str, causes: Sequence[Cause], began: int) -> Live:
    """What is done for several at once since `began`, an :func:`instant`.

    For one it is a part of theirs. For several it is a trace of its own, which links to those of
    theirs that are traced, and they to it. The caller's context is its own (:mod:`contextvars`).
    """
    scopes.adopt(causes[0].scope if len(causes) == 1 else None)
    if _tracer is None:
        return NOTHING
    traced = [cause.span for cause in causes if cause.span is not None]
    if not traced:
        return NOTHING
    parent = traced[0] if len(causes) == 1 else None
    made = _begin(name, parent, INTERNAL, {BATCH: len(causes)}, _links(traced, parent), began)
    if parent is None:
        for one in traced[:MOST_CAUSES]:
            one.link(made.context)
    return made


def behind(name: str, causes: Sequence[Cause], user_id: str = "") -> Live:
    """What is done later than what it is done for: a trace of its own that links to that.

    The caller's context is its own.
    """
    asked = next((cause.scope for cause in causes if cause.scope is not None), None)
    scopes.adopt(Scope(asked.job if asked else "", user_id, asked.id if asked else ""))
    traced = [cause.span for cause in causes if cause.span is not None]
    if _tracer is None or not traced:
        return NOTHING
    about = {PERSON: mark(user_id)} if user_id else {}
    return _begin(name, None, INTERNAL, about, _links(traced, None))


def instant() -> int:
    """Nanoseconds of the epoch, for what is told of later; 0 where nothing is traced."""
    return 0 if _tracer is None else time.time_ns()


def cause() -> Cause:
    """What this is done for, for what is done later or together with others."""
    return Cause(scopes.current(), _current.get())


def carried() -> str:
    """What is to go along with a call to another process, among its arguments.

    W3C's traceparent and the number of the request, a space between them; each may be empty. It is
    a plain string, as that crosses at no cost.
    """
    scope = scopes.current()
    return f"{traceparent()} {scope.id if scope is not None else ''}"


def request_of(carried: str) -> str:
    """The number of the request that came along, empty where none did."""
    return carried.partition(" ")[2]


def traceparent() -> str:
    """W3C's header for what is called from here, empty where nothing is traced."""
    at = _current.get()
    if at is None:
        return ""
    return f"00-{at.context.trace_id:032x}-{at.context.span_id:016x}-01"


def fields() -> dict[str, str]:
    """What a line of a log says of where it is written."""
    scope, at = scopes.current(), _current.get()
    found = scope.fields() if scope is not None else {}
    if at is not None:
        found["trace_id"] = f"{at.context.trace_id:032x}"
        found["span_id"] = f"{at.context.span_id:016x}"
    return found


def _begin(
    name: str,
    parent: "Traced | SpanContext | None",
    kind: int = INTERNAL,
    attributes: Attributes | None = None,
    links: "Sequence[Link]" = (),
    start: int | None = None,
) -> Traced:
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanKind, set_span_in_context

    assert _tracer is not None  # noqa: S101 - callers have looked
    context = Context()
    if isinstance(parent, Traced):
        context = set_span_in_context(parent._span, context)
    elif parent is not None:
        context = set_span_in_context(NonRecordingSpan(parent), context)
    return Traced(
        _tracer.start_span(
            name,
            context,
            SpanKind(kind),
            dict(attributes or {}),
            links,
            start,
            record_exception=False,
            set_status_on_exception=False,
        )
    )


def _end(made: "Span", error: BaseException | None) -> None:
    if error is not None:
        from opentelemetry.trace import StatusCode

        # never its words: they may be people's
        said = error if isinstance(error, OoError) else None
        made.set_attribute("error.type", said.code if said else type(error).__qualname__)
        if said is None or said.status >= 500:
            made.set_status(StatusCode.ERROR)
    made.end()


def _links(traced: Sequence[Traced], parent: Traced | None) -> "list[Link]":
    from opentelemetry.trace import Link

    return [Link(one.context) for one in traced[:MOST_CAUSES] if one is not parent]


def _remote(text: str) -> "SpanContext | None":
    """The span that a `traceparent` names (W3C Trace Context, section 3.2), if it is one."""
    from opentelemetry.trace import SpanContext, TraceFlags

    if not (read := _TRACEPARENT.fullmatch(text)) or (text[:2] == "00" and len(text) != 55):
        return None
    found = SpanContext(int(read[1], 16), int(read[2], 16), True, TraceFlags(1))
    return found if found.is_valid else None

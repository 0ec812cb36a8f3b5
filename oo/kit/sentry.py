"""Reports of errors that nobody expected, to a Sentry project: what is logged with its exception.

A report has classes of errors, lines of oO's code, a mark of the person and a number of the request
or run. It is made of these alone: what else the client has gathered, the words of the error first
of all, is left behind, for they may be people's.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

from oo.kit import tracing
from oo.kit.logs import OURS
from oo.kit.setting_groups import Sentry

MOST_PER_MINUTE = 30  # of a process; one error that comes with every request says no more
_EVENT = ("event_id", "timestamp", "level", "platform", "release", "environment", "server_name")
_LINKED = ("handled", "exception_id", "parent_id", "is_exception_group")
_FRAME = (
    "filename",
    "function",
    "module",
    "lineno",
    "context_line",
    "pre_context",
    "post_context",
    "in_app",
)


def report_to(settings: Sentry, part: str, profile: str) -> None:
    """Report what oO's modules log as errors in this process, which is called `part`."""
    import sentry_sdk
    from sentry_sdk.integrations.dedupe import DedupeIntegration

    sentry_sdk.init(
        settings.dsn.get_secret_value(),
        environment=settings.environment or profile,
        release=f"oo@{metadata.version('oo')}",
        server_name=part,
        integrations=[DedupeIntegration()],
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        in_app_include=list(OURS),
        traces_sample_rate=None,
        auto_session_tracking=False,
        send_client_reports=False,
        spotlight=False,
        before_send=Reporting(part, time.monotonic),
    )
    handler = _Handler(logging.ERROR)
    for name in OURS:
        logging.getLogger(name).addHandler(handler)


class _Handler(logging.Handler):
    """Hands over the exceptions of what is logged; the words of the line stay here."""

    def emit(self, record: logging.LogRecord) -> None:
        import sentry_sdk

        if record.exc_info and record.exc_info[1] is not None:
            sentry_sdk.capture_exception(record.exc_info[1])


class Reporting:
    """Makes of each event what may be said; `monotonic` is in seconds."""

    def __init__(self, part: str, monotonic: Callable[[], float]) -> None:
        self._part = part
        self._monotonic = monotonic
        self._lately: deque[float] = deque(maxlen=MOST_PER_MINUTE)

    def __call__(self, event: Any, hint: Any) -> Any:
        """The report; None where there were too many within a minute."""
        now = self._monotonic()
        if len(self._lately) == MOST_PER_MINUTE and now - self._lately[0] < 60:
            return None
        self._lately.append(now)
        where = tracing.fields()
        said: dict[str, Any] = {name: event[name] for name in _EVENT if name in event}
        said["exception"] = {"values": [_error(it) for it in _values(event.get("exception"))]}
        said["tags"] = {"part": self._part} | {
            name: where[name] for name in ("job", "request_id") if name in where
        }
        if "person" in where:
            said["user"] = {"id": where["person"]}
        if "trace_id" in where:
            said["contexts"] = {"trace": {name: where[name] for name in ("trace_id", "span_id")}}
        return said


def _values(told: Any) -> list[Mapping[str, Any]]:
    return list((told or {}).get("values") or ())


def _error(told: Mapping[str, Any]) -> dict[str, Any]:
    """One error of a chain: its class and where it was raised."""
    frames = ((told.get("stacktrace") or {}).get("frames")) or ()
    kept = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    found = {name: told[name] for name in ("type", "module") if name in told}
    mechanism = told.get("mechanism") or {}
    linked = {name: mechanism[name] for name in _LINKED if name in mechanism}
    return {**found, "mechanism": {"type": "logging", **linked}, "stacktrace": {"frames": kept}}

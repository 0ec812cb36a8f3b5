"""What every replica makes first."""

import logging
from random import Random, SystemRandom
from typing import NamedTuple

from deployments.replica_internals import listen_where_wanted
from oo.kit.arithmetic import KERNELS, differs
from oo.kit.clock import Clock, SystemClock
from oo.kit.garbage import keep_what_is_loaded
from oo.kit.logs import log_to
from oo.kit.metrics import share_through
from oo.kit.niceness import stay_behind
from oo.kit.processors import serve_on_all
from oo.kit.sentry import report_to
from oo.kit.settings import Settings, load_settings
from oo.store.database import Database
from oo.vault.service import Vault

log = logging.getLogger(__name__)


def watched(settings: Settings, part: str, *, libraries: bool = False) -> None:
    """Trace and report what happens here, where the settings say so; see :mod:`oo.kit.tracing`."""
    if settings.tracing.is_on:
        from oo.kit import trace_export  # imports OpenTelemetry

        trace_export.start(settings.tracing, settings.data_dir, part, libraries=libraries)
    if settings.sentry.dsn.get_secret_value():
        report_to(settings.sentry, part, settings.profile)


class Base(NamedTuple):
    """Settings, time, store and chance of one process."""

    settings: Settings
    clock: Clock
    db: Database
    random: Random


def start(part: str, niceness: int = 0) -> Base:
    """Read the settings, count with the others, send logs to the file of `part`, open the store.

    `niceness` above 0 lets the other processes of the machine go first, as nobody waits for this
    one; see :func:`stay_behind`.
    """
    listen_where_wanted()
    serve_on_all()
    if niceness:
        stay_behind(niceness)
    settings = load_settings()
    share_through(settings.data_dir)
    log_to(settings.data_dir / "logs", part)
    watched(settings, part)
    if found := differs():
        log.warning("numpy calculates by %s: replays hold where it does so by %s", found, KERNELS)
    keep_what_is_loaded()
    db = Database(settings.store_url, Vault.of(settings))
    return Base(settings, SystemClock(), db, SystemRandom())

"""`oo serve`: the whole product on this machine."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from oo.cli import local_node
from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.environment import prepare_environment
from oo.cli.machine import check_machine, data_dir
from oo.cli.running import health, recorded, wait_until
from oo.kit.clock import SystemClock
from oo.kit.errors import OoError
from oo.kit.settings import Settings, load_settings
from oo.store.offline import with_store
from oo.vault.check import check_master_keys

PAGE_WITHIN_S = 120.0
ENGINE_WITHIN_S = 300.0


def serve(
    config: Annotated[Path, typer.Option(help="What to deploy.")] = local_node.CONFIG,
) -> None:
    """Run the whole product on this machine until Ctrl-C."""
    settings = load_settings()
    check_machine(settings)
    with data_dir(settings), recorded(settings):
        prepare_environment(settings)
        with out.status("Preparing the store …"):
            with_store(settings, lambda db: check_master_keys(db, settings))
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        try:
            _run(settings, config, stopping)
        finally:
            out.print("Stopping …")
            local_node.stop_node()


def _run(settings: Settings, config: Path, stopping: threading.Event) -> None:
    with out.status("Starting Ray and the page …"):
        local_node.start_node(settings, config)
        up = wait_until(lambda: stopping.is_set() or health(settings) is not None, PAGE_WITHIN_S)
    if stopping.is_set():
        return
    if not up:
        problems = "; ".join(local_node.deployment_errors()) or "no part answered in time"
        raise OoError(f"oO did not come up: {problems}. Ray's logs: /tmp/ray/session_latest/logs")
    out.print(f"\n  oO is at  [bold]{settings.base_url}[/bold]")
    if settings.local_account:
        _print_sign_in_link(settings)
    out.print("\nThe tip engine is loading; tips come from templates until it is warm.")
    local_node.deploy(config, local_node.http_options(settings))
    warm = wait_until(lambda: stopping.is_set() or _is_warm(settings), ENGINE_WITHIN_S, 0.5)
    if not stopping.is_set():
        if warm:
            out.print("The tip engine is warm. Ctrl-C ends everything.")
        else:
            problems = "; ".join(local_node.deployment_errors())
            out.print(f"The tip engine is not warm yet: {problems}")
    stopping.wait()


def _print_sign_in_link(settings: Settings) -> None:
    from oo.identity.local import create_login_link

    link = with_store(settings, lambda db: create_login_link(db, settings, SystemClock()))
    minutes = settings.limits.login_link_minutes
    out.print(f"  sign in   {link}\n            (works once, within {minutes} minutes)")


def _is_warm(settings: Settings) -> bool:
    state = health(settings)
    return state is not None and not state["warming"] and not state["down"]


COMMAND = Command("serve", Group.RUN, serve)

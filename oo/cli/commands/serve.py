"""`oo serve`: the whole product on this machine."""

import contextlib
import os
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
from oo.cli.reaper import RECORD, end_left_over, reaped
from oo.cli.restarts import Restarts
from oo.cli.run_folder import RAY, close_to_others, prepare_run_folder, run_folder
from oo.cli.running import health, parts, recorded, wait_until
from oo.kit import metrics
from oo.kit.clock import SystemClock
from oo.kit.errors import OoError
from oo.kit.processors import on_half
from oo.kit.settings import Settings, load_settings
from oo.vault.check import check_master_keys
from oo.vault.offline import with_store

PAGE_WITHIN_S = 120.0
ENGINE_WITHIN_S = 300.0
LOOK_EVERY_S = 0.5
REPLICAS = ("ingress", "bandit", "assembler", "generator", "jobs")


def serve(
    config: Annotated[Path, typer.Option(help="What to deploy.")] = local_node.CONFIG,
    give_way: Annotated[
        bool,
        typer.Option("--give-way", help="Leave half of the processors to others until it serves."),
    ] = False,
) -> None:
    """Run the whole product on this machine until Ctrl-C."""
    settings, restarts = load_settings(), Restarts.of_this_run()
    os.umask(0o077)
    with data_dir(settings) as folder, recorded(settings):
        end_left_over(folder / RECORD, run_folder(folder))
        check_machine(settings)
        run = prepare_run_folder(settings.data_dir)
        if run.parent != folder:
            out.print(f"Sockets and Ray's logs are in {run}: the data folder's path is too long.")
        metrics.forget(folder)
        prepare_environment(settings)
        with out.status("Preparing the store …"):
            with_store(settings, lambda db: check_master_keys(db, settings))
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        with reaped(folder / RECORD):
            try:
                _run(settings, config, stopping, give_way)
            except Exception:
                if stopping.is_set() or local_node.node_lives():
                    raise
            finally:
                died = not (stopping.is_set() or local_node.node_lives())
                if not died:
                    out.print("Stopping …")
                    local_node.stop_node()
        if died:
            pause = restarts.pause(run / RAY / "session_latest" / "logs")
            out.print(f"Ray's node died; oO starts again in {pause:.0f} s.")
            if stopping.wait(pause):
                return
    if died:
        restarts.again()


def _run(settings: Settings, config: Path, stopping: threading.Event, give_way: bool) -> None:
    """Serve until `stopping` is set or the node dies."""

    def over() -> bool:
        return stopping.is_set() or not local_node.node_lives()

    within_s = PAGE_WITHIN_S
    with contextlib.ExitStack() as stack:
        stack.enter_context(out.status("Starting Ray and the page …"))
        if give_way:
            stack.enter_context(on_half())
            within_s *= 2
        local_node.start_node(settings, config)
        up = wait_until(lambda: over() or health(settings) is not None, within_s)
        if up and give_way:  # what starts behind the page takes as much
            wait_until(lambda: over() or _is_whole(settings), within_s)
        close_to_others(run_folder(settings.data_dir))
    if over():
        return
    if not up:
        problems = "; ".join(local_node.deployment_errors()) or "no part answered in time"
        logs = run_folder(settings.data_dir) / RAY / "session_latest" / "logs"
        raise OoError(f"oO did not come up: {problems}. Ray's logs: {logs}")
    out.print(f"\n  oO is at  [bold]{settings.base_url}[/bold]")
    if settings.local_account:
        _print_sign_in_link(settings)
    out.print("\nThe tip engine is loading; tips serve as they are composed until it is warm.")
    local_node.deploy(config, local_node.http_options(settings))
    warm = wait_until(lambda: over() or _is_warm(settings), ENGINE_WITHIN_S, 0.5)
    close_to_others(run_folder(settings.data_dir))
    if not over():
        if warm:
            out.print("The tip engine is warm. Ctrl-C ends everything.")
        else:
            problems = "; ".join(local_node.deployment_errors())
            out.print(f"The tip engine is not warm yet: {problems}")
    while not over():
        stopping.wait(LOOK_EVERY_S)


def _print_sign_in_link(settings: Settings) -> None:
    from oo.identity.local import create_login_link

    link = with_store(settings, lambda db: create_login_link(db, settings, SystemClock()))
    minutes = settings.limits.login_link_minutes
    out.print(f"  sign in   {link}\n            (works once, within {minutes} minutes)")


def _is_whole(settings: Settings) -> bool:
    """Whether every replica of the pages' application is up."""
    found = parts(settings)
    return all(found.get(name) == "ready" for name in REPLICAS)


def _is_warm(settings: Settings) -> bool:
    state = health(settings)
    return state is not None and not state["warming"] and not state["down"]


COMMAND = Command("serve", Group.RUN, serve)

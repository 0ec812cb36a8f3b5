"""`oo`: everything that an operator does from a shell."""

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from deployments import local
from deployments.commands.explain import explain
from deployments.commands.ope import ope
from deployments.commands.policy import policy
from deployments.commands.replay import replay
from deployments.commands.retrain import retrain
from deployments.commands.simulate import simulate
from deployments.shell import err, out, with_store
from oo.kit.clock import SystemClock
from oo.kit.errors import ConfigurationError, OoError
from oo.kit.settings import Settings, load_settings

app = typer.Typer(
    help="oO shows a person one well-timed tip on a black page.", no_args_is_help=True
)
user = typer.Typer(help="People (dev profile).", no_args_is_help=True)
keys = typer.Typer(help="Master keys of the token vault.", no_args_is_help=True)
app.add_typer(user, name="user")
app.add_typer(keys, name="keys")
app.add_typer(policy, name="policy")
app.command()(explain)
app.command()(ope)
app.command()(replay)
app.command()(retrain)
app.command()(simulate)

CONFIG = Path(__file__).parent.parent / "serve_config.yaml"
PAGE_WITHIN_S = 120.0
ENGINE_WITHIN_S = 300.0


@app.command()
def serve(
    config: Annotated[Path, typer.Option(help="What to deploy.")] = CONFIG,
) -> None:
    """Run the whole product on this machine until Ctrl-C."""
    settings = load_settings()
    local.check_machine(settings)
    with local.data_dir(settings):
        local.prepare_environment(settings)
        with out.status("Preparing the store …"):
            local.prepare_store(settings)
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        try:
            _run(settings, config, stopping)
        finally:
            out.print("Stopping …")
            local.stop_node()


def _run(settings: Settings, config: Path, stopping: threading.Event) -> None:
    with out.status("Starting Ray and the page …"):
        local.start_node(settings, config)
        up = local.wait_until(
            lambda: stopping.is_set() or local.health(settings) is not None, PAGE_WITHIN_S
        )
    if stopping.is_set():
        return
    if not up:
        problems = "; ".join(local.deployment_errors()) or "no part answered in time"
        raise OoError(f"oO did not come up: {problems}. Ray's logs: /tmp/ray/session_latest/logs")
    out.print(f"\n  oO is at  [bold]{settings.base_url}[/bold]")
    if settings.local_account:
        from oo.identity.local import create_login_link

        link = with_store(settings, lambda db: create_login_link(db, settings, SystemClock()))
        minutes = settings.limits.login_link_minutes
        out.print(f"  sign in   {link}\n            (works once, within {minutes} minutes)")
    out.print("\nThe tip engine is loading; tips come from templates until it is warm.")
    local.deploy(config, {"host": settings.host, "port": settings.port})
    warm = local.wait_until(lambda: stopping.is_set() or _is_warm(settings), ENGINE_WITHIN_S, 0.5)
    if not stopping.is_set():
        if warm:
            out.print("The tip engine is warm. Ctrl-C ends everything.")
        else:
            out.print("The tip engine is not warm yet: " + "; ".join(local.deployment_errors()))
    stopping.wait()


def _is_warm(settings: Settings) -> bool:
    state = local.health(settings)
    return state is not None and not state["warming"] and not state["down"]


@app.command()
def deploy(config: Annotated[Path, typer.Argument(help="A Serve config file.")] = CONFIG) -> None:
    """Change what runs, in place, to what a config file says."""
    settings = load_settings()
    local.prepare_environment(settings)
    local.join_node(settings)
    local.deploy(config)
    out.print("Accepted; `oo status` shows how far it is.")


@app.command()
def migrate() -> None:
    """Bring the store to the shape of this release."""
    local.prepare_store(load_settings())
    out.print("The store is up to date.")


@app.command()
def login() -> None:
    """Print a one-time sign-in link for this machine's own user (dev profile on loopback)."""
    from oo.identity.local import create_login_link

    settings = load_settings()
    out.print(with_store(settings, lambda db: create_login_link(db, settings, SystemClock())))


@keys.command("rotate")
def rotate() -> None:
    """Seal every person's data key under the newest master key; oO may go on running."""
    from oo.vault.keyring import load_keyring
    from oo.vault.service import Vault

    settings = load_settings()
    vault = Vault(load_keyring(settings), SystemClock())
    out.print(f"{with_store(settings, vault.rewrap)} data keys sealed anew.")


@app.command()
def status() -> None:
    """Say how each part of the running oO is."""
    state = local.health(load_settings())
    if state is None:
        raise ConfigurationError("No oO answers here: start it with `oo serve`.")
    out.print(f"status   {state['status']}")
    for kind in ("warming", "down"):
        if state[kind]:
            out.print(f"{kind:8} {', '.join(state[kind])}")


@user.command("session")
def user_session(email: Annotated[str, typer.Argument(help="The person's address.")]) -> None:
    """Make a person if there is none and print a session cookie for scripts (dev profile only)."""
    from oo.identity.local import create_script_session

    settings = load_settings()
    cookie = with_store(
        settings, lambda db: create_script_session(db, settings, SystemClock(), email)
    )
    sys.stdout.write(cookie + "\n")


def main() -> None:
    """The entry point: business errors become one clear line."""
    try:
        app()
    except OoError as error:
        err.print(f"[red]oo:[/red] {error.detail}")
        sys.exit(2)


if __name__ == "__main__":
    main()

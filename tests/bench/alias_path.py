"""`python -m tests.bench.alias_path`: what the way from the tip generator to the engine costs.

1. The time of one call: through the alias, as the tip generator asks, and by the engine's handle.
2. Tokens per second of 32 calls at once: through the alias, by the handle, and by vLLM's own
   `LLM.generate` before and after in the same run, the engine of oO being down meanwhile.

The whole product runs, with the embedded model on the real engine; the asker is one more of its
applications, which calls as the tip generator does.
"""

import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import yaml
from rich.console import Console
from rich.table import Table

from tests.bench.alias_work import made, tokens_per_s
from tests.bench.systems import ROOT
from tests.peers.serving import free_port, interrupted

ANSWERS_WITHIN_S = 240
LARGEST = 4  # processes that are told of
LONGER, SLOWER = 1.15, 0.9  # the bounds: of a call's time at most, of offline tokens/s at least

out = Console(highlight=False)


def main(
    calls: Annotated[int, typer.Option(help="Calls one by one, of each sort.")] = 24,
    batches: Annotated[int, typer.Option(help="Timed batches of each way.")] = 4,
    at_once: Annotated[int, typer.Option(help="Calls in a batch.")] = 32,
    parallel: Annotated[int, typer.Option(help="The alias's own `parallel`.")] = 32,
    offline: Annotated[bool, typer.Option(help="Also run vLLM by itself.")] = True,
    profile: Annotated[Path | None, typer.Option(help="cProfile of the alias's calls.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write JSON here.")] = None,
) -> None:
    """Measure, and say whether the bounds hold (exit status 1 if they do not)."""
    with tempfile.TemporaryDirectory(prefix="oo-alias-") as folder:
        data = Path(folder)
        work = asyncio.run(made(calls, 2 + 2 * batches, max(at_once, 1)))
        work.save(data / "work")
        out.print("the calls are made; now vLLM by itself, then oO's engine, then vLLM once more")
        alone = [_offline(data)] if offline else []
        args = {"parallel": parallel, "profile": str(profile.resolve()) if profile else ""}
        found = _asked(data, args)
        alone += [_offline(data)] if offline else []
    report = _report(found, alone)
    _print(report)
    if json_file:
        json_file.write_text(json.dumps({"machine": platform.platform()} | report, indent=2) + "\n")
    raise typer.Exit(0 if report["holds"] else 1)


def _offline(data: Path) -> dict[str, Any]:
    result = data / "offline"
    command = [sys.executable, "-m", "tests.bench.alias_offline", str(data / "work"), str(result)]
    with (data / "log").open("a") as log:
        done = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, env=_environment())
    if done.returncode:
        raise RuntimeError((data / "log").read_text()[-2000:])
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def _environment() -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _asked(data: Path, args: dict[str, Any]) -> dict[str, Any]:
    """What the asker found, in the whole product."""
    result = data / "asked"
    config = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
    asker = {
        "name": "asker",
        "route_prefix": None,
        "import_path": "tests.bench.alias_asker:build",
        "args": {"work": str(data / "work"), "result": str(result), **args},
    }
    config["applications"].append(asker)
    file = data / "serve.yaml"
    file.write_text(yaml.safe_dump(config))
    with _product(data, file) as process:
        until = time.monotonic() + ANSWERS_WITHIN_S
        while not result.exists():
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError(f"the asker is not done:\n{_logs(data)}")
            time.sleep(0.5)
    found: dict[str, Any] = json.loads(result.read_text())
    if "error" in found:
        raise RuntimeError(found["error"])
    return found


@contextmanager
def _product(data: Path, config: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`oo serve` of this configuration; nobody asks it for anything but the asker."""
    environment = _environment() | {"OO_DATA_DIR": str(data / "oo"), "OO_PORT": str(free_port())}
    command = [sys.executable, "-m", "oo.cli.main", "serve", "--config", str(config)]
    with (data / "log").open("a") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        with interrupted(process, 60):
            yield process


def _logs(data: Path) -> str:
    """The ends of what oO printed and of its replicas' logs."""
    logs = sorted(data.glob("oo/run/ray/session_latest/logs/serve/replica_*"))
    ends = (f"{it.name}:\n{it.read_text()[-1500:]}" for it in (data / "log", *logs))
    return "\n".join(ends)


def _report(found: dict[str, Any], alone: list[dict[str, Any]]) -> dict[str, Any]:
    calls = {}
    for sort, took in found["one_by_one_s"].items():
        handle, alias = np.array(took["handle"]), np.array(took["alias"])
        calls[sort] = {
            "handle_ms": round(float(np.median(handle)) * 1000, 2),
            "alias_ms": round(float(np.median(alias)) * 1000, 2),
            "ratio": round(float(np.median(alias / handle)), 3),
            "longer_ms": round(float(np.median(alias - handle)) * 1000, 2),
        }
    rates = {way: round(tokens_per_s(it), 1) for way, it in found["at_once"].items()}
    tokens = {way: it["tokens"] / it["calls"] for way, it in found["at_once"].items()}
    report: dict[str, Any] = {"calls": calls, "tokens_per_s": rates, "tokens_per_call": tokens}
    report["processors"] = {
        way: {
            name: round(used / found["at_once"][way]["seconds"], 2)
            for name, used in Counter(by_name).most_common(LARGEST)
        }
        for way, by_name in found["cpu_s"].items()
    }
    holds = all(it["ratio"] <= LONGER for it in calls.values())
    if alone:
        rates["offline"] = round(float(np.mean([tokens_per_s(it) for it in alone])), 1)
        report["offline_each"] = [round(tokens_per_s(it), 1) for it in alone]
        tokens["offline"] = alone[0]["tokens"] / alone[0]["calls"]
        report["of_offline"] = round(rates["alias"] / rates["offline"], 3)
        holds = holds and report["of_offline"] >= SLOWER
    return report | {"holds": holds}


def _print(report: dict[str, Any]) -> None:
    table = Table(title="one call at a time, median of pairs")
    for head in ("call", "handle ms", "alias ms", "longer ms", "ratio"):
        table.add_column(head, justify="right")
    for sort, it in report["calls"].items():
        figures = (it["handle_ms"], it["alias_ms"], it["longer_ms"])
        table.add_row(sort, *(f"{x:.1f}" for x in figures), f"{it['ratio']:.3f}")
    out.print(table)
    for way, rate in report["tokens_per_s"].items():
        each = report["tokens_per_call"][way]
        out.print(f"at once, {way}: {rate:.0f} tokens/s, {each:.1f} tokens a call")
    for way, by_name in report["processors"].items():
        used = ", ".join(f"{name} {it:.2f}" for name, it in by_name.items())
        out.print(f"processors, {way}: {used}")
    if "of_offline" in report:
        each_run = ", ".join(f"{it:.0f}" for it in report["offline_each"])
        out.print(f"alias / offline: {report['of_offline']:.2f} (offline: {each_run} tokens/s)")
    out.print(f"the bounds {'hold' if report['holds'] else 'do NOT hold'}")


if __name__ == "__main__":
    typer.run(main)

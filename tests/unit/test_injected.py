"""Time and chance are injected; where the machine's own is asked for, a reason stands here."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MACHINE = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "secrets": {"token_urlsafe", "token_hex", "token_bytes", "randbits", "choice", "randbelow"},
    "os": {"urandom", "getrandom"},
    "uuid": {"uuid1", "uuid4"},
    "random": {
        "random",
        "choice",
        "sample",
        "shuffle",
        "randint",
        "seed",
        "Random",
        "SystemRandom",
    },
}
BARE = {"Random", "SystemRandom", "default_rng"}  # without a seed
REASONS = {
    "oo/kit/clock.py": "the clock that is injected",
    "deployments/process.py": "the chance that is injected",
    "oo/kit/ids.py": "what two processes draw at one instant must differ",
    "oo/kit/logs.py": "compared with what the file system says",
    "oo/kit/trace_files.py": "compared with what the file system says",
    "oo/kit/tracing.py": "spans of several processes lie side by side; chance picks what is traced",
    "oo/kit/scope.py": "what two processes draw at one instant must differ",
    "oo/identity/sessions.py": "nobody may be able to repeat it",
    "oo/identity/local.py": "nobody may be able to repeat it",
    "oo/identity/machines.py": "nobody may be able to repeat it",
    "oo/identity/passkeys.py": "nobody may be able to repeat it",
    "oo/push/devices.py": "nobody may be able to repeat it",
    "oo/push/channels/web_push.py": "nobody may be able to repeat it",
    "oo/store/erasures.py": "nobody may be able to repeat it",
    "oo/vault/sealed_files.py": "nobody may be able to repeat it",
    "oo/vault/keyring.py": "nobody may be able to repeat it",
    "oo/vault/seal.py": "nobody may be able to repeat it",
    "oo/vault/service.py": "nobody may be able to repeat it",
    "oo/cli/environment.py": "nobody may be able to repeat it",
    "oo/cli/service.py": "nobody may be able to repeat it",
    "oo/store/migrate.py": "waits for transactions of other processes",
    "oo/cli/local_services.py": "waits for another process",
    "oo/cli/running.py": "waits for another process",
    "oo/cli/restarts.py": "counts the deaths of a node, and waits for another",
    "ml/composing/evaluation.py": "measures how long a set takes",
    "ml/rating/benchmark.py": "measures how long a set takes",
    "ml/composing/model_evaluation.py": "measures how long a set takes",
    "ml/generation/costs.py": "measures another process",
    "oo/cli/commands/prefill.py": "waits for another process",
    "ml/tracking.py": "MLflow's own time of a metric, which nothing reads back",
    "ml/models/evaluate.py": "measures the machine",
    "ml/models/training.py": "measures the machine",
}


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                # a parameter may be called random; the module is imported by its name
                if name in MACHINE.get(module, ()) and f"import {module}" in path.read_text():
                    yield f"{module}.{name}"
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in BARE and not node.args:
                yield name


def test_nothing_asks_the_machine_without_a_reason() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): sorted(set(calls(path)))
        for folder in ("oo", "ml", "deployments")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names and path not in REASONS} == {}
    assert {path for path in REASONS if not found[path]} == set()

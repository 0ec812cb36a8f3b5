"""MLflow's server, in an environment of its own: it asks for other versions than oO has."""

from pathlib import Path

from oo.cli.service import Place, Service, Start

VERSION = "3.17.2"


def start(place: Place, program: str) -> Start:
    """With SQLite and its artifacts in its folder; without a password, on loopback."""
    data = place.folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    command = [
        program,
        "server",
        "--host=127.0.0.1",
        f"--port={place.port}",
        f"--backend-store-uri=sqlite:///{data / 'mlflow.db'}",
        f"--artifacts-destination={data / 'artifacts'}",
        "--workers=1",
    ]
    return Start(command, {"MLFLOW_DISABLE_TELEMETRY": "true"})


def folders(folder: Path) -> tuple[str, ...]:
    """Its own environment, and no other: the one of oO has MLflow's client alone."""
    return (str(folder / "env" / "bin"),)


SERVICE = Service(
    name="mlflow",
    words="MLflow, for runs, models and prompts",
    variable="OO_MLFLOW_URL",
    programs=("mlflow",),
    missing=(
        f"its environment: `uv venv FOLDER/env && uv pip install --python FOLDER/env/bin/python"
        f" mlflow=={VERSION}` (700 MB)"
    ),
    start=start,
    url=lambda place: f"http://127.0.0.1:{place.port}",
    folders=folders,
    on_path=False,
)

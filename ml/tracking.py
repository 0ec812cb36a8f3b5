"""MLflow: runs, curves, files and the model registry (F9, F12).

An adapter over `mlflow-skinny`, which holds no server: without one it keeps runs in SQLite and
artifacts in a folder beside it; with an address of a server, all goes there.
"""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

# read when MLflow is imported; it would report to its makers otherwise
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

METRICS_PER_BATCH = 1000  # MLflow's own limit


class Registered(NamedTuple):
    """A version of a registered model: where its files are and which run made it."""

    name: str
    version: int
    source: str
    run_id: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run that may be logged to until it is finished."""

    id: str
    client: MlflowClient

    def child(self, name: str, tags: Mapping[str, str] | None = None) -> "Run":
        """A run below this one, in the same experiment."""
        marks = {**(tags or {}), MLFLOW_PARENT_RUN_ID: self.id}
        experiment = self.client.get_run(self.id).info.experiment_id
        made = self.client.create_run(experiment, tags=marks, run_name=name)
        return Run(made.info.run_id, self.client)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """What was chosen; a parameter cannot be changed later."""
        self.client.log_batch(self.id, params=[Param(k, str(v)) for k, v in params.items()])

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """What came out, at one step."""
        now = int(time.time() * 1000)
        self.client.log_batch(
            self.id, metrics=[Metric(k, float(v), now, step) for k, v in metrics.items()]
        )

    def log_curve(self, name: str, values: Sequence[float]) -> None:
        """A metric over steps 0, 1, …"""
        now = int(time.time() * 1000)
        metrics = [Metric(name, float(value), now, step) for step, value in enumerate(values)]
        for start in range(0, len(metrics), METRICS_PER_BATCH):
            self.client.log_batch(self.id, metrics=metrics[start : start + METRICS_PER_BATCH])

    def log_file(self, path: Path, folder: str | None = None) -> None:
        """A file, under `folder` of the run's artifacts."""
        self.client.log_artifact(self.id, str(path), folder)

    def log_text(self, text: str, name: str) -> None:
        """A text as the artifact `name`."""
        self.client.log_text(self.id, text, name)

    @property
    def goes_on(self) -> bool:
        """Whether it has not been finished."""
        return str(self.client.get_run(self.id).info.status) == "RUNNING"

    def finish(self, status: str = "FINISHED") -> None:
        """End the run as FINISHED, FAILED or KILLED."""
        self.client.set_terminated(self.id, status)


class Tracking:
    """One MLflow: `url` is an address of a server or an SQLAlchemy one of a database.

    `artifacts` is where files go when there is no server to take them.
    """

    def __init__(self, url: str, artifacts: Path) -> None:
        # its migrations tell of every step
        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        self.url = url
        self._artifacts = None if url.startswith("http") else artifacts.resolve()
        if self._artifacts is not None:
            self._artifacts.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._client = MlflowClient(tracking_uri=url, registry_uri=url)

    def start_run(self, experiment: str, name: str, tags: Mapping[str, str] | None = None) -> Run:
        """Start a run in an experiment, which is made if there is none of that name."""
        made = self._client.create_run(
            self._experiment(experiment), tags=dict(tags or {}), run_name=name
        )
        return Run(made.info.run_id, self._client)

    def run(self, run_id: str) -> Run:
        """A run that was started earlier. Raises LookupError."""
        try:
            self._client.get_run(run_id)
        except MlflowException as error:
            raise LookupError(f"MLflow at {self.url} has no run {run_id}") from error
        return Run(run_id, self._client)

    def children(self, parent: Run) -> list[str]:
        """The ids of the runs under a run."""
        experiment = self._client.get_run(parent.id).info.experiment_id
        filter_ = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent.id}'"
        return [one.info.run_id for one in self._client.search_runs([experiment], filter_)]

    def delete(self, run_id: str) -> None:
        """Mark a run as deleted."""
        self._client.delete_run(run_id)

    def register(
        self, name: str, run: Run, artifact: str, tags: Mapping[str, str] | None = None
    ) -> Registered:
        """Make `artifact` of a run the next version of the model `name`."""
        try:
            self._client.get_registered_model(name)
        except MlflowException:
            self._client.create_registered_model(name)
        source = f"{self._client.get_run(run.id).info.artifact_uri}/{artifact}"
        made = self._client.create_model_version(name, source, run.id, tags=dict(tags or {}))
        return Registered(name, int(made.version), source, run.id)

    def set_alias(self, model: Registered, alias: str) -> None:
        """Point an alias, such as ``champion``, at a version."""
        self._client.set_registered_model_alias(model.name, alias, str(model.version))

    def find(self, name: str, alias: str) -> Registered | None:
        """The version that an alias points at."""
        try:
            found = self._client.get_model_version_by_alias(name, alias)
        except MlflowException:
            return None
        return Registered(name, int(found.version), str(found.source), found.run_id)

    def download(self, model: Registered, folder: Path) -> Path:
        """Fetch a version's files into `folder`; where they are."""
        from mlflow.artifacts import download_artifacts

        path = download_artifacts(
            artifact_uri=model.source, dst_path=str(folder), tracking_uri=self.url
        )
        return Path(path)

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        location = None if self._artifacts is None else self._artifacts.as_uri()
        return str(self._client.create_experiment(name, artifact_location=location))

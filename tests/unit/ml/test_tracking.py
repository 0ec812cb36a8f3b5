"""MLflow without a server: runs, curves, files and the registry in one folder."""

from pathlib import Path

import pytest

from ml.tracking import Tracking


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Tracking:
    folder = tmp_path_factory.mktemp("mlflow")
    return Tracking(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts")


def test_a_run_holds_what_was_logged(tracking: Tracking, tmp_path: Path) -> None:
    run = tracking.start_run("simulations", "one", {"kind": "test"})
    run.log_params({"days": 3, "policy": "random"})
    run.log_metrics({"regret": 0.5})
    run.log_curve("reward", [0.1, 0.2, 0.3])
    run.log_text("# A card", "card.md")
    (tmp_path / "plot.png").write_bytes(b"png")
    run.log_file(tmp_path / "plot.png", "plots")
    run.finish()
    stored = run.client.get_run(run.id)
    assert stored.data.params == {"days": "3", "policy": "random"}
    assert stored.data.metrics == {"regret": 0.5, "reward": 0.3}
    assert [m.value for m in run.client.get_metric_history(run.id, "reward")] == [0.1, 0.2, 0.3]
    files = {one.path for one in run.client.list_artifacts(run.id)}
    assert files == {"card.md", "plots"}
    assert stored.info.status == "FINISHED"


def test_runs_have_children_and_can_be_taken_up_again(tracking: Tracking) -> None:
    parent = tracking.start_run("simulations", "parent")
    child = parent.child("child")
    assert tracking.children(tracking.run(parent.id)) == [child.id]
    tracking.delete(child.id)
    assert tracking.children(parent) == []
    with pytest.raises(LookupError):
        tracking.run("0" * 32)


def test_the_registry_finds_a_version_by_its_alias(tracking: Tracking, tmp_path: Path) -> None:
    run = tracking.start_run("training", "fit")
    run.log_text("parameters", "model/parameters.txt")
    assert tracking.find("ebts", "champion") is None
    first = tracking.register("ebts", run, "model", {"report": "good"})
    second = tracking.register("ebts", run, "model")
    assert (first.version, second.version) == (1, 2)
    tracking.set_alias(first, "champion")
    found = tracking.find("ebts", "champion")
    assert found == first
    folder = tracking.download(found, tmp_path)
    assert (folder / "parameters.txt").read_text() == "parameters"

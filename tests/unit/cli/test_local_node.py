"""Whether the node of this process lives."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from oo.cli import local_node


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Processes that are called as Ray's daemons are."""
    sleep = shutil.which("sleep")
    assert sleep
    with ExitStack() as stack:
        found = {}
        for name in local_node.DAEMONS:
            shutil.copy(sleep, tmp_path / name)
            found[name] = stack.enter_context(subprocess.Popen([tmp_path / name, "60"]))
            stack.callback(found[name].kill)
        yield found
    local_node._daemons.clear()


def test_a_node_lives_while_both_daemons_do(
    daemons: dict[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert local_node.node_lives()
    looks: list[None] = []
    children = psutil.Process.children

    def counted(process: psutil.Process, recursive: bool = False) -> list[psutil.Process]:
        looks.append(None)
        return children(process, recursive)

    monkeypatch.setattr(psutil.Process, "children", counted)
    assert all(local_node.node_lives() for _ in range(10))
    assert looks == []  # each reads what the system says of every process
    daemons["raylet"].kill()
    psutil.wait_procs([psutil.Process(daemons["raylet"].pid)], timeout=0.2)
    assert not local_node.node_lives()
    assert not local_node.node_lives()

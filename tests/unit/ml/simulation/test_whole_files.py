"""Files that are killed in the middle of a copy: the one before stays whole."""

import pickle
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import fs

from ml.simulation.whole_files import PARTIAL, whole_files

BEFORE, AFTER = b"before", b"after" * 1_000_000


def test_a_copy_takes_the_place_of_the_file_before(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "experiment"
    source.mkdir()
    (source / "state.json").write_bytes(AFTER)
    files = pickle.loads(pickle.dumps(whole_files()))  # Tune sends it to its workers
    fs.copy_files(str(source), str(target), destination_filesystem=files)
    fs.copy_files(str(source), str(target), destination_filesystem=files)
    assert (target / "state.json").read_bytes() == AFTER
    assert [path.name for path in target.iterdir()] == ["state.json"]


def test_a_process_killed_while_it_writes_leaves_the_file_before(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_bytes(BEFORE)
    program = (
        "import os, signal; from ml.simulation.whole_files import whole_files;"
        f"stream = whole_files().open_output_stream({str(state)!r}, buffer_size=0);"
        "stream.write(b'half'); stream.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program], timeout=120)
    assert killed.returncode == -9
    assert (tmp_path / f"state.json{PARTIAL}").read_bytes() == b"half"  # it had begun
    assert state.read_bytes() == BEFORE
    with whole_files().open_output_stream(str(state)) as stream:
        stream.write(AFTER)
    assert state.read_bytes() == AFTER


def test_a_full_disk_leaves_the_file_before(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_bytes(BEFORE)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        stream = whole_files().open_output_stream(str(state), buffer_size=0)
        with pytest.raises(OSError, match="File too large"):
            stream.write(AFTER)
        stream.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert state.read_bytes() == BEFORE
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]

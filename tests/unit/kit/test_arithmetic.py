"""What is calculated does not depend on the processor."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from oo.kit.arithmetic import KERNELS, _can, differs, kernels

ROOT = Path(__file__).parents[3]
SAYS = "import {}, numpy; from oo.kit.arithmetic import kernels; print(kernels())"
pinned = pytest.mark.skipif(not _can(), reason="needs x86-64 with AVX2")


def said(package: str, **environment: str) -> str:
    clean = {it: os.environ[it] for it in os.environ if not it.startswith(("OPENBLAS", "NPY"))}
    return subprocess.run(
        [sys.executable, "-c", SAYS.format(package)],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pinned
@pytest.mark.parametrize("package", ["ml", "deployments", "oo.cli.main"])
def test_each_way_in_comes_before_numpy(package: str) -> None:
    assert said(package) == KERNELS


@pinned
def test_what_the_operator_set_is_left() -> None:
    assert said("oo", OPENBLAS_CORETYPE="Sandybridge") == "Sandybridge"


@pinned
def test_these_tests_calculate_so_too() -> None:
    assert kernels() == KERNELS
    assert differs() == ""
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]  # type: ignore[call-overload]
    assert not [it for it in found if it.startswith("AVX512")]

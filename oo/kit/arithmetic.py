"""One arithmetic on every host: a replay is bit for bit only where sums are made in the same order.

OpenBLAS takes its kernels, and numpy its loops, by the processor that they find: the scores of one
log differ in their last bits between a host with AVX-512 and one without. Both read the environment
when numpy is imported, so `pin` comes before (decision 36). Processes that are started inherit it.
"""

import ctypes
import os
import platform
import sys
from functools import cache
from pathlib import Path

KERNELS = "Haswell"  # AVX2 and FMA: what all x86-64 servers since 2015 have, AMD's too
_BLAS = "OPENBLAS_CORETYPE"
_LOOPS = "NPY_DISABLE_CPU_FEATURES"
_WIDER = (
    "AVX512F AVX512CD AVX512_KNL AVX512_KNM AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
)
_NEEDED = {"avx2", "fma"}


def pin() -> None:
    """Have numpy calculate as on every other host, where this one can; what is set is left."""
    if not _can():
        return
    os.environ.setdefault(_BLAS, KERNELS)
    os.environ.setdefault(_LOOPS, _WIDER)


def kernels() -> str:
    """The kernels that OpenBLAS uses in this process; empty where that cannot be told."""
    import numpy as np

    folder = Path(np.__file__).parents[1] / "numpy.libs"
    for file in folder.glob("libscipy_openblas64_*.so"):
        named = ctypes.CDLL(str(file)).scipy_openblas_get_corename64_
        named.restype = ctypes.c_char_p
        return bytes(named()).decode()
    return ""


def differs() -> str:
    """The kernels of this process where they are not those that logs are made with; else empty."""
    found = kernels()
    return "" if found in ("", KERNELS) else found


@cache
def _can() -> bool:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return set(flags.split()) >= _NEEDED

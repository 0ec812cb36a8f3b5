"""Whom a running oO lets in: every listener is on loopback, every socket in a folder of its own."""

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import httpx2
import psutil
import pytest

from oo.cli.run_folder import run_folder
from tests.conftest import Product
from tests.serve.client import eventually


class Listener(NamedTuple):
    """A socket that something of oO listens on."""

    process: str
    kind: str
    at: str
    mode: str


def of(process: psutil.Process) -> Iterator[Listener]:
    """What one process listens on."""
    for one in process.net_connections("inet"):
        if one.status == psutil.CONN_LISTEN:
            yield Listener(process.name(), "tcp", f"{one.laddr.ip} {one.laddr.port}", "")
    for one in process.net_connections("unix"):
        # HAProxy renames its own when it is ready
        path = re.sub(r"\.\d+\.tmp$", "", str(one.laddr))
        if path.startswith("/") and Path(path).exists():
            yield Listener(process.name(), "unix", path, stat.filemode(Path(path).stat().st_mode))


def is_loopback(address: str) -> bool:
    """Also of 127.0.0.1 as an IPv6 socket has it, ::ffff:127.0.0.1."""
    found = ip_address(address)
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def started(product: Product) -> list[psutil.Process]:
    """oO and all that it started, once the engine is there, too."""

    def is_warm() -> bool:
        state = httpx2.get(f"{product.base_url}/health/ready").json()
        return not state["warming"] and not state["down"]

    assert eventually(is_warm, 240, 1.0)
    parent = psutil.Process(product.pid)
    return [parent, *parent.children(recursive=True)]


def listeners(product: Product) -> list[Listener]:
    """As `ss -lxtp` has them."""
    found = set[Listener]()
    for process in started(product):
        with contextlib.suppress(psutil.Error):  # workers come and go
            found |= set(of(process))
    return sorted(found)


def test_every_listener_is_for_this_machine_and_this_user(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_folder(Path(product.environment["OO_DATA_DIR"]))
    found = listeners(product)
    with capsys.disabled():
        lines = [f"{it.process:18} {it.kind:5} {it.mode:11} {it.at}" for it in found]
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    inet = [one for one in found if one.kind == "tcp"]
    assert len(inet) > 10
    assert [it for it in inet if not is_loopback(it.at.split()[0])] == []
    unix = [one for one in found if one.kind == "unix"]
    assert {one.process for one in unix} >= {"raylet", "haproxy"}
    assert [it for it in unix if not Path(it.at).is_relative_to(run)] == []
    assert [it for it in unix if it.process == "haproxy" and it.mode != "srw-------"] == []
    for folder in (Path(product.environment["OO_DATA_DIR"]), run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.getuid()


def test_all_that_ray_serve_and_the_proxy_write_is_in_the_folder(product: Product) -> None:
    run = run_folder(Path(product.environment["OO_DATA_DIR"]))
    strays = set()
    for process in started(product):
        with contextlib.suppress(psutil.Error):
            files = [file.path for file in process.open_files()]
            strays |= {it for it in files if it.startswith(("/tmp/ray", "/tmp/haproxy"))}
    assert strays == set()
    assert (run / "ray" / "session_latest" / "logs").is_dir()
    assert (Path(product.environment["OO_DATA_DIR"]) / "run").resolve() == run

"""Whom a running oO lets in: every listener is on loopback, every socket in a folder of its own."""

import os
import stat
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from oo.cli.run_folder import run_folder
from tests.conftest import Product


class Listener(NamedTuple):
    """A socket that something of oO listens on."""

    process: str
    kind: str
    at: str
    mode: str


def listeners(product: Product) -> list[Listener]:
    """As `ss -lxtp` has them, for oO and all that it started."""
    parent = psutil.Process(product.pid)
    found = set()
    for process in (parent, *parent.children(recursive=True)):
        for one in process.net_connections("inet"):
            if one.status == psutil.CONN_LISTEN:
                at = f"{one.laddr.ip} {one.laddr.port}"
                found.add(Listener(process.name(), "tcp", at, ""))
        for one in process.net_connections("unix"):
            path = str(one.laddr).removesuffix(".tmp")  # HAProxy renames its own when it is ready
            if path.startswith("/") and Path(path).exists():
                mode = stat.filemode(Path(path).stat().st_mode)
                found.add(Listener(process.name(), "unix", path, mode))
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
    assert [it for it in inet if not ip_address(it.at.split()[0]).is_loopback] == []
    unix = [one for one in found if one.kind == "unix"]
    assert {one.process for one in unix} >= {"raylet", "haproxy"}
    assert [it for it in unix if not Path(it.at).is_relative_to(run)] == []
    assert [it for it in unix if it.process == "haproxy" and it.mode != "srw-------"] == []
    for folder in (Path(product.environment["OO_DATA_DIR"]), run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.getuid()


def test_all_that_ray_serve_and_the_proxy_write_is_in_the_folder(product: Product) -> None:
    run = run_folder(Path(product.environment["OO_DATA_DIR"]))
    strays = {
        file.path
        for process in psutil.Process(product.pid).children(recursive=True)
        for file in process.open_files()
        if file.path.startswith(("/tmp/ray", "/tmp/haproxy"))
    }
    assert strays == set()
    assert (run / "ray" / "session_latest" / "logs").is_dir()
    assert (Path(product.environment["OO_DATA_DIR"]) / "run").resolve() == run

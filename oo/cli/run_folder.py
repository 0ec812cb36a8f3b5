"""The folder of a run: sockets, sessions and logs of Ray, Serve and the proxy, for its owner only.

It lies in the data folder. The path of a Unix socket has a limit, and those of Ray and of Serve's
proxy are long below it; where the data folder's own path leaves too little, a short folder of the
same user stands in, and `run` in the data folder points to it.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from oo.kit.errors import ConfigurationError

NAME = "run"
# sun_path has 104 bytes on macOS and 108 on Linux. Serve's proxy takes the most:
# /<56 digits of a node>/a.<7 digits of a process>.tmp
LONGEST = 103 - 71
RAY = "ray"
PROXY_SOCKET = "a"
KEEP_SESSIONS = 1  # what the last run logged is still wanted


def run_folder(data_dir: Path) -> Path:
    """Where the run of this data folder keeps its sockets; nothing is made."""
    inside = data_dir.resolve() / NAME
    if len(os.fsencode(inside)) <= LONGEST:
        return inside
    mark = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:10]
    name = f"oo-{os.getuid()}-{mark}"
    for parent in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - checked below
        short = Path(parent) / name
        if parent and Path(parent).is_dir() and len(os.fsencode(short)) <= LONGEST:
            return short
    raise ConfigurationError(
        f"The path of {inside} is too long for a socket, and so is {tempfile.gettempdir()};"
        " choose a shorter OO_DATA_DIR."
    )


def prepare_run_folder(data_dir: Path) -> Path:
    """Make the folder, for its owner only, with what earlier runs left taken away.

    Raises ConfigurationError when something of others stands in its place.
    """
    folder, inside = run_folder(data_dir), data_dir.resolve() / NAME
    if inside.is_symlink():
        inside.unlink()  # the data folder is ours alone
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    check_owned(folder)
    folder.chmod(0o700)
    if folder != inside:
        _point(inside, folder)
    for old in folder.iterdir():
        if old.name != RAY:
            _remove(old)
    sessions = [it for it in (folder / RAY).glob("session_2*") if not it.is_symlink()]
    for session in sorted(sessions)[:-KEEP_SESSIONS]:
        _remove(session)
    return folder


def check_owned(folder: Path) -> None:
    """Raise ConfigurationError unless this is a folder, no link, of this user."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ConfigurationError(
            f"{folder} is not a folder of this user: someone else may have put it there."
            " Remove it, or choose another OO_DATA_DIR."
        )


def close_to_others(folder: Path) -> None:
    """Take from others what Ray gave them: it opens its folders to everybody on the machine.

    Ray does so again with later workers; that nobody comes past `folder` itself is what holds.
    """
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root) / name
            with suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if not stat.S_ISLNK(mode):
                    path.chmod(stat.S_IMODE(mode) & 0o700)


def _point(link: Path, to: Path) -> None:
    if link.exists():
        shutil.rmtree(link)
    link.symlink_to(to)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

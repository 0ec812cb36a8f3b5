"""One state of the code in a folder of its own, and the oO of it that serves."""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml
from alembic.script import ScriptDirectory

from oo.store.migrate import MIGRATIONS
from tests.peers import releases
from tests.peers.serving import interrupted

ROOT = Path(__file__).parents[2]
STOP_WITHIN_S = 60.0
SERVE = (sys.executable, "-m", "oo.cli.main", "serve")


@dataclass
class Code:
    """One state of the code, and the oO of it that serves from a data folder of its own."""

    folder: Path
    data: Path
    port: int
    url: str
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        """What its commands are told."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OO_", "PYTHON"))
        }
        key = base64.b64encode(releases.MASTER_KEY).decode()
        return {
            **inherited,
            "PYTHONPATH": str(self.folder),
            "OO_PORT": str(self.port),
            "OO_DATA_DIR": str(self.data),
            "OO_DATABASE_URL": self.url,
            "OO_MASTER_KEYS": json.dumps({"frozen": key}),
        }

    def run(self, *arguments: str) -> str:
        """What its `oo ARGUMENTS` prints."""
        done = subprocess.run(
            [sys.executable, "-m", "oo.cli.main", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode:
            raise RuntimeError(f"oo {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def config(self) -> Path:
        """The file that it deploys: what it ships, without the engine."""
        content = yaml.safe_load((self.folder / "serve_config.yaml").read_text())
        content["applications"] = [it for it in content["applications"] if it["name"] == "oo"]
        file = self.data / "serve_config.yaml"
        file.write_text(yaml.safe_dump(content))
        return file

    @contextlib.contextmanager
    def served(self, *options: str) -> Iterator[None]:
        """Its `oo serve OPTIONS`, from its beginning until the block ends."""
        self.data.mkdir(exist_ok=True)
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*SERVE, "--config", str(self.config()), *options],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        with interrupted(self.process, STOP_WITHIN_S):
            yield

    def replicas(self) -> set[psutil.Process]:
        """The replicas that run."""
        assert self.process is not None
        found = set()
        for it in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "ServeReplica:oo:" in " ".join(it.cmdline()):
                    found.add(it)
        return found


def before_newest_migration() -> str:
    """The commit before the one that brought the newest migration."""
    newest = ScriptDirectory(MIGRATIONS).get_revision("head")
    assert newest is not None
    path = str(Path(newest.path).relative_to(ROOT))
    # a migration that got another number is no new one
    added = git("log", "--follow", "--diff-filter=A", "--format=%H", "-1", "--", path)
    return git("rev-parse", f"{added}^")


@contextlib.contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Path]:
    """The code of a revision in a folder, with what is installed here."""
    git("worktree", "add", "--detach", str(folder), revision)
    try:
        (folder / ".venv").symlink_to(ROOT / ".venv")
        vendor = "oo/admin/static/vendor"
        if (ROOT / vendor).exists():
            shutil.copytree(ROOT / vendor, folder / vendor)
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


def git(*arguments: str) -> str:
    """What git prints."""
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

"""`oo admin` on a console over HTTP, as from another machine."""

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from oo.cli.main import build
from oo.kit.clock import SystemClock
from oo.kit.errors import (
    BadRequest,
    ConfigurationError,
    Conflict,
    NotFound,
    OoError,
    Unauthorized,
    Unavailable,
)
from oo.store import audit
from oo.store.database import Database
from tests.peers.serving import free_port, served
from tests.peers.store import add_person
from tests.unit.web.served import Served

TOKEN = "a token of this test, which is long enough"


class Elsewhere:
    """An oO with one person, and `oo admin` that knows where it is."""

    def __init__(self, url: str, folder: Path, ada: str) -> None:
        self.url = url
        self.folder = folder
        self.ada = ada

    def __call__(self, *words: str, token: str = TOKEN, url: str = "") -> Result:
        environment = {"OO_ADMIN_TOKEN": token, "OO_DATA_DIR": str(self.folder / "mine")}
        environment["COLUMNS"] = "200"
        asked = ["admin", *words, "--url", url or self.url]
        return CliRunner().invoke(build("admin"), asked, env=environment)


def on_store(folder: Path, work: str = "") -> list[audit.Entry] | str:
    async def run() -> list[audit.Entry] | str:
        db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
        try:
            if work:
                return await add_person(db, SystemClock(), work)
            async with db.read() as connection:
                return [link.entry for link in await audit.newest(connection, 20)]
        finally:
            await db.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def oo_admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("elsewhere")
    with served(Served(folder, others={"admin_token": TOKEN}, secrets_per_minute=1000)) as url:
        ada = on_store(folder, "ada")
        assert isinstance(ada, str)
        yield Elsewhere(url, folder, ada)


def test_it_lists_the_pages_and_what_they_can_be_asked(oo_admin: Elsewhere) -> None:
    found = oo_admin("pages")
    assert found.exit_code == 0, found.output
    (line,) = [it for it in found.output.splitlines() if it.strip().startswith("people ")]
    assert "Who is there" in line
    assert "timezone" in found.output
    assert "people/{id}" in found.output
    assert "auth/tokens" not in found.output


def test_a_page_is_shown_as_table_json_and_csv(oo_admin: Elsewhere) -> None:
    assert "ada@example.org" in oo_admin("show", "people").output
    told = json.loads(oo_admin("show", "people", "role=person", "--json").output)
    assert [row["email"] for row in told["tables"][0]["rows"]] == ["ada@example.org"]
    assert told["asked"] == {"role": "person"}
    assert "ada" not in oo_admin("show", "people", "role=!person").output
    rows = list(csv.DictReader(io.StringIO(oo_admin("show", "people", "--csv").output)))
    assert [row["email"] for row in rows] == ["ada@example.org"]
    assert oo_admin("show", f"people/{oo_admin.ada}", "--table", "profile").exit_code == 0
    assert oo_admin("show", "sql", "sql=SELECT 1 AS one").exit_code == 0  # for admins


def test_an_action_is_done_once_and_logged(oo_admin: Elsewhere) -> None:
    words = ("do", "end-sessions", oo_admin.ada, "--reason", "they asked", "--key", "once-only")
    done = oo_admin(*words)
    assert (done.exit_code, done.output) == (0, "0 sessions ended.\n")
    again = oo_admin(*words)
    assert isinstance(again.exception, Conflict)
    entries = on_store(oo_admin.folder)
    (entry,) = [it for it in entries if it.action == "person.end_sessions"]  # type: ignore[union-attr]
    assert entry.actor.startswith("machine_token:")
    assert entry.why == "they asked"


def test_an_action_with_a_form_and_one_that_gives_a_file(
    oo_admin: Elsewhere, tmp_path: Path
) -> None:
    asked = ("--form", "policies=random,lints", "--form", "people=10", "--reason", "to see")
    found = oo_admin("do", "start-simulation", "new", *asked)
    assert (found.exit_code, "runs when it is its turn" in found.output) == (0, True)
    assert "policies: None → random,lints" in found.output
    listed = oo_admin("show", "simulations").output
    assert "waiting" in listed
    to = tmp_path / "ada.zip"
    export = ("do", "export-person", oo_admin.ada, "--reason", "she asked")
    assert isinstance(oo_admin(*export).exception, BadRequest)  # no place to put it
    assert oo_admin(*export, "--out", str(to)).exit_code == 0
    assert zipfile.is_zipfile(to)


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (("show", "nothing"), NotFound, "nothing at this address"),
        (("show", "people", "role"), BadRequest, "write NAME=VALUE"),
        (("show", "people", "range=9y"), OoError, "range"),
        (("show", "people", "--table", "x"), BadRequest, "there are people"),
        (("show", "people", "--json", "--csv"), BadRequest, "--json or --csv"),
        (("do", "dance", "ada", "--reason", "x"), NotFound, "no such action"),
        (("do", "end-sessions", "nobody", "--reason", "x"), NotFound, "no such person"),
        (("do", "end-sessions", "nobody"), BadRequest, "Say why"),
    ],
)
def test_what_is_wrong_is_said(
    oo_admin: Elsewhere, words: tuple[str, ...], error: type[OoError], says: str
) -> None:
    found = oo_admin(*words)
    assert isinstance(found.exception, error), found.output
    assert says in found.exception.detail


def test_without_the_token_or_an_oo_it_says_so(oo_admin: Elsewhere) -> None:
    none, wrong = oo_admin("show", "people", token=""), oo_admin("show", "people", token="x" * 40)
    assert isinstance(none.exception, ConfigurationError)
    assert isinstance(wrong.exception, Unauthorized)
    assert "not the admin token" in wrong.exception.detail
    away = oo_admin("show", "people", url=f"http://127.0.0.1:{free_port()}")
    assert isinstance(away.exception, Unavailable)
    assert "No oO answers at http://127.0.0.1" in away.exception.detail
    nonsense = oo_admin("show", "people", url="nonsense")
    assert isinstance(nonsense.exception, Unavailable)

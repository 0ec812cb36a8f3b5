"""Every command passes every check; a new one is one file (see `test_where_do_i_put.py`)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import oo.cli.commands
from oo.cli.command import Command
from oo.cli.main import build
from oo.kit.plugins import discover

COMMANDS = discover(oo.cli.commands, "COMMAND", Command)


def lines() -> Iterator[list[str]]:
    """Every command and subcommand, as words behind `oo`."""
    root: Any = typer.main.get_command(build())
    for name, command in root.commands.items():
        yield [name]
        yield from ([name, sub] for sub in getattr(command, "commands", ()))


@pytest.mark.parametrize("words", list(lines()), ids=" ".join)
def test_it_has_help_that_says_what_it_does(words: list[str]) -> None:
    done = CliRunner().invoke(build(), [*words, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    about = [line for line in done.output.splitlines() if line.strip() and "Usage:" not in line]
    assert about[0].strip().endswith((".", ").")), about[0]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_it_is_named_as_it_is_called(command: Command) -> None:
    root: Any = typer.main.get_command(build())
    assert command.name in root.commands
    assert re.fullmatch("[a-z]+(-[a-z]+)*", command.name)


@pytest.mark.parametrize("name", COMMANDS)
def test_called_by_its_name_it_is_the_only_one_that_is_loaded(name: str) -> None:
    root: Any = typer.main.get_command(build(name))
    assert list(root.commands) == [name]


def test_a_name_that_no_command_has_shows_them_all() -> None:
    root: Any = typer.main.get_command(build("nonsense"))
    assert set(root.commands) == COMMANDS.keys()

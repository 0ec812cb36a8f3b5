"""What README and docs mention exists: make targets, `oo` commands, files, tests, settings."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pydantic import BaseModel

from deployments.args import AppArgs, EngineArgs
from ml.advice.advice import Advice
from ml.generation.settings import ModelSettings
from ml.prompts.prompt import PromptFile
from oo.cli import main as cli
from oo.identity.provider import kinds
from oo.integrations.registry import source_plugins
from oo.kit.setting_groups import OidcProvider
from oo.kit.settings import Settings
from oo.push.channel import channel_plugins

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
)
FOLDERS = [
    "configs",
    "deployments",
    "docs",
    "ml",
    "oo",
    "ops",
    "requirements",
    "scripts",
    "tests",
    ".ci",
]
ROOT_FILES = re.compile(r"^[\w-]+\.(?:md|yaml|toml|json)$|^Makefile$")
# files that a reader is to make
EXAMPLES = re.findall(
    r"^### … an? [\w ]+\? `([^`]+)`$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE
)
NOT_OURS = {"oo-backup.db", "config.json", "other.yaml", *EXAMPLES}
# read before there are settings, or for Ray alone
OTHER_VARIABLES = {"OO_ENV_FILE", "OO_RAY_TEMP"}


def code_of(text: str) -> Iterator[str]:
    """The lines of fenced blocks, and the inline code elsewhere."""
    prose = []
    for index, part in enumerate(re.split(r"^\s*```.*$", text, flags=re.MULTILINE)):
        if index % 2:
            yield from part.splitlines()
        else:
            prose.append(part)
    yield from re.findall(r"`([^`\n]+)`", "\n".join(prose))


def all_code() -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        for code in code_of((ROOT / document).read_text()):
            yield document, code


def found(pattern: str) -> list[tuple[str, str]]:
    """Document and match, once each."""
    compiled = re.compile(pattern)
    return sorted({(d, m[1]) for d, code in all_code() for m in compiled.finditer(code)})


def settings_of(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        yield variable
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_of(field.annotation, f"{variable}__")


def is_path(code: str) -> bool:
    """Whether `code` names a file or folder of this repository."""
    if not re.fullmatch(r"[\w./-]+(?:::\w+)?", code) or code in NOT_OURS:
        return False
    first = code.split("/")[0]
    return bool(first in FOLDERS and "/" in code) or bool(ROOT_FILES.match(code))


def is_there(document: str, code: str) -> bool:
    """From the root, or beside the document, as links are."""
    path, _, test = code.partition("::")
    places = (ROOT / path, (ROOT / document).parent / path)
    place = next((place for place in places if place.exists()), None)
    return place is not None and (not test or f"def {test}(" in place.read_text())


def test_the_documents_are_there() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"} <= {*DOCUMENTS}


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    named = found(r"(?:^|\s)make ([a-z][\w-]*)")
    assert {"serve", "test", "bench", "lint"} <= {target for _, target in named}
    assert [it for it in named if it[1] not in targets] == []


@pytest.mark.parametrize(
    ("document", "line"),
    found(r"(?:^|[\s/(])(oo(?: --?[a-z]+(?:-[a-z]+)*| [a-z]+(?:-[a-z]+)*)+)"),
    ids=lambda it: it,
)
def test_oo_commands_exist(document: str, line: str) -> None:
    command: Any = typer.main.get_command(cli.build())
    before = ""
    for word in line.split()[1:]:
        before, last = word, before
        if last.startswith("-") and getattr(command, "invoke_without_command", False):
            continue  # what an option is given, not a command below
        if word.startswith("-"):
            options = {option for it in command.params for option in it.opts}
            assert word in {*options, "--help"}, document
        elif hasattr(command, "commands"):
            assert word in command.commands, document
            command = command.commands[word]


def test_the_commands_of_an_operator_are_documented() -> None:
    named = {line for _, code in all_code() for line in re.findall(r"oo ([a-z-]+)", code)}
    command: Any = typer.main.get_command(cli.build())
    assert set(command.commands) <= named


@pytest.mark.parametrize(
    ("document", "code"), sorted({(d, c) for d, c in all_code() if is_path(c)}), ids=lambda it: it
)
def test_files_and_tests_exist(document: str, code: str) -> None:
    assert is_there(document, code)


def test_paths_in_commands_exist() -> None:
    folders = "|".join(map(re.escape, FOLDERS))
    named = found(rf"(?:^|[\s(])((?:{folders})/[\w./-]*\w)")
    assert [it for it in named if it[1] not in EXAMPLES and not is_there(*it)] == []


def test_links_lead_somewhere() -> None:
    broken = []
    for document in DOCUMENTS:
        text = (ROOT / document).read_text()
        for link in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text):
            target, _, anchor = (link[0] or link[1]).partition("#")
            if re.match(r"[a-z]+:|/admin/", target):  # or an address of the console
                continue
            place = (ROOT / document).parent / target if target else ROOT / document
            if not place.exists() or (anchor and anchor not in anchors(place.read_text())):
                broken.append((document, target, anchor))
    assert broken == []


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_settings_exist() -> None:
    known = {*settings_of(Settings, "OO_"), *OTHER_VARIABLES}
    for name, plugin in source_plugins().items():
        known |= {*settings_of(plugin.settings, f"OO_{name.upper()}__")}
    for name, channel in channel_plugins().items():
        known |= {*settings_of(channel.settings, f"OO_{name.upper()}__")}
    for name, kind in kinds().items():
        known |= {*settings_of(kind.settings, f"OO_OIDC__{name.upper()}__")}
    provider = {f"__{name.upper()}" for name in OidcProvider.model_fields}
    wrong = []
    for document, name in found(r"\b(OO_[A-Z][A-Z0-9_]*[A-Z0-9])(?![\w<])"):
        tail = re.sub(r"^OO_OIDC__[A-Z0-9]+", "", name)
        if name not in known and tail not in provider and not tail.startswith("__<"):
            wrong.append((document, name))
    assert wrong == []


def test_examples_of_configuration_are_valid() -> None:
    checked = 0
    for document in DOCUMENTS:
        for block in re.findall(r"```yaml\n(.*?)```", (ROOT / document).read_text(), re.DOTALL):
            check_example(yaml.safe_load(block))
            checked += 1
    assert checked >= 4


def check_example(example: Any) -> None:
    """Parse it as what it belongs to does; raises ValidationError."""
    part = example[0] if isinstance(example, list) else example
    match part:
        case {"name": "TipGenerator", "user_config": {"models": models}}:
            ModelSettings.model_validate(models)
        case {"name": "engine", "args": arguments}:
            EngineArgs.model_validate(arguments)
        case {"args": arguments}:
            AppArgs.model_validate(arguments)
        case {"vocabulary": _}:
            PromptFile.model_validate(part)
        case {"parts": _, "texts": _}:
            Advice.model_validate({**part, "name": "example"})
        case {"tip-generator": _}:
            ModelSettings.model_validate({"aliases": part})
        case _:
            pytest.fail(f"an example of an unknown kind: {part}")


def test_a_tips_walk_meets_each_file_once_and_has_no_way_back() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    rows = re.findall(r"^\| (\d+) \| `([^`]+)` \|", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    files = [file for _, file in rows]
    assert len(files) == len(set(files)) >= 12
    for met, file in enumerate(files):
        # what the domain defines is vocabulary, which anybody may use
        calling = [one for one in files[:met] if not one.startswith("oo/domain/")]
        earlier = {one.removesuffix(".py").replace("/", ".") for one in calling}
        assert not earlier & imported_by(ROOT / file), file


def imported_by(file: Path) -> set[str]:
    """The modules that a file imports, and what it imports from them, which may be modules too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found

"""Adapters on disk: a folder per content hash, under the folder of their name.

``embedded+NAME@VERSION`` is how a model with an adapter is called; VERSION is the hash's beginning.
"""

import hashlib
import re
import shutil
from pathlib import Path
from typing import NamedTuple

FOLDER = "adapters"
WEIGHTS = ("adapter_config.json", "adapter_model.safetensors")
_DIGITS = 12
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MODEL = re.compile(rf"(?P<base>.+)\+(?P<name>{_NAME.pattern})@(?P<version>[0-9a-f]{{{_DIGITS}}})")


class AdapterRef(NamedTuple):
    """One version of an adapter."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def is_name(text: str) -> bool:
    """Whether an adapter may be called that."""
    return _NAME.fullmatch(text) is not None


def with_adapter(model: str, adapter: AdapterRef) -> str:
    """The name of the model with the adapter, in place of one that it may have."""
    return f"{base_of(model)}+{adapter}"


def base_of(model: str) -> str:
    """The model's name without its adapter."""
    found = _MODEL.fullmatch(model)
    return found["base"] if found else model


def adapter_of(model: str) -> AdapterRef | None:
    """The adapter that a model's name ends with, if any."""
    found = _MODEL.fullmatch(model)
    return AdapterRef(found["name"], found["version"]) if found else None


def parse(text: str) -> AdapterRef | None:
    """NAME@VERSION, or None if it is none."""
    return adapter_of(f"x+{text}")


def version_of(folder: Path) -> str:
    """The beginning of the SHA-256 over configuration and weights, in hexadecimal."""
    digest = hashlib.sha256()
    for name in WEIGHTS:
        content = (folder / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:_DIGITS]


def keep(made: Path, name: str, data: Path) -> AdapterRef:
    """Move the adapter in `made` to its place in the data folder; the same one stays as it is."""
    ref = AdapterRef(name, version_of(made))
    place = folder_of(ref, data)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = place.with_name(f"{ref.version}.part")
        shutil.copytree(made, part, dirs_exist_ok=True)
        part.replace(place)
    return ref


def folder_of(ref: AdapterRef, data: Path) -> Path:
    """Where it lies."""
    return data.resolve() / FOLDER / ref.name / ref.version


def found(ref: AdapterRef, data: Path) -> Path:
    """The folder of an adapter whose content is what its version says.

    Raises LookupError: weights that were changed on disk are not those that were examined.
    """
    folder = folder_of(ref, data)
    try:
        version = version_of(folder)
    except OSError as error:
        raise LookupError(f"There is no adapter {ref} in {data / FOLDER}.") from error
    if version != ref.version:
        raise LookupError(f"The content of adapter {ref} is not what its version says ({version}).")
    return folder


def kept(data: Path) -> list[AdapterRef]:
    """All adapters of the data folder."""
    found = data.resolve().joinpath(FOLDER).glob("*/*")
    refs = (parse(f"{path.parent.name}@{path.name}") for path in sorted(found))
    return [ref for ref in refs if ref is not None]

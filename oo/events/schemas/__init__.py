"""Messages of events, declared in Protocol Buffers below this folder, by their package.

They are compiled when they are first needed, into a pool of their own: no generated code is kept,
none must be made before oO runs, and it fits whichever runtime of Protocol Buffers there is.
"""

import importlib.resources
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool

from oo.domain.events import EventSeen, pseudonym
from oo.events.subject import subjects
from oo.kit.plugins import BrokenPlugin

FOLDER = Path(__file__).parent


@cache
def _pool(folder: Path) -> DescriptorPool:
    """Every message below the folder; raises BrokenPlugin for a file that does not compile."""
    from grpc_tools import protoc

    own = importlib.resources.files("grpc_tools") / "_proto"
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as made:
        image = Path(made) / "image.binpb"
        options = [f"-I{folder}", f"-I{own}", "--include_imports", f"--descriptor_set_out={image}"]
        if protoc.main(["protoc", *options, *files]) != 0:
            raise BrokenPlugin(f"{folder}: the messages of events do not compile, see above")
        described = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes())
    pool = DescriptorPool()
    for one in described.file:  # each after those that it imports
        pool.Add(one)
    return pool


@cache
def _message_type(folder: Path, name: str) -> Any:
    try:
        found = _pool(folder).FindMessageTypeByName(name)
    except KeyError as error:
        raise BrokenPlugin(f"{name}: no file in {folder} declares it") from error
    return message_factory.GetMessageClass(found)


def message_type(name: str) -> Any:
    """The class of the message; raises BrokenPlugin if there is none of that name."""
    return _message_type(FOLDER, name)


def message_of(event: EventSeen) -> Any:
    """The event as its subject's message; raises ValueError for a field that it does not have."""
    fields: dict[str, Any] = {**event.payload, "meta": _meta(event)}
    made = message_type(subjects()[event.subject].message)()
    try:
        return json_format.ParseDict(fields, made)
    except json_format.ParseError as error:
        raise ValueError(f"{event.id} is no {made.DESCRIPTOR.full_name}: {error}") from error


def encoded(event: EventSeen) -> bytes:
    """The event as others read it."""
    data: bytes = message_of(event).SerializeToString(deterministic=True)
    return data


def decoded(subject: str, data: bytes) -> dict[str, Any]:
    """A message as fields, for people to read; raises ValueError for what is none."""
    made = message_type(subjects()[subject].message)()
    try:
        made.ParseFromString(data)
    except Exception as error:
        raise ValueError(f"this is no {made.DESCRIPTOR.full_name}") from error
    fields: dict[str, Any] = json_format.MessageToDict(made, preserving_proto_field_name=True)
    return fields


def _meta(event: EventSeen) -> Mapping[str, Any]:
    return {
        "id": event.id,
        "seq": event.seq,
        "person": pseudonym(event.user_id),
        "at": _written(event.at),
    }


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

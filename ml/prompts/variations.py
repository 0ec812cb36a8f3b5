"""Variations of a prompt: declared alternatives for its parts, one file per family (E11)."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ml.prompts.prompt import Prompt, PromptFile
from oo.kit.yaml_files import read_yaml

FOLDER = Path(__file__).with_name("variants")


class Slot(BaseModel):
    """A part of a prompt: `find` is its text in the files, `use` are others for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    find: str
    use: tuple[str, ...]

    @property
    def choices(self) -> tuple[str, ...]:
        """All texts, that of the files first."""
        return (self.find, *self.use)


def slots(prompt: Prompt) -> dict[str, Slot]:
    """What may change in a prompt; empty where its family has no file."""
    path = FOLDER / f"{prompt.name}.yaml"
    if not path.exists():
        return {}
    known = TypeAdapter(dict[str, Slot]).validate_python(read_yaml(path))
    texts = [part.content for part in prompt.file.messages]
    return {name: slot for name, slot in known.items() if any(slot.find in t for t in texts)}


def varied(prompt: Prompt, chosen: Mapping[str, int]) -> Prompt:
    """The prompt with the numbered choice of each slot, 0 for the text as it is.

    What changes anything is another version, named by its content.
    """
    known = slots(prompt)
    messages = []
    for part in prompt.file.messages:
        text = part.content
        for name, number in chosen.items():
            text = text.replace(known[name].find, known[name].choices[number])
        messages.append(part.model_copy(update={"content": text}))
    if tuple(messages) == prompt.file.messages:
        return prompt
    file = prompt.file.model_copy(update={"messages": tuple(messages)})
    version = f"{prompt.version}-{Prompt(file).content_hash[:8]}"
    return Prompt(PromptFile.model_validate({**file.model_dump(), "version": version}))

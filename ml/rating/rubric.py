"""The rubric: seven aspects of a tip, each from 1 to 5, the same for people and for models."""

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from oo.kit.yaml_files import read_yaml

FILE = Path(__file__).with_name("rubric.yaml")


class Aspect(BaseModel):
    """One aspect: its question, and what 1, 3 and 5 mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asks: str
    low: str
    middle: str
    high: str


@cache
def rubric() -> dict[str, Aspect]:
    """The aspects by name, in the order in which they are asked."""
    body: dict[str, dict[str, str]] = read_yaml(FILE)
    # YAML 1.1 takes the bare word for a truth value
    return {str(name).lower(): Aspect.model_validate(one) for name, one in body.items()}


def lines() -> list[str]:
    """The rubric as text, an aspect a line."""
    return [
        f"{name}: {one.asks} 1 = {one.low}; 3 = {one.middle}; 5 = {one.high}."
        for name, one in rubric().items()
    ]

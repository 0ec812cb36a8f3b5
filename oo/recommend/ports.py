"""What the recommendation core asks of others; `deployments` connects real parts to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from oo.domain.claims import Claim
from oo.domain.columns import Columns
from oo.domain.context import PromptContext
from oo.domain.model_calls import ModelCall, Terms
from oo.domain.policies import Policy
from oo.domain.signals import Signal
from oo.domain.tips import Offer, TipKind
from oo.recommend.scoring import Choice, ScoreRequest


class Ranker(Protocol):
    """People's bandits, wherever they live."""

    async def score(self, requests: Sequence[ScoreRequest]) -> Sequence[Choice | Exception]:
        """One pick per request, or what went wrong where a shard is away."""
        ...


class Shadow(NamedTuple):
    """A policy that only says what it would have picked, of decisions from `since` on."""

    policy: Policy
    since: datetime


class Shadows(Protocol):
    """Which policies are in shadow."""

    async def current(self) -> Sequence[Shadow]:
        """Those that are now."""
        ...


class FeatureColumns(Protocol):
    """The feature registry's just-in-time half."""

    def __call__(
        self,
        now: datetime,
        offers: Sequence[Offer],
        profile: Mapping[str, float],
        signals: Mapping[str, Sequence[Signal]],
    ) -> Columns: ...


class Draft(Protocol):
    """A tip as its writer hands it over, before it has an identity."""

    @property
    def kind(self) -> TipKind: ...
    @property
    def content(self) -> str: ...
    @property
    def task_id(self) -> str | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def source(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def prompt_version(self) -> str: ...
    @property
    def claims(self) -> tuple[Claim, ...]: ...
    @property
    def spoken(self) -> str: ...
    @property
    def activity(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...


class Assembled(NamedTuple):
    """A person's context, and the version of the list that it was made from."""

    context: PromptContext
    pool_version: int


class Assembler(Protocol):
    """Tells what a writer may know about a person."""

    async def assemble(self, user_id: str, at: datetime | None = None) -> Assembled | None:
        """The person's context now, or `at` a later instant; None when the person is gone."""
        ...


class Written(NamedTuple):
    """What a writer made; `is_cut_short` when its model was away or late for a part of it.

    `calls` are those that it made, whatever came of them; `messages` are the prompt, as for one
    tip.
    """

    drafts: Sequence[Draft]
    is_cut_short: bool = False
    calls: Sequence[ModelCall] = ()
    messages: Sequence[Mapping[str, str]] = ()

    @property
    def claims(self) -> list[Claim]:
        """All that the drafts claim."""
        return [claim for draft in self.drafts for claim in draft.claims]


class Writer(Protocol):
    """Writes candidate tips with a language model, behind the gate."""

    def pool_key(self, context: PromptContext, cloud_consent: bool) -> str:
        """The hash of context, prompt and model; equal keys mean that a pool is still good."""
        ...

    async def write(
        self, context: PromptContext, count: int, deadline_s: float, terms: Terms
    ) -> Written:
        """At most `count` drafts within `deadline_s` seconds, by models that the terms allow."""
        ...


class TemplateWriter(Protocol):
    """Writes true, plain tips from tasks without any model."""

    def __call__(self, context: PromptContext, count: int) -> Sequence[Draft]: ...


class Refill(Protocol):
    """Asks for a person's pool to be filled."""

    async def now(self, user_id: str, within_s: float) -> None:
        """Fill it and return; raises TimeoutError or Unavailable when it cannot."""
        ...

    def behind(self, user_id: str) -> None:
        """Have it filled some time soon; returns at once and never raises."""
        ...

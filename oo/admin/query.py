"""What a page is asked: every filter, the order, the columns and the time, all in the address."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from oo.domain.console import Period, Slice
from oo.kit.errors import BadRequest
from oo.kit.instants import Instant

PAGE_ROWS = 50
MOST_PAGES = 200
MOMENT = timedelta(seconds=1)


class Span(StrEnum):
    """How far back a page looks, unless it is told two instants."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def long(self) -> timedelta:
        """Its length."""
        return {
            Span.HOUR: timedelta(hours=1),
            Span.DAY: timedelta(days=1),
            Span.WEEK: timedelta(days=7),
            Span.MONTH: timedelta(days=30),
        }[self]

    @property
    def words(self) -> str:
        """As a person says it."""
        return {
            Span.HOUR: "last hour",
            Span.DAY: "last 24 hours",
            Span.WEEK: "last 7 days",
            Span.MONTH: "last 30 days",
        }[self]


def _words(value: object) -> object:
    """Values of a filter: ``a``, ``a,b`` (either), ``!a`` (all but it); empty means any."""
    return value.strip() if isinstance(value, str) else value


Filter = Annotated[str, BeforeValidator(_words), Field(max_length=300)]


class Query(BaseModel):
    """What every page can be asked; a page adds its own filters as fields with words."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    not_filters: ClassVar[frozenset[str]] = frozenset()  # fields with a place of their own

    span: Span = Field(Span.WEEK, alias="range", description="Time range")
    since: Instant | None = Field(None, description="From this instant, instead of a range")
    until: Instant | None = Field(None, description="Up to this instant")
    sort: str = Field("", max_length=40, pattern=r"^-?[a-z_]*$", description="Column, - for down")
    columns: str = Field("", max_length=400, pattern=r"^[a-z_,]*$", description="Columns shown")
    page: int = Field(1, ge=1, le=MOST_PAGES, description="Page of the table")
    _given: dict[str, str] | None = PrivateAttr(None)

    def period(self, now: datetime) -> Period:
        """The instants between which the page looks; raises BadRequest where they are turned.

        A range of a day or more begins at a full hour: counts are kept by the hour.
        """
        until = _aware(self.until) or now + MOMENT  # what has just happened is in it
        since = _aware(self.since) or _begun(until - self.span.long, self.span)
        if since >= until:
            raise BadRequest("The time range ends before it begins.")
        return Period(since, until)

    def rows(self, default: str, limit: int = PAGE_ROWS) -> Slice:
        """Which rows of the table, by `default` (``-`` for down) unless an order was asked for."""
        sort = self.sort or default
        return Slice(sort.lstrip("-"), sort.startswith("-"), limit, (self.page - 1) * limit)

    def shown(self) -> tuple[str, ...]:
        """The columns that were asked for; empty for those that the page shows by itself."""
        return tuple(part for part in self.columns.split(",") if part)

    @classmethod
    def filters(cls) -> dict[str, str]:
        """The page's own filters by name, with the words for them."""
        return {
            name: field.description or name
            for name, field in cls.model_fields.items()
            if name not in Query.model_fields and name not in cls.not_filters
        }

    def given(self) -> dict[str, str]:
        """What differs from what the page does by itself, as the address says it."""
        if self._given is None:  # every cell that can be filtered by asks
            said = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            self._given = {name: str(it) for name, it in said.items() if it not in (None, "")}
        return self._given


def _begun(since: datetime, span: Span) -> datetime:
    return since if span is Span.HOUR else since.replace(minute=0, second=0, microsecond=0)


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)

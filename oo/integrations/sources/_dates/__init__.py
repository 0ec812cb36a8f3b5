"""Dates as people write them in task lists, in the languages that Todoist writes."""

from oo.integrations.sources._dates.parse import MAX_TEXT, language_of, parse_when
from oo.integrations.sources._dates.when import When
from oo.integrations.sources._dates.words import all_words

__all__ = ["MAX_TEXT", "When", "all_words", "language_of", "parse_when"]

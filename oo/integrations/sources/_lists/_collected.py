"""What was read of a list so far: tasks with ids that the next version of the list repeats."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from oo.domain.signals import LineError, Upload
from oo.domain.tasks import Task
from oo.integrations.sources._dates import When
from oo.integrations.sources._text import MAX_LABEL, MAX_TITLE, name_of, one_line, title_of
from oo.kit.errors import BadRequest

MAX_LABELS = 20
MAX_QUOTED = 40
NORMAL, HIGHEST = 1, 4


@dataclass(frozen=True, slots=True)
class Item:
    """A line that is a task.

    `place` are the titles above it in the tree, from the outermost on; the same title elsewhere is
    another task. `zone` is where the wall clock of `when` hangs.
    """

    title: str
    place: tuple[str, ...] = ()
    project: str | None = None
    is_done: bool = False
    priority: int = NORMAL
    when: When | None = None
    zone: str = ""
    labels: tuple[str, ...] = ()
    added_at: datetime | None = None


@dataclass(slots=True)
class Collected:
    """Collects for the source `source`.

    `scope` is what the list calls itself, such as a project's number, where two lists of the same
    form are two lists; the ids of its tasks then begin with `prefix`.
    """

    source: str
    scope: str = ""
    is_complete: bool = False
    tasks: list[Task] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)
    accounted: set[int] = field(default_factory=set)
    languages: dict[str, None] = field(default_factory=dict)
    seen: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def add(self, line: int, item: Item) -> bool:
        """Take the task on this line; False, with a word about it, for one without a title."""
        self.accounted.add(line)
        title = title_of(item.title)
        if not title:
            return self.fail(line, "the task has no text")
        if len(title) > MAX_TITLE:
            return self.fail(line, f"the task is longer than {MAX_TITLE} characters")
        task_id = self._id(item.place, title)
        if item.is_done:
            self.done.append(task_id)
            return True
        due, due_at = None, None
        if item.when is not None:
            due, due_at = item.when.due, item.when.instant(item.zone)
        self.tasks.append(
            Task(
                id=task_id,
                source=self.source,
                external_id=task_id.removeprefix(f"{self.source}:"),
                title=title,
                priority=item.priority,
                due=due,
                due_at=due_at,
                added_at=item.added_at,
                labels=_labels(item.labels),
                project=name_of(item.project or ""),
                recurring=item.when is not None and item.when.recurring,
            )
        )
        return True

    def leave_out(self, line: int, item: Item, why: str) -> None:
        """There is such a task, but it is nothing that the person could do."""
        title = title_of(item.title)
        if title:
            self.left_out.append(self._id(item.place, title))
        self.fail(line, why)

    def understood(self, *lines: int) -> None:
        """These lines belong to the form and are no tasks."""
        self.accounted.update(lines)

    def fail(self, line: int, message: str) -> bool:
        """Say of a line what was not understood; always False."""
        self.accounted.add(line)
        self.errors.append(LineError(line, message))
        return False

    def undated(self, line: int, text: str, instead: When | None = None) -> None:
        """The date on this line is not understood, or a repetition names no day."""
        how = "taken by its deadline" if instead and instead.due else "taken without a date"
        quoted = one_line(text)[:MAX_QUOTED]
        self.fail(line, f"the date {quoted!r} is not understood; {how}")

    def without_day(self, line: int, text: str) -> None:
        """The task comes again, and the text does not say when it is next."""
        quoted = one_line(text)[:MAX_QUOTED]
        self.fail(line, f"{quoted!r} does not say when it is next; taken without a day")

    @property
    def prefix(self) -> str:
        """What the external ids of this list begin with; empty where lists are not told apart."""
        return f"{_digest(self.scope.casefold())[:8]}-" if self.scope else ""

    def result(self, form: str) -> Upload:
        """Everything that was read; raises BadRequest where there is no task."""
        if not self.tasks and not self.done and not self.left_out:
            first = f" Line {self.errors[0].line}: {self.errors[0].message}" if self.errors else ""
            raise BadRequest(f"There is no task in this list, read as {form}.{first}")
        return Upload(
            tuple(self.tasks),
            tuple(self.done),
            tuple(sorted(self.errors, key=lambda error: error.line)),
            form=form,
            languages=tuple(self.languages),
            all_of=f"{self.source}:{self.prefix}" if self.is_complete and self.prefix else None,
            left_out=tuple(self.left_out),
        )

    def _id(self, place: Iterable[str], title: str) -> str:
        # a title that is used twice in one place is two tasks, told apart by their order
        key = (*(title_of(name).casefold() for name in place), title.casefold())
        self.seen[key] += 1
        digest = _digest("\0".join((*key, str(self.seen[key]))))
        return f"{self.source}:{self.prefix}{digest[:24]}"


def with_due(when: When | None, deadline: When | None) -> When | None:
    """`when`, due on the deadline where it has no day itself."""
    if deadline is None or deadline.due is None or (when is not None and when.due is not None):
        return when
    return replace(deadline, recurring=when is not None and when.recurring)


def _labels(labels: Iterable[str]) -> tuple[str, ...]:
    clean = (one_line(label)[:MAX_LABEL].strip() for label in labels)
    return tuple(dict.fromkeys(label for label in clean if label))[:MAX_LABELS]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

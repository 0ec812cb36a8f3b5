"""Lists handed in: what is read, what is refused, and that ids survive a new version."""

import contextlib
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo.domain.signals import Upload
from oo.integrations.sources._dates import When, parse_when
from oo.integrations.sources._text import MAX_TITLE
from oo.integrations.sources.file import MAX_LINES, FileSource
from oo.kit.errors import BadRequest, TooLarge

TODAY = date(2026, 11, 21)  # a Saturday
HEADER = (
    "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,"
    "DURATION,DURATION_UNIT,DEADLINE,DEADLINE_LANG\n"
)


def parse(text: str, filename: str = "list.txt") -> Upload:
    return FileSource().parse(filename, text.encode(), TODAY)


def csv(*rows: str) -> Upload:
    return parse(HEADER + "\n".join(rows), "Work [2203306141].csv")


def test_plain_lines_in_their_usual_dresses() -> None:
    found = parse(
        "# Errands\n\n- [ ] buy milk\n* call  Bob\n3. pay rent\n12) read\n"
        "- [x] done already\n[X] this too\n• water plants\n  - nested one\nplain\n2026 taxes\n"
    )
    assert [task.title for task in found.signals] == [
        "buy milk",
        "call Bob",
        "pay rent",
        "read",
        "water plants",
        "nested one",
        "plain",
        "2026 taxes",
    ]
    assert {task.project for task in found.signals} == {"Errands"}
    assert len(found.done) == 2
    assert found.errors == ()


def test_an_export_of_todoist() -> None:
    found = csv(
        "meta,view_style=list,,,,,,,,,,,,",
        "section,Later,,,,,,,,,,,,",
        'task,"Write, then send @work @deep",why,1,1,Ada (1),,2026-11-20,en,Europe/Zurich,,,,',
        "note,a comment,,,,Ada (1),,,,,,,,",
        "task,Standup,,3,1,Ada (1),,every day at 9:30,en,Europe/Zurich,15,minute,,",
        "task,Mail ann@example.org,,4,2,,,,,,,,2026-12-24,en",
    )
    write, standup, mail = found.signals
    assert (write.title, write.labels) == ("Write, then send", ("work", "deep"))
    assert (write.priority, write.due, write.project) == (4, date(2026, 11, 20), "Work")
    assert standup.recurring
    assert standup.priority == 2
    assert standup.due_at == datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    assert (mail.title, mail.priority, mail.due) == (
        "Mail ann@example.org",
        1,
        date(2026, 12, 24),
    )
    assert found.errors == ()


@pytest.mark.timeout(10)
@pytest.mark.parametrize("date_text", ["," * 100_000, "1 " * 50_000, "every " * 20_000])
def test_a_hostile_date_costs_no_time(date_text: str) -> None:
    found = csv(f'task,a,,1,1,,,"{date_text}",en,,,,,')
    assert found.signals[0].due is None
    assert len(found.errors) == 1


def test_each_line_in_error_is_named() -> None:
    found = csv(
        "task,,,1,1,,,,,,,,,",
        "task,good,,9,1,,,someday soon,en,,,,,",
        "thing,what,,1,1,,,,,,,,,",
        f"task,{'x' * (MAX_TITLE + 1)},,1,1,,,,,,,,,",
    )
    assert [task.title for task in found.signals] == ["good"]
    assert [error.line for error in found.errors] == [2, 3, 3, 4, 5]
    assert "PRIORITY" in found.errors[1].message
    assert "someday soon" in found.errors[2].message


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", BadRequest),
        (b"\n\n  \n", BadRequest),
        (b"a\0b", BadRequest),
        (b"\xff\xfe\xff", BadRequest),
        (b"caf\xe9", BadRequest),
        (b"\x89PNG\r\n\x1a\n\0\0", BadRequest),
        (b"a\n" * (MAX_LINES + 1), TooLarge),
        (b"a\r" * (3 * MAX_LINES), TooLarge),
        (HEADER.encode() + b'task,"never closed' + b"x" * 200_000, BadRequest),
        (HEADER.encode(), BadRequest),
    ],
)
def test_hostile_files_are_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        FileSource().parse("list.txt", data, TODAY)


def test_a_csv_of_something_else_says_which_columns_are_missing() -> None:
    with pytest.raises(BadRequest, match="TYPE and CONTENT"):
        parse("a,b\n1,2\n", "numbers.csv")


def test_a_csv_saved_by_a_spreadsheet_is_read() -> None:
    text = "TYPE;CONTENT;PRIORITY\r\ntask;write;1\r\n"
    utf16 = FileSource().parse("x.csv", text.encode("utf-16"), TODAY)
    assert [task.title for task in utf16.signals] == ["write"]
    assert parse("\ufeff" + text).signals == utf16.signals[:0] + parse(text).signals


def test_characters_that_reorder_or_hide_text_are_dropped() -> None:
    (task,) = parse("pay \u202egnp.exe\u202c\x07 now").signals
    assert task.title == "pay gnp.exe now"


def test_ids_survive_reordering_renaming_and_case() -> None:
    before = {task.title: task.id for task in parse("a\nb\nc").signals}
    after = {task.title: task.id for task in parse("c\n* a\n1. b\nnew", "other.md").signals}
    assert {title: after[title] for title in before} == before
    assert parse("Write").signals[0].id == parse("write").signals[0].id


@given(st.lists(st.text(max_size=30), max_size=30))
def test_any_text_is_read_or_refused_clearly(lines: list[str]) -> None:
    try:
        found = parse("\n".join(lines).encode("utf-8", "replace").decode())
    except BadRequest:
        return
    ids = [task.id for task in found.signals] + list(found.done)
    assert len(ids) == len(set(ids))
    for task in found.signals:
        assert 0 < len(task.title) <= MAX_TITLE
        assert "\n" not in task.title


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.txt"]))
def test_any_bytes_are_read_or_refused_clearly(data: bytes, filename: str) -> None:
    for prefix in (b"", HEADER.encode(), b"\xff\xfe"):
        with contextlib.suppress(BadRequest, TooLarge):
            FileSource().parse(filename, prefix + data, TODAY)


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_not(text: str) -> None:
    when = parse_when(text, TODAY)
    assert when is None or isinstance(when, When)


@given(st.dates(min_value=date(2026, 6, 1), max_value=date(2027, 5, 1)))
def test_dates_are_read_in_the_ways_people_write_them(day: date) -> None:
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %B %Y", "%b %d, %Y", "%d %b"):
        assert parse_when(day.strftime(form), TODAY) == When(day, None, recurring=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", When(TODAY, None, False)),
        ("Tomorrow at 5pm", When(date(2026, 11, 22), time(17), False)),
        ("Nov 3", When(date(2026, 11, 3), None, False)),
        ("3rd Jan", When(date(2027, 1, 3), None, False)),
        ("Monday", When(date(2026, 11, 23), None, False)),
        ("2026-12-01T08:15:00Z", When(date(2026, 12, 1), time(8, 15), False)),
        ("in 2 weeks", When(date(2026, 12, 5), None, False)),
        ("every day", When(TODAY, None, True)),
        ("every mon", When(date(2026, 11, 23), None, True)),
        ("every! month starting 2026-12-01", When(date(2026, 12, 1), None, True)),
        ("every 3rd thursday", When(None, None, True)),
        ("12:30", When(TODAY, time(12, 30), False)),
        ("31 feb 2026", None),
        ("25:99", None),
        ("", None),
        ("morgen", None),
    ],
)
def test_words_for_dates(text: str, expected: When | None) -> None:
    assert parse_when(text, TODAY) == expected

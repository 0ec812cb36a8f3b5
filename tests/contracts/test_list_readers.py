"""Every reader of lists passes every check; a new one is one file, with its example in it."""

import contextlib
import io
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oo.domain.signals import Upload
from oo.integrations.sources._lists._collected import Collected
from oo.integrations.sources._lists._reader import Handed, Reader, reader_of, readers
from oo.kit.errors import BadRequest, TooLarge

TODAY = date(2026, 11, 25)
READERS = readers()
READING = sorted(name for name, reader in READERS.items() if reader.example)
CASES = Path(__file__).parents[1] / "cases"
every_reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
every_form = pytest.mark.parametrize("reader", [READERS[name] for name in READING], ids=READING)
unhurried = settings(deadline=None, max_examples=60)

# one place in the tree and another, with the same title, in each form that has a tree
TREES = {
    "todoist_csv": "TYPE,CONTENT,INDENT\ntask,A,1\ntask,Same,2\ntask,B,1\ntask,Same,2\n",
    "ticktick": '"List Name","Title","Status"\n"A","Same","0"\n"B","Same","0"\n',
    "todotxt": "(A) Same +A\n(A) Same +B\n",
    "markdown": "---\n---\n# A\n- [ ] Same\n# B\n- [ ] Same\n",
    "obsidian": "- [ ] A\n  - [ ] Same\n- [ ] B\n  - [ ] Same\n",
    "org": "* TODO A\n** TODO Same\n* TODO B\n** TODO Same\n",
    "taskpaper": "A:\n\t- Same\nB:\n\t- Same\n",
    "plain": "# A\n- Same\n# B\n- Same\n",
    "apple_notes": "☐ A\n  ☐ Same\n☐ B\n  ☐ Same\n",
    "icalendar": "BEGIN:VCALENDAR\n"
    + "".join(
        f"BEGIN:VTODO\nUID:{uid}\nSUMMARY:{title}\n{above}END:VTODO\n"
        for uid, title, above in (
            ("1", "A", ""), ("2", "Same", "RELATED-TO:1\n"),
            ("3", "B", ""), ("4", "Same", "RELATED-TO:3\n"),
        )
    )
    + "END:VCALENDAR\n",
}  # fmt: skip


def collected(reader: Reader, text: str, filename: str = "list") -> Collected:
    found = Collected("file")
    reader.read(Handed(filename, text, TODAY), found)
    return found


def read(reader: Reader, text: str, filename: str = "list") -> Upload:
    return collected(reader, text, filename).result(reader.title)


def lines_of(reader: Reader, text: str) -> set[int]:
    """The numbers of the lines that are not blank, as the reader counts them."""
    is_csv = reader.name in ("todoist_csv", "ticktick")
    lines = io.StringIO(text, newline="").readlines() if is_csv else text.splitlines()
    return {number for number, line in enumerate(lines, start=1) if line.strip()}


@every_form
def test_a_reader_recognises_its_own_form_and_no_other_is_surer(reader: Reader) -> None:
    assert reader_of("list", reader.example) is reader
    assert reader.title


@every_form
def test_what_is_open_is_open_and_what_is_done_is_done(reader: Reader) -> None:
    found = read(reader, reader.example)
    assert [task.title for task in found.signals] == ["Call Bob"]
    assert len(found.done) == ("Sent letter" in reader.example)


@every_form
def test_an_id_is_the_same_in_each_version_of_the_list(reader: Reader) -> None:
    first, second = read(reader, reader.example), read(reader, reader.example)
    assert first == second
    changed = read(reader, reader.example.replace("Sent letter", "Sent parcel"))
    assert changed.signals == first.signals
    if first.done:
        assert changed.done != first.done


@every_form
def test_the_same_title_in_another_place_is_another_task(reader: Reader) -> None:
    tree = TREES[reader.name]
    same = [task.id for task in read(reader, tree).signals if task.title == "Same"]
    assert len(set(same)) == 2
    # and stays itself when the first of them is gone
    lines = tree.splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if "Same" in line)
    if reader.name != "icalendar":
        rest = read(reader, "".join(lines[:first] + lines[first + 1 :]))
        assert [task.id for task in rest.signals if task.title == "Same"] == same[1:]


@every_form
def test_nothing_is_dropped_in_silence(reader: Reader) -> None:
    texts = [reader.example, TREES[reader.name]]
    for path in CASES.iterdir():
        with contextlib.suppress(UnicodeDecodeError):
            text = path.read_bytes().decode("utf-8-sig")
            if reader_of(path.name, text) is reader:
                texts.append(text)
    for text in texts:
        with contextlib.suppress(BadRequest):
            found = collected(reader, text)
            assert lines_of(reader, text) <= found.accounted


@every_form
def test_a_task_whose_words_are_gone_is_named(reader: Reader) -> None:
    with contextlib.suppress(BadRequest):
        found = collected(reader, reader.example.replace("Call Bob", "\u200b"))
        assert not found.tasks
        assert found.errors


@every_reader
@given(text=st.text(max_size=200))
@unhurried
def test_any_text_is_read_or_refused_clearly(reader: Reader, text: str) -> None:
    assert 0 <= reader.recognises("list.txt", text) <= 1
    for prefix in ("", reader.example):
        try:
            found = collected(reader, prefix + text)
        except (BadRequest, TooLarge):
            continue
        ids = [task.id for task in found.tasks] + found.done
        assert len(ids) == len(set(ids))
        assert all(task.title.strip() == task.title for task in found.tasks)
        if reader.example:
            assert lines_of(reader, prefix + text) <= found.accounted


LINES = st.sampled_from(
    [
        "- [ ] a", "  - [x] b", "\tc", "# d", "```", "---", "|a|b|", "* TODO x", ":END:", "A:",
        "- e @due(x)", "x 2026-01-01 f", "(A) g due:2026-99-99", "<!--", "~~h~~", "☐ i",
        "> - [ ] j 📅 2026-01-32", "END:VTODO", "BEGIN:VTODO", 'task,"x,1',
        "task,y,9,99,nonsense", "section,z", "#+BEGIN_SRC", "[]", "[x](y)",
    ]
)  # fmt: skip


@every_reader
@given(lines=st.lists(LINES, max_size=12))
@unhurried
def test_any_structure_is_read_or_refused_clearly(reader: Reader, lines: list[str]) -> None:
    for text in ("\n".join(lines), reader.example + "\n".join(lines)):
        try:
            found = collected(reader, text)
        except (BadRequest, TooLarge):
            continue
        if reader.example:
            assert lines_of(reader, text) <= found.accounted


@every_form
@pytest.mark.timeout(60)
def test_five_thousand_lines_take_a_moment(reader: Reader) -> None:
    head, _, tail = reader.example.partition("Call Bob")
    before = head[head.rfind("\n") + 1 :]
    after = tail.partition("\n")[0]
    if reader.name == "icalendar":
        one = "BEGIN:VTODO\nSUMMARY:t {}\nDUE;VALUE=DATE:20261127\nEND:VTODO\n"
        text = "BEGIN:VCALENDAR\n" + "".join(one.format(n) for n in range(1249)) + "END:VCALENDAR\n"
    else:
        text = reader.example + "".join(f"{before}t {n}{after}\n" for n in range(4990))
    began = time.process_time()
    found = collected(replace(reader), text)
    assert len(found.tasks) > 1000
    assert time.process_time() - began < 5


def test_a_form_that_is_not_read_is_named() -> None:
    for text, name in (
        ('{"tasks": ["a", "b"]}', "JSON"),
        ("<!DOCTYPE html><ul><li>a</ul>", "HTML"),
        ('<?xml version="1.0"?><opml><body/></opml>', "OPML"),
        ("{\\rtf1 a}", "RTF"),
        ("BEGIN:VCARD\nFN:Ada\nEND:VCARD", "vCard"),
    ):
        with pytest.raises(BadRequest, match=name):
            read(reader_of("list.txt", text), text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        (" " * 99 + "\n") * 4999,
        "- " * 200_000 + "x",
        "# " * 200_000,
        "[](" * 200_000,
        "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY;"
        + "a=b;" * 200_000
        + ":x\nEND:VTODO\nEND:VCALENDAR",
        "- [ ] 📅 " + "2026-11-27 " * 50_000,
    ],
    ids=["blanks", "dashes", "headings", "links", "parameters", "dates"],
)
def test_a_hostile_text_costs_no_time(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(BadRequest):
        read(reader_of("list.txt", text), text)
    assert time.process_time() - began < 10

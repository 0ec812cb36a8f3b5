"""Lists as people have them: what a person expects of each file in ``tests/cases``, over HTTP.

Each list goes in through the product's own routes, uploaded as a file, pasted, or sent by a script,
and what is expected is read back from what the person then has.
"""

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from oo.domain import due
from oo.domain.tasks import Task
from oo.store import tasks, users
from oo.store.tasks import StoredTask
from tests.peers.store import tick_off
from tests.unit.web.conftest import Site, csrf_of, site

__all__ = ["site"]

CASES = Path(__file__).parents[1] / "cases"
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)  # a Wednesday
TODAY = NOW.date()
SAME = {"sec-fetch-site": "same-origin"}
RAW = {"content-type": "application/octet-stream"}


@dataclass
class Person:
    """A signed-in person and what they have."""

    site: Site
    browser: httpx2.AsyncClient
    id: str

    async def send(
        self, case: str, filename: str | None = None, content_type: str = RAW["content-type"]
    ) -> dict[str, Any]:
        """Hand a case in as a script does; what the import answered."""
        answer = await self.post(
            f"/api/sources/file/import?filename={filename or case}",
            content=(CASES / case).read_bytes(),
            headers={"content-type": content_type},
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def post(self, path: str, **kwargs: Any) -> httpx2.Response:
        headers = {**SAME, **kwargs.pop("headers", {})}
        return await self.browser.post(path, headers=headers, **kwargs)

    async def tip(self) -> str:
        """What the next tip says."""
        answer = await self.post("/recommend")
        assert answer.status_code == 200, answer.text
        content: str = answer.json()["tip"]["content"]
        return content

    async def upload(self, case: str) -> str:
        """Choose the file on the connect page; the page that follows."""
        answer = await self.post(
            "/connect/file/import",
            data={"csrf": csrf_of(self.browser)},
            files={"file": (case, (CASES / case).read_bytes())},
        )
        return answer.text

    async def paste(self, text: str) -> str:
        """Paste the text on the connect page; the page that follows."""
        form = {"csrf": csrf_of(self.browser), "list": text}
        return (await self.post("/connect/file/import", data=form)).text

    async def stored(self) -> list[StoredTask]:
        async with self.site.db.read() as connection:
            found = await tasks.list_of_source(connection, self.id, "file")
        return list(found.values())

    async def open(self) -> list[Task]:
        return [row.task for row in await self.stored() if row.completed_at is None]

    async def titles(self) -> set[str]:
        return {task.title for task in await self.open()}

    async def named(self, title: str) -> Task:
        (task,) = [task for task in await self.open() if task.title == title]
        return task

    async def finish(self, title: str) -> None:
        task = await self.named(title)
        await tick_off(self.site.db, self.site.clock, self.id, task.id)


@pytest.fixture
async def ada(site: Site) -> AsyncIterator[Person]:
    site.clock.advance((NOW - site.clock.now()).total_seconds())
    browser = await site.signed_in()
    async with site.db.read() as connection:
        (user_id,) = await users.sequences(connection)
    yield Person(site, browser, user_id)
    await browser.aclose()


def by_number(found: list[Task]) -> dict[str, Task]:
    """Tasks whose titles begin with a letter and a number, by these."""
    return {task.title[:4]: task for task in found}


def days(*pairs: tuple[str, str | None]) -> dict[str, date | None]:
    return {name: date.fromisoformat(day) if day else None for name, day in pairs}


async def test_01_an_export_in_german(ada: Person) -> None:
    answer = await ada.send("01-export-de.csv", "wohnung%20[123].csv")
    found = {task.title: task for task in await ada.open()}
    assert {task.project for task in found.values()} == {"wohnung"}
    assert {title: task.due for title, task in found.items()} == days(
        ("Zaun streichen", None),
        ("Werkstatt", None),
        ("Herd putzen", "2026-12-04"),
        ("Blumen giessen", "2026-11-26"),
        ("Miete prüfen", "2026-11-27"),
        ("Müll raus", "2026-11-27"),
        ("Brief an Oma", "2026-12-12"),
        ("Steuer", "2027-03-01"),
    )
    assert {title for title, task in found.items() if task.recurring} == {
        "Zaun streichen",
        "Miete prüfen",
    }
    assert [(e["line"], "jährlich" in e["message"]) for e in answer["errors"]] == [(4, True)]
    assert "de" in answer["languages"]


RECURRING = days(
    ("R 00", None), ("R 01", "2026-11-30"), ("R 02", None), ("R 03", None),
    ("R 04", "2026-12-15"), ("R 05", "2026-12-02"), ("R 06", "2026-11-30"), ("R 07", "2026-11-27"),
    ("R 08", "2026-11-25"), ("R 09", "2026-11-25"), ("R 10", "2026-12-01"), ("R 11", None),
    ("R 12", "2026-11-27"), ("R 13", "2026-12-07"), ("R 14", "2026-11-25"), ("R 15", None),
    ("R 16", None), ("R 17", "2026-11-25"), ("R 18", None), ("R 19", "2026-11-28"),
    ("R 20", "2026-11-26"), ("R 21", "2026-12-18"), ("R 22", "2026-11-30"), ("R 23", "2026-11-30"),
    ("R 24", "2027-01-03"),
)  # fmt: skip


async def test_02_what_comes_again_has_its_next_day_or_a_word_about_it(ada: Person) -> None:
    answer = await ada.send("02-recurring-en.csv")
    found = by_number(await ada.open())
    assert {name: task.due for name, task in found.items()} == RECURRING
    assert all(task.recurring for task in found.values())
    undated = {int(name[2:]) + 2 for name, day in RECURRING.items() if day is None}
    assert {error["line"] for error in answer["errors"]} == undated
    eight = datetime(2026, 11, 25, 8, tzinfo=ZoneInfo("Europe/London"))
    assert found["R 08"].due_at == eight


async def test_03_every_date_of_todoists_quick_add(ada: Person) -> None:
    answer = await ada.send("03-dates-en.csv")
    found = by_number(await ada.open())
    friday = {f"D {n}" for n in (13, 14, 17, 18, 19, 20, 21, 22, 23, 24, 25, 35, 36)}
    assert {found[name].due for name in friday} == {date(2026, 11, 27)}
    assert {name: found[name].due for name in sorted(found.keys() - friday)} == days(
        ("D 00", "2026-11-26"), ("D 01", "2026-11-25"), ("D 02", "2026-11-25"),
        ("D 03", "2026-11-26"), ("D 04", "2026-11-30"), ("D 05", "2026-12-04"),
        ("D 06", "2026-11-28"), ("D 07", "2026-12-01"), ("D 08", "2026-11-28"),
        ("D 09", "2026-12-09"), ("D 10", "2026-12-25"), ("D 11", "2026-11-30"),
        ("D 12", "2026-11-28"), ("D 15", "2026-11-27"), ("D 16", "2026-11-27"),
        ("D 26", "2026-11-30"), ("D 27", "2026-12-15"), ("D 28", "2026-11-25"),
        ("D 29", "2026-11-26"), ("D 30", "2026-12-12"), ("D 31", "2026-12-01"), ("D 32", None),
        ("D 33", "2026-11-28"), ("D 34", "2026-11-25"),
    )  # fmt: skip
    assert answer["errors"] == []
    london = ZoneInfo("Europe/London")
    assert found["D 00"].due_at == datetime(2026, 11, 26, 17, tzinfo=london)
    assert found["D 28"].due_at == datetime(2026, 11, 25, 12, tzinfo=london)
    assert not any(task.recurring for task in found.values())


async def test_04_dates_in_the_languages_that_todoist_writes(ada: Person) -> None:
    answer = await ada.send("04-languages.csv")
    found = by_number(await ada.open())
    tomorrow, monday = "2026-11-26", "2026-11-30"
    assert {name: task.due for name, task in found.items()} == days(
        ("L 00", tomorrow), ("L 01", "2026-11-25"), ("L 02", monday), ("L 03", tomorrow),
        ("L 04", "2026-11-25"), ("L 05", monday), ("L 06", tomorrow), ("L 07", monday),
        ("L 08", "2026-11-25"), ("L 09", "2026-12-12"), ("L 10", monday), ("L 11", "2026-11-27"),
        ("L 12", tomorrow), ("L 13", tomorrow), ("L 14", "2026-11-25"), ("L 15", "2026-11-25"),
        ("L 16", "2026-12-01"), ("L 17", "2026-12-01"), ("L 18", "2026-11-27"),
        ("L 19", "2026-11-26"), ("L 20", "2026-11-28"), ("L 21", "2026-11-29"), ("L 22", monday),
    )  # fmt: skip
    again = {name for name, task in found.items() if task.recurring}
    assert again == {"L 01", "L 02", "L 04", "L 05", "L 07", "L 10", "L 14", "L 15"}
    assert answer["errors"] == []
    assert set(answer["languages"]) == {"de", "es", "fr", "ja", "nl", "pt", "ru", "zh"}


async def test_05_due_date_is_read_like_date(ada: Person) -> None:
    await ada.send("05-legacy-due-date.csv")
    assert {task.title: task.due for task in await ada.open()} == days(
        ("Send the parcel", "2026-11-20"), ("Buy lamp", "2026-11-26")
    )


async def test_06_rows_about_the_view_are_no_tasks(ada: Person) -> None:
    await ada.send("06-view-style-task.csv")
    assert await ada.titles() == {"Fix the gate"}


@pytest.mark.parametrize(
    ("case", "title"),
    [("08-excel-sep-line.csv", "Water fern"), ("42-header-spaces.csv", "Buy milk")],
)
async def test_08_42_what_spreadsheets_and_hands_do_to_csv(
    ada: Person, case: str, title: str
) -> None:
    await ada.send(case)
    task = await ada.named(title)
    assert (task.due, task.priority) == (date(2026, 11, 27), 4)


async def test_09_words_stay_and_marks_go(ada: Person) -> None:
    await ada.send("09-content.csv")
    assert await ada.titles() == {
        '=HYPERLINK("http://evil.example/x";"Click")',
        "Renew card @errands @Home 🏠",
        "Very bold gone code",
        "🧺 Wäsche 👩\u200d👩\u200d👧",
        "לקנות חלב http://evil",
        "Email @ work",
        "Meet @anna at the bar",
        "Multi line content",
        "Team:",
        "%(priority)s {0} {{q}} “quoted” ”",
    }
    assert (await ada.named("Multi line content")).labels == ("later",)


async def test_10_the_same_title_elsewhere_is_another_task(ada: Person) -> None:
    first = await ada.send("10-subtasks-dups.csv")
    found = await ada.open()
    assert sorted(task.title for task in found if task.title.lower() == "pack") == [
        "Pack", "Pack", "pack",
    ]  # fmt: skip
    assert first["taken"] == len(found) == 9
    assert (await ada.send("10-subtasks-dups.csv"))["taken"] == 0
    assert (await ada.named("Fine")).recurring
    assert [error["line"] for error in first["errors"]] == [9]


@pytest.mark.parametrize(
    ("case", "title", "encoding", "charset"),
    [
        ("11-latin1.csv", "Grüße an Zoë", "windows-1252", "iso-8859-1"),
        ("15-shift-jis.csv", "牛乳を買う", "shift_jis", "shift_jis"),
    ],
)
async def test_11_15_the_encodings_that_spreadsheets_write(
    ada: Person, case: str, title: str, encoding: str, charset: str
) -> None:
    assert (await ada.send(case))["encoding"] == encoding
    assert await ada.titles() == {title}
    said = await ada.send(case, content_type=f"text/csv; charset={charset}")
    assert (said["encoding"], said["taken"]) == (encoding, 0)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
async def test_11_15_utf_16_with_and_without_its_mark(ada: Person, codec: str) -> None:
    text = (CASES / "05-legacy-due-date.csv").read_text()
    answer = await ada.post(
        "/api/sources/file/import?filename=x.csv", content=text.encode(codec), headers=RAW
    )
    assert answer.status_code == 200
    assert await ada.titles() == {"Send the parcel", "Buy lamp"}


async def test_11_15_what_is_not_recognised_is_refused_by_its_name(ada: Person) -> None:
    for data, headers, name in (
        ("Купить молоко\nПозвонить маме завтра\n".encode("cp1251"), RAW, "cp1251"),
        ("Zażółć gęślą jaźń, kupić śrubę\n".encode("cp1250"), RAW, "cp1250"),
        (b"caf\xe9", {"content-type": "text/csv; charset=utf-8"}, "utf-8"),
        (b"a", {"content-type": "text/csv; charset=rot13"}, "rot13"),
    ):
        answer = await ada.post("/api/sources/file/import", content=data, headers=headers)
        assert answer.status_code == 400
        assert name in answer.json()["detail"]
    assert await ada.open() == []


async def test_14_an_unclosed_quote_is_refused_where_it_opens(ada: Person) -> None:
    page = await ada.upload("14-unclosed-quote.csv")
    assert "Line 2: a quote" in page
    assert await ada.open() == []


# the open tasks of each form; what is finished, and what is no task, is not among them
OPEN = {
    "16-ticktick.csv": {"Book dentist"},
    "17-ticktick.txt": {"Book dentist"},
    "20-todotxt.txt": {
        "Call the plumber", "Order soil", "Sweep the stairs", "X-ray appointment on Friday",
        "xylophone lesson", "Buy x 3 batteries",
    },
    "21-markdown-nested.md": {
        "Kitchen", "Clean oven", "Deferred thing", "Half thing", "Glued box", "Missing space",
        "Plus bullet", "Numbered", "Quoted task", "Bare box", "Unicode box",
    },
    "22-org.org": {"Pay the vet", "Draft letter", "inner step", "Reply from Lee"},
    "23-obsidian-tasks.md": {"Renew passport", "Water cactus", "Prepare agenda"},
    "24-taskpaper.txt": {"Rake leaves"},
    "25-numbers.txt": {
        "First", "Second", "10 eggs", "3.5 mm jack", "2026. Year review", "Seventh",
        "50% off coupon", "-5 degrees check", "en dash item", "em dash item", "bullet",
        "middle dot", "arrow", "link text read", "https://example.org/only/a/link",
    },
    "26-cr-vt-ls.txt": {
        "Line one", "still one", "page two", "sep", "next", "Last", "CRLF line", "CR line",
    },
    "27-apple-notes.txt": {"Call school", "Buy paint", "Fix lamp"},
    "39b-joiners.txt": {
        "می\u200cخواهم کتاب\u200cها را بخرم", "👩\u200d👩\u200d👧 trip", "क्\u200dष",
    },
    "46-other-app.ics": {"Call"},
}  # fmt: skip


every_form = pytest.mark.parametrize("case", sorted(OPEN))


@every_form
async def test_each_form_is_read_as_what_it_is(ada: Person, case: str) -> None:
    answer = await ada.send(case)
    assert await ada.titles() == OPEN[case]
    # what was done before oO heard of it is nothing that oO keeps
    assert len(await ada.stored()) == answer["tasks"] == len(OPEN[case])


@every_form
async def test_each_form_is_read_as_what_it_is_when_it_is_pasted(ada: Person, case: str) -> None:
    text = (CASES / case).read_bytes().decode("utf-8")
    page = await ada.paste(text)
    assert "Read as" in page
    assert await ada.titles() == OPEN[case]


async def test_16_24_what_the_forms_say_of_a_task_is_understood(ada: Person) -> None:
    for case in OPEN:
        await ada.send(case)
    found = {task.title: task for task in await ada.open()}
    friday = date(2026, 11, 27)
    expected = {
        "Book dentist": (friday, 3, ("health",), "Inbox"),
        "Call the plumber": (friday, 4, ("phone",), "Flat"),
        "Pay the vet": (friday, 4, ("home",), "Agenda"),
        "Renew passport": (friday, 4, ("travel",), None),
        "Rake leaves": (friday, 1, (), "Garden"),
    }
    for title, told in expected.items():
        task = found[title]
        assert (task.due, task.priority, task.labels, task.project) == told
    assert found["Water cactus"].recurring
    assert found["Water cactus"].due == date(2026, 11, 26)
    assert found["Kitchen"].project == "Home"


@pytest.mark.parametrize("case", ["20-todotxt.txt", "21-markdown-nested.md", "25-numbers.txt"])
async def test_lines_that_are_no_tasks_are_named(ada: Person, case: str) -> None:
    lines = {"20-todotxt.txt": [9], "21-markdown-nested.md": [3], "25-numbers.txt": [9, 10]}
    answer = await ada.send(case)
    assert [error["line"] for error in answer["errors"]] == lines[case]


async def test_a_form_that_is_not_known_is_named(ada: Person) -> None:
    assert "This looks like JSON" in await ada.paste('{"tasks": [{"title": "x"}]}')
    assert await ada.open() == []


async def test_31_every_month_is_not_monday(ada: Person) -> None:
    answer = await ada.send("31-month-is-monday.csv")
    found = {task.title: task for task in await ada.open()}
    assert {title: (task.due, task.recurring) for title, task in found.items()} == {
        "Pay the rent": (None, True),
        "Renew pass": (date(2026, 12, 1), False),
        "Send report": (None, True),
    }
    assert [error["line"] for error in answer["errors"]] == [2, 4]


async def test_33_an_instant_falls_on_the_persons_own_day(ada: Person) -> None:
    await ada.send("33-due-in-another-zone.csv")
    task = await ada.named("Tokyo call")
    assert task.due_at == datetime(2026, 11, 26, 0, tzinfo=UTC)
    assert due.due_day(task, ZoneInfo("Asia/Tokyo")) == date(2026, 11, 26)
    assert due.due_day(task, ZoneInfo("America/New_York")) == date(2026, 11, 25)


async def test_34_iso_instants_are_instants(ada: Person) -> None:
    await ada.send("34-iso-instants.csv")
    assert {task.title: task.due_at for task in await ada.open()} == {
        "Zulu": datetime(2026, 11, 27, 2, tzinfo=UTC),
        "Offset": datetime(2026, 11, 27, 23, 30, tzinfo=UTC),
    }


async def test_35_the_deadline_counts_where_the_date_gives_no_day(ada: Person) -> None:
    await ada.send("35-deadline-behind-date.csv")
    assert {(task.due, task.recurring) for task in await ada.open()} == {(date(2026, 12, 1), True)}


async def test_35_in_todoists_api_too(ada: Person) -> None:
    peer = ada.site.peer
    peer.add_task("Deadline", deadline={"date": "2026-12-01", "lang": "en"})
    peer.add_task("Theirs", responsible_uid="999", due=None)
    peer.add_task("Mine", responsible_uid="2671355", due=None)
    peer.add_task("* Header")
    peer.add_task("**Bold** [link](https://x.example/a_(b))")
    start = await ada.browser.get("/connect/todoist/start")
    consent = await ada.site.provider.get(start.headers["location"])
    await ada.browser.get(httpx2.URL(consent.headers["location"]).raw_path.decode())
    async with ada.site.db.read() as connection:
        found = {task.title: task.due for task in await tasks.list_open(connection, ada.id)}
    assert found == {"Deadline": date(2026, 12, 1), "Mine": None, "Bold link": None}


async def test_36_two_files_are_two_projects(ada: Person) -> None:
    await ada.send("36-Home.csv")
    await ada.send("36-Work.csv")
    both = [task for task in await ada.open() if task.title == "Weekly review"]
    assert {task.project for task in both} == {"36-Home", "36-Work"}
    assert await ada.titles() == {"Weekly review", "Home only"}


@pytest.mark.parametrize(
    ("first", "second"),
    [("Errands.csv", "Errands.csv"), ("Errands [7].csv", "Errands [7] (1).csv")],
)
async def test_37_what_a_newer_export_no_longer_has_is_finished(
    ada: Person, first: str, second: str
) -> None:
    await ada.send("37-first.csv", first)
    await ada.send("36-Home.csv")
    answer = await ada.send("37-second.csv", second)
    assert answer["finished"] == 1
    assert await ada.titles() == {"New errand", "Weekly review", "Home only"}
    assert len(await ada.stored()) == 4


async def test_37_what_is_back_in_the_export_is_open_again(ada: Person) -> None:
    await ada.send("37-first.csv", "Errands.csv")
    await ada.finish("New errand")
    await ada.send("37-second.csv", "Errands.csv")
    ada.site.clock.advance(60)
    await ada.send("37-first.csv", "Errands.csv")
    assert await ada.titles() == {"Old errand"}  # what was done here stays so


async def test_37_not_in_pasted_text(ada: Person) -> None:
    await ada.paste((CASES / "37-first.csv").read_text())
    await ada.paste((CASES / "37-second.csv").read_text())
    assert await ada.titles() == {"Old errand", "New errand"}


async def test_37_what_moved_to_another_section_is_not_finished(ada: Person) -> None:
    for text in ("section,A\ntask,Move me\n", "section,A\nsection,B\ntask,Move me\n"):
        answer = await ada.post(
            "/api/sources/file/import?filename=p.csv",
            content=f"TYPE,CONTENT\n{text}".encode(),
            headers=RAW,
        )
    assert answer.json()["finished"] == 0
    assert len(await ada.stored()) == 1


async def test_38_done_ends_this_turn_and_the_next_is_open_again(ada: Person) -> None:
    await ada.send("38-recurring-first.csv", "Plants.csv")
    await ada.finish("Water fern")
    await ada.send("38-recurring-first.csv", "Plants.csv")
    assert await ada.open() == []
    await ada.send("38-recurring-after-done.csv", "Plants.csv")
    assert (await ada.named("Water fern")).due == date(2026, 11, 26)


async def test_38_a_turn_without_a_day_is_open_again_on_another_day(ada: Person) -> None:
    async def send() -> None:
        content = b"TYPE,CONTENT,DATE\ntask,Water fern,every! 2 days\n"
        await ada.post("/api/sources/file/import?filename=p.csv", content=content, headers=RAW)

    await send()
    await ada.finish("Water fern")
    await send()
    assert await ada.open() == []
    ada.site.clock.advance(24 * 3600)
    await send()
    assert await ada.titles() == {"Water fern"}


async def test_39_characters_that_only_deceive_go(ada: Person) -> None:
    await ada.paste("Pay\u200b \u202egnp\u202c \U000e0041\U000e0042now\ufeff 1\u200d2")
    assert await ada.titles() == {"Pay gnp now 12"}


def _says_late(content: str) -> bool:
    return bool({"overdue", "late"} & set(re.findall(r"[a-z]+", content.lower())))


async def test_41_no_tip_says_what_the_last_import_made_false(ada: Person) -> None:
    await ada.send("41-before.csv", "Errands.csv")
    assert any([_says_late(await ada.tip()) for _ in range(20)])
    await ada.send("41-rescheduled.csv", "Errands.csv")
    assert not any([_says_late(await ada.tip()) for _ in range(20)])
    local = ada.site.clock.now()
    assert not any(due.is_overdue(task, local) for task in await ada.open())


async def test_43_a_task_of_half_past_five_is_overdue_at_four_in_the_afternoon(ada: Person) -> None:
    await ada.send("43-time-passed.csv")
    task = await ada.named("Join the call")
    sixteen = NOW.replace(hour=16)
    assert due.is_overdue(task, sixteen)
    assert due.overdue_since(task, sixteen) == "05:30"
    assert not due.is_overdue(task, NOW.replace(hour=5))


async def test_the_answer_says_what_was_read_as_what(ada: Person) -> None:
    answer = await ada.send("21-markdown-nested.md")
    assert (answer["format"], answer["encoding"], answer["tasks"]) == ("Markdown", "utf-8", 11)
    page = await ada.upload("01-export-de.csv")
    assert "Read as Todoist&#39;s CSV export, dates in de, en." in page
    assert "1 to look at" in page
    assert "Undo the last list" in page


async def test_what_is_assigned_to_somebody_else_is_left_out_with_a_word(ada: Person) -> None:
    rows = ["task,Mine,Ada (1),", "task,Ours,Ada (1),Ada (1)", "task,Theirs,Bob (2),Bob (2)"]
    content = "\n".join(["TYPE,CONTENT,AUTHOR,RESPONSIBLE", *rows]).encode()
    answer = await ada.post("/api/sources/file/import?filename=p.csv", content=content, headers=RAW)
    assert await ada.titles() == {"Mine", "Ours"}
    assert answer.json()["errors"] == [{"line": 4, "message": "assigned to Bob (2); left out"}]


async def test_five_thousand_lines_are_taken_in_seconds(ada: Person) -> None:
    rows = "".join(f"task,Task {n},4,1,{n % 28 + 1} Dez {2026 + n % 3},de\n" for n in range(4990))
    began = time.process_time()
    content = b"TYPE,CONTENT,PRIORITY,INDENT,DATE,DATE_LANG\n" + rows.encode()
    answer = await ada.post("/api/sources/file/import?filename=p.csv", content=content, headers=RAW)
    assert answer.json()["taken"] == 4990
    assert time.process_time() - began < 20  # some 4 on one core of a small machine

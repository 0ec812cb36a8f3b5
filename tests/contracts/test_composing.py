"""What composed tips are made of: every kind of work, fact, advice and language is whole."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
import yaml
from babel.dates import get_day_names

import ml.insights.kinds
from ml.activities.activity import FOLDER, Activity, Situation, activities, load
from ml.activities.casebook import Case, casebook
from ml.activities.hint import Hint, hints
from ml.activities.recogniser import Recogniser
from ml.advice.advice import pieces
from ml.agents.agent import agents
from ml.composing.choosing import choose, slots
from ml.composing.composer import Composer, Line
from ml.generation.drafts import MAX_CONTENT
from ml.generation.titles import is_plain
from ml.insights.insight import Scene, Work, finders, insights
from ml.languages.language import Language, languages
from oo.domain.claims import Claim, Fact, holds
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.standing import Moment, Standing
from oo.domain.tasks import Task
from oo.recommend.assembly import assemble
from tests.contracts.dropped import dropped

CODES = ("de", "en", "es", "fr", "ja")
SLOT = re.compile(r"\{\w+\}")
# quotation marks are for titles; the others are how people shout, ask and shorten
BARRED = re.compile(r"[“”„«»\"「」『』!！¡?？¿(){}\[\]…]")
OF_A_DAY = re.compile(
    r"\b(today|tonight|tomorrow|yesterday|overdue|heute|gestern|hoy|ayer|aujourd.hui|demain|hier)\b"
    r"|今日|明日|昨日",
    re.IGNORECASE,
)
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # a Wednesday morning


def columns(text: str) -> int:
    return sum(2 if ord(char) > 0x2E80 else 1 for char in text)


def steps_of(activity: Activity) -> list[tuple[str, str]]:
    return [
        (code, step)
        for code, wording in activity.wordings.items()
        for steps in wording.steps.values()
        for step in steps
    ]


@pytest.mark.parametrize("activity", activities().values(), ids=lambda one: one.name)
class TestActivity:
    def test_speaks_every_language(self, activity: Activity) -> None:
        assert set(activity.wordings) == set(languages())
        for wording in activity.wordings.values():
            assert len(wording.titles) >= 7
            assert all(len(steps) >= 2 for steps in wording.steps.values())

    def test_has_plain_whole_steps(self, activity: Activity) -> None:
        for code, step in steps_of(activity):
            assert step.endswith("。" if code == "ja" else "."), step
            assert not BARRED.search(step), step
            assert is_plain(step), step
            assert columns(step) <= 90, step

    def test_goes_with_others_of_a_known_sort(self, activity: Activity) -> None:
        sorts = {name.removeprefix("together_") for name in finders()["together"].says}
        assert activity.batch is None or activity.batch in sorts


@pytest.mark.parametrize("name", sorted({case.activity for case in casebook()}))
class TestCases:
    @staticmethod
    def of(name: str) -> list[Case]:
        return [case for case in casebook() if case.activity == name]

    def test_are_of_a_kind_of_work_and_in_every_language(self, name: str) -> None:
        assert name in activities()
        assert {case.language for case in self.of(name)} == set(languages())

    def test_have_plain_whole_steps_that_state_nothing_of_a_day(self, name: str) -> None:
        for case in self.of(name):
            assert case.plain.endswith("。" if case.language == "ja" else "."), case
            assert not BARRED.search(case.plain), case
            assert is_plain(case.plain), case
            assert columns(case.plain) <= 120, case
            assert not OF_A_DAY.search(case.plain), case
            assert len(case.title) <= 60, case


@pytest.mark.parametrize("hint", hints().values(), ids=lambda one: one.name)
def test_a_hint_speaks_every_language_and_states_nothing(hint: Hint) -> None:
    assert set(hint.steps) == set(languages())
    assert hint.not_for <= set(activities())
    for code, steps in hint.steps.items():
        for step in steps:
            assert step.endswith("。" if code == "ja" else "."), step
            assert not BARRED.search(step), step
            assert is_plain(step), step
            assert columns(step) <= 120, step
            assert not OF_A_DAY.search(step), step


def test_no_two_kinds_of_work_share_a_step() -> None:
    steps = [step for activity in activities().values() for step in steps_of(activity)]
    steps += [(case.language, case.plain) for case in casebook()]
    steps += [
        (code, step)
        for hint in hints().values()
        for code, steps in hint.steps.items()
        for step in steps
    ]
    assert sorted(steps) == sorted(set(steps))


@pytest.mark.parametrize("language", languages().values(), ids=lambda one: one.code)
class TestLanguage:
    def test_has_a_sentence_for_every_fact(self, language: Language) -> None:
        said = {name for finder in finders().values() for name in finder.says}
        said |= {name for agent in agents().values() for name in agent.says}
        assert set(language.facts) == said

    def test_tells_the_same_of_a_fact_as_others_do(self, language: Language) -> None:
        english = languages()["en"]
        for name, texts in language.facts.items():
            asked = {frozenset(SLOT.findall(text)) for text in english.facts[name]}
            assert {frozenset(SLOT.findall(text)) for text in texts} <= asked, name

    def test_says_what_follows_a_step_with_no_title_in_it(self, language: Language) -> None:
        english = languages()["en"]
        assert set(language.after) == set(english.after) <= set(language.facts)
        for name, texts in language.after.items():
            told = {slot for text in english.facts[name] for slot in SLOT.findall(text)} - {"{q}"}
            for text in texts:
                assert set(SLOT.findall(text)) <= told, (name, text)
                assert not text or text.endswith("。" if language.code == "ja" else "."), text

    def test_says_as_much_of_a_fact_where_tasks_have_names(self, language: Language) -> None:
        english = languages()["en"]
        assert set(language.named.before) == set(english.named.before) <= set(language.facts)
        assert set(language.named.after) == set(language.after)
        for name, texts in [*language.named.before.items(), *language.named.after.items()]:
            told = {slot for text in english.facts[name] for slot in SLOT.findall(text)}
            told = {{"{q}": "{n}", "{r}": "{m}", "{s}": "{o}"}.get(slot, slot) for slot in told}
            said = [{slot.lower() for slot in SLOT.findall(text)} for text in texts]
            assert all(slots <= told for slots in said), (name, texts)
            if name in language.named.before and texts is language.named.before[name]:
                assert all(slots >= told - {"{days}", "{weekday}"} for slots in said), (name, texts)

    def test_has_every_piece_of_advice(self, language: Language) -> None:
        assert [name for name, one in pieces().items() if language.code not in one.texts] == []

    def test_has_steps_for_what_is_not_known(self, language: Language) -> None:
        assert all(len(language.unknown[situation]) >= 3 for situation in Situation)


def test_the_languages() -> None:
    assert tuple(languages()) == CODES


TITLES = {
    "en": ("Call the dentist", "Call mum", "Pay rent", "Zorbl", "Read chapter 4", "Fix login bug"),
    "de": (
        "Zahnarzt anrufen",
        "Oma anrufen",
        "Miete zahlen",
        "Gedöns",
        "Kapitel lesen",
        "Bug fixen",
    ),
    "es": ("Llamar al dentista", "Llamar a mamá", "Pagar el alquiler", "Cosas", "Leer", "Compra"),
    "fr": ("Appeler le dentiste", "Appeler maman", "Payer le loyer", "Bidule", "Lire", "Courses"),
    "ja": ("歯医者に電話する", "母に電話", "家賃を払う", "あれ", "本を読む", "買い物に行く"),
}


def drawn(code: str, random: Random) -> Moment:
    """A list in a language, at some hour."""
    now = NOW + timedelta(hours=random.randrange(24 * 7))
    titles = random.sample(TITLES[code], random.randint(3, 6))
    tasks = [
        Task(
            f"f:{n}",
            "f",
            str(n),
            title,
            random.choice((1, 1, 4)),
            random.choice((None, now.date() + timedelta(days=random.randint(-40, 7)))),
            random.choice((None, None, now + timedelta(minutes=random.randint(-600, 600)))),
            now - timedelta(days=random.randint(0, 90)),
        )
        for n, title in enumerate(titles)
    ]
    return Standing(tasks, ZoneInfo("Europe/Zurich")).at(now)


COMPOSER = Composer(Recogniser(activities(), None))


def lines(moment: Moment, random: Random) -> list[Line]:
    available = [task for task in moment.standing.tasks.values() if isinstance(task, Task)]
    return COMPOSER.lines(assemble(moment, available), random)


def told(line: Line, language: Language) -> tuple[set[int], set[int]]:
    """The numbers and the days of the week that a line's fact states, titles and names aside."""
    text = line.content.removesuffix(line.step or "").removeprefix(line.step or "")
    for name in line.names:
        text = re.sub(re.escape(name), " ", text, count=1, flags=re.IGNORECASE)
    start, end = (re.escape(mark) for mark in language.quotes)
    text = re.sub(f"{start}.*?{end}", " ", text)
    names = get_day_names("wide", locale=language.code)
    days = {number for number, name in names.items() if name.casefold() in text.casefold()}
    return {int(number) for number in re.findall(r"\d+", text)}, days


@pytest.mark.parametrize("code", CODES)
def test_what_is_said_is_what_is_claimed_and_so(code: str) -> None:
    """Read out of the finished text, apart from the code that made it: numbers and days."""
    seen: set[str] = set()
    for seed in range(150):
        random = Random(seed)
        moment = drawn(code, random)
        for line in lines(moment, random):
            if line.insight in pieces():
                continue
            seen.add(line.insight)
            assert line.language == code
            assert all(holds(claim, moment) for claim in line.claims), line
            assert len(line.content) <= MAX_CONTENT
            numbers, days = told(line, languages()[code])
            assert numbers <= set().union(*map(numbers_of, line.claims)), line
            assert days <= set().union(*map(days_of, line.claims)), line
    assert len(seen) >= 15


def numbers_of(claim: Claim) -> set[int]:
    if claim.fact is Fact.OVERDUE_SINCE:
        return {int(part) for part in str(claim.value).split(":")}
    if claim.fact is Fact.FREE:
        return {int(part) for part in re.findall(r"\d+", str(claim.value))}
    counts = (Fact.DAYS_LATE, Fact.AGE)
    return {int(claim.value), int(claim.value) // 7} if claim.fact in counts else set()  # type: ignore[arg-type]


def days_of(claim: Claim) -> set[int]:
    dated = (Fact.DUE_ON, Fact.WAS_DUE_ON, Fact.WEEKDAY)
    return {int(claim.value)} if claim.fact in dated else set()  # type: ignore[arg-type]


@pytest.mark.parametrize("code", CODES)
def test_what_a_model_is_offered_holds_references_and_nothing_that_was_typed(code: str) -> None:
    random = Random(7)
    moment = drawn(code, random)
    for line in lines(moment, random):
        assert not any(title in line.spoken for title in TITLES[code])
        assert not re.search(r'["\\]', line.spoken)


def test_a_set_speaks_of_different_tasks_and_no_text_stands_in_two_slots() -> None:
    random = Random(3)
    found = lines(drawn("en", random), random)
    chosen = choose(found, 6)
    assert len({line.content for line in chosen}) == len(chosen)
    offered = [line.content for slot in slots(found, 6) for line in slot]
    assert len(offered) == len(set(offered))


def test_at_night_nothing_is_urged() -> None:
    now = NOW.replace(hour=23)
    tasks = [Task(f"f:{n}", "f", str(n), title) for n, title in enumerate(TITLES["en"])]
    moment = Standing(tasks, ZoneInfo("UTC")).at(now)
    assert moment.daypart is DayPart.NIGHT
    found = lines(moment, Random(1))
    night = {step for kind in activities().values() for step in kind.steps("en", Situation.NIGHT)}
    night |= set(languages()["en"].unknown[Situation.NIGHT])
    assert found
    assert {line.step for line in found if line.step} <= night


def test_a_kind_of_work_is_one_file(tmp_path: Path) -> None:
    body = yaml.safe_load((FOLDER / "call.yaml").read_text("utf-8"))
    body["en"]["titles"] = ["Zorbl the quux"] * 7
    body["en"]["verbs"] = ["zorbl"]
    (tmp_path / "zorbl.yaml").write_text(yaml.safe_dump(body), "utf-8")
    known = {**activities(), "zorbl": load(tmp_path / "zorbl.yaml")}
    (found,) = Recogniser(known, None)(["Zorbl the fence"])
    assert found.activity is not None
    assert found.activity.name == "zorbl"


INSIGHT = """
from ml.insights.insight import Finder, Insight


def find(scene):
    for work in scene.works:
        yield Insight("undated", work, 10, ())


INSIGHT = Finder("dropped", ("undated",), find)
"""


def test_a_fact_is_one_file(tmp_path: Path) -> None:
    with dropped(ml.insights.kinds, tmp_path, "dropped", INSIGHT):
        assert "dropped" in finders()


def test_advice_and_a_language_are_files(tmp_path: Path) -> None:
    piece = (Path(FOLDER).parents[1] / "advice" / "pieces" / "one_at_a_time.yaml").read_text(
        "utf-8"
    )
    (tmp_path / "other.yaml").write_text(piece, "utf-8")
    assert set(pieces(tmp_path)) == {"other"}
    (tmp_path / "pt").mkdir()
    spanish = FOLDER.parents[1] / "languages" / "es" / "facts.yaml"
    (tmp_path / "pt" / "facts.yaml").write_text(spanish.read_text("utf-8"), "utf-8")
    assert languages(tmp_path)["pt"].weekday(1) == "terça-feira"


def test_what_is_only_likely_is_proposed_and_not_stated() -> None:
    """A step may be of the wrong kind; "both are calls" must not be."""
    call = activities()["call"]
    tasks = [TaskFacts(f"f:{n}", f"Zorbl {n}", 1, 0, 3, None) for n in range(2)]
    context = PromptContext(DayPart.MORNING, 1, 2, 0, tuple(tasks))
    for is_sure in (False, True):
        scene = Scene(context, tuple(Work(task, call, is_sure) for task in tasks))
        said = {insight.name for insight in insights(scene)}
        assert ("together_calls" in said) is is_sure

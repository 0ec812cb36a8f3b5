"""Sub-agents: each is found by its place, keeps its budget, and says only what is so."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ml.agents.kinds
from ml.activities.activity import Stake, activities
from ml.activities.recogniser import Recognised, Recogniser
from ml.agents.agent import Agent, agents, every_agent, tokens
from ml.agents.briefing import brief
from ml.agents.orchestrator import ask, listen
from ml.composing.composer import Composer
from ml.composing.writing import write
from ml.generation.completion import Completion, CompletionRequest
from ml.generation.drafts import Source, TipDraft
from ml.generation.gate import pool_key
from ml.languages.language import languages
from ml.prompts.prompt import load
from oo.domain.agents import Said
from oo.domain.claims import holds
from oo.domain.context import PromptContext
from oo.domain.lately import Acted, Beside, Busy
from oo.domain.standing import Moment, Standing
from oo.domain.tasks import Task
from oo.recommend.assembly import assemble
from tests.contracts.dropped import dropped
from tests.unit.web.conftest import open_site

NAMES = ("focus_area", "momentum", "overdue_task", "recent_patterns", "time_of_day")
CODES = ("de", "en", "es", "fr", "ja")
ZONE = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # a Wednesday morning
TITLES = {
    "en": ("Call the dentist", "Call mum", "Call back Mr Ortiz", "Pay rent", "File the tax return",
           "Reply to Ana", "Read chapter 4", "Buy milk", "Post the parcel", "Fix login bug"),
    "de": ("Zahnarzt anrufen", "Oma anrufen", "Frau Yilmaz zurückrufen", "Miete zahlen",
           "Steuererklärung abgeben", "Kapitel lesen", "Milch kaufen", "Paket zur Post bringen"),
    "es": ("Llamar al dentista", "Llamar a mamá", "Llamar al casero", "Pagar el alquiler",
           "Leer el capítulo 4", "Comprar leche", "Responder a Ana"),
    "fr": ("Appeler le dentiste", "Appeler maman", "Appeler l'assurance", "Payer le loyer",
           "Lire le chapitre 4", "Acheter du lait", "Répondre à Ana"),
    "ja": ("歯医者に電話する", "母に電話", "保険会社に電話", "家賃を払う", "本を読む",
           "牛乳を買う"),
}  # fmt: skip


class Sure(Recogniser):
    """As sure of a kind as one that compares examples; words alone hardly are."""

    def __call__(self, titles: Sequence[str]) -> list[Recognised]:
        return [
            found._replace(is_sure=found.activity is not None) for found in super().__call__(titles)
        ]


COMPOSER = Composer(Sure(activities(), None))


@st.composite
def moments(draw: st.DrawFn, code: str = "en") -> Moment:
    """A list in a language, with a history and a calendar, at some hour."""
    now = NOW + timedelta(minutes=draw(st.integers(0, 7 * 24 * 60)))
    chosen = draw(st.lists(st.sampled_from(TITLES[code]), min_size=1, max_size=8, unique=True))
    days = st.none() | st.integers(-40, 4)
    tasks = [
        Task(
            f"f:{n}",
            "f",
            str(n),
            title,
            draw(st.sampled_from((1, 1, 4))),
            None if (ahead := draw(days)) is None else now.date() + timedelta(days=ahead),
            labels=draw(st.sampled_from(((), ("home",), ("home",), ("work", "home")))),
        )
        for n, title in enumerate(chosen)
    ]
    habit = draw(st.sampled_from((0, 6, 24)))  # the same hours, or any
    mood = draw(st.sampled_from((("done", "done", "dismiss"), ("done", "dismiss", "dismiss"))))
    acted = [
        Acted(
            now - timedelta(days=draw(st.integers(0, 9)), hours=draw(st.integers(0, habit))),
            draw(st.sampled_from(mood)),
            draw(st.sampled_from(("task", "reminder"))),
        )
        for _ in range(draw(st.sampled_from((0, 5, 30))))
    ]
    begins = [now + timedelta(minutes=draw(st.integers(-90, 300))) for _ in range(2)]
    busy = [Busy(at, at + timedelta(minutes=30)) for at in begins]
    labels = {task.id: task.labels[0] for task in tasks if task.labels}
    return Standing(tasks, ZONE, Beside(acted, labels, busy)).at(now)


def context_of(moment: Moment) -> PromptContext:
    tasks = [task for task in moment.standing.tasks.values() if isinstance(task, Task)]
    return assemble(moment, tasks)


def said_at(moment: Moment) -> tuple[Said, ...]:
    return listen(context_of(moment), COMPOSER, moment.local)


def test_these_are_there() -> None:
    assert tuple(agents()) == NAMES


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("agent", agents().values(), ids=lambda one: one.name)
def test_an_agent_can_say_everything_in_every_language(agent: Agent, code: str) -> None:
    assert [name for name in agent.says if not languages()[code].facts.get(name)] == []
    assert agent.for_writers <= set(agent.says)
    assert agent.computed_from
    assert 0 < agent.budget <= 120


@pytest.mark.parametrize("code", CODES)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_what_is_said_holds_is_budgeted_and_names_its_sentences(
    code: str, data: st.DataObject
) -> None:
    moment = data.draw(moments(code))
    for said in said_at(moment):
        agent = agents()[said.agent]
        assert said.tokens == tokens(said.snippet) <= said.budget == agent.budget
        assert said.as_of == moment.local
        assert list(said.statements) == sorted(said.statements, key=lambda one: -one.weight)
        for one in said.statements:
            assert one.name in agent.says
            assert one.claims
            assert all(holds(claim, moment) for claim in one.claims), one
            titles = {task.id: task.title for task in moment.standing.tasks.values()}
            assert set(one.task_ids) <= set(titles)
            assert not any(title in one.spoken for title in titles.values())


# read out of the finished text and counted from the raw situation, apart from the code that made it


def days_late(task: Task, moment: Moment) -> int:
    return (moment.local.date() - task.due).days if task.due else 0


def done_days(moment: Moment) -> list[tuple[int, int]]:
    """Days ago and local hour of everything that was done."""
    today = moment.local.toordinal()
    local = [
        act.at.astimezone(ZONE)
        for act in moment.standing.beside.acted or ()
        if act.action == "done"
    ]
    return [(today - at.toordinal(), at.hour) for at in local]


def kinds_of(titles: Sequence[str]) -> list[str | None]:
    found = COMPOSER.recogniser(titles)
    return [one.activity.batch if one.activity else None for one in found]


SORTS = {
    "are calls": "calls", "are messages": "messages", "are errands": "errands",
    "are paperwork": "paperwork", "are housework": "household",
    "need the computer": "computer", "are reading": "reading", "need tools": "handiwork",
}  # fmt: skip
PARTS = {"morning": range(5, 12), "afternoon": range(12, 17), "evening": range(17, 22)}
SEEN: Counter[str] = Counter()


def is_true(name: str, text: str, moment: Moment) -> bool:
    tasks = [task for task in moment.standing.tasks.values() if isinstance(task, Task)]
    quoted = [
        task for title in re.findall("“(.*?)”", text) for task in tasks if task.title == title
    ]
    numbers = [int(it) for it in re.findall(r"(?<!\d:)\b\d+\b(?!:)", re.sub("“.*?”", "", text))]
    overdue = [task for task in tasks if days_late(task, moment) > 0]
    done = done_days(moment)
    hour = moment.local.hour
    if name in ("most_at_stake", "not_to_leave", "somebody_waits"):
        late = days_late(quoted[0], moment)
        weeks = "week" in text
        right = numbers == [late // 7 if weeks else late] and late > 1
        (found,) = COMPOSER.recogniser([quoted[0].title])
        assert found.activity is not None
        if name == "somebody_waits":
            return right and found.activity.involves_others
        others = COMPOSER.recogniser([task.title for task in overdue if task is not quoted[0]])
        is_most = all(it.activity and it.activity.stake is not Stake.HIGH for it in others)
        is_high = found.activity.stake is Stake.HIGH
        return right and is_high and (name == "not_to_leave" or (is_most and len(others) > 0))
    if name in ("done_go_on", "done_enough"):
        right = numbers == [sum(ago == 0 for ago, _ in done)]
        return right and (name == "done_go_on" or not overdue)
    if name == "week_rest":
        return numbers == [sum(0 <= ago < 7 for ago, _ in done)] and not overdue
    if name == "streak_today":
        days = {ago for ago, _ in done}
        return 0 not in days and set(range(1, numbers[0] + 1)) <= days
    if name.startswith("acts_"):
        part = PARTS[name.removeprefix("acts_")]
        of_part = sum(at in part for _, at in done)
        return numbers == [len(done), of_part] and hour in part and len(done) >= 12
    if name.startswith("waves_away_"):
        kind = name.removeprefix("waves_away_")
        of_kind = [act for act in moment.standing.beside.acted or () if act.kind == kind]
        dismissed = sum(act.action == "dismiss" for act in of_kind)
        return numbers == [dismissed, len(of_kind)] and len(of_kind) >= 12
    if name.startswith("weighs_"):
        sort = next(sort for words, sort in SORTS.items() if words in text)
        of_sort = kinds_of([task.title for task in tasks]).count(sort)
        return numbers[0] == of_sort >= 3 and kinds_of([one.title for one in quoted]) == [sort] * 2
    if name == "same_label":
        labels = Counter(task.labels[0] for task in tasks if task.labels)
        (label,) = {task.labels[0] for task in quoted}
        return numbers[0] == labels[label] >= 3
    if name == "fits_gap":
        (at,) = re.findall(r"\d\d:\d\d", text)
        coming = sorted(
            busy.begins for busy in moment.standing.beside.busy if busy.begins > moment.local
        )
        (found,) = COMPOSER.recogniser([quoted[0].title])
        assert found.activity is not None
        left = (coming[0] - moment.local).total_seconds() / 60
        return f"{coming[0].astimezone(ZONE):%H:%M}" == at and left >= found.activity.minutes[1]
    if name == "night_closed":
        return not overdue and (hour >= 22 or hour < 5)
    words = f"it is {moment.local:%A} {next(it for it, hours in PARTS.items() if hour in hours)}"
    return words in text


@settings(deadline=None, max_examples=400, derandomize=True)
@given(moment=moments())
def test_every_statement_is_true_counted_again(moment: Moment) -> None:
    for said in said_at(moment):
        for one in said.statements:
            SEEN[one.name] += 1
            assert is_true(one.name, one.text, moment), one.text


def test_most_sentences_were_met_above() -> None:
    """Else the property above would hold of what is never said."""
    possible = {name for agent in agents().values() for name in agent.says}
    rare = {"waves_away_insight", "waves_away_advice", "week_rest", "offices_open"}
    rare |= {f"weighs_{sort}" for sort in SORTS.values()}
    assert possible - rare - set(SEEN) == set()


DROPPED = """
from ml.agents.agent import Agent, Source
from ml.insights.insight import Insight
from oo.domain.claims import Claim, Fact
from oo.domain.tips import TipKind


def think(scene):
    clear = (Claim(Fact.OVERDUE_COUNT, value=scene.context.overdue_count),)
    for _ in range(9):
        yield Insight("night_closed", None, 9, clear, TipKind.INSIGHT, stands_alone=True)


AGENT = Agent("dropped", ("night_closed",), (Source.CLOCK,), 30, think)
"""


@contextmanager
def one_more(folder: Path) -> Iterator[None]:
    with dropped(ml.agents.kinds, folder, "dropped", DROPPED):
        every_agent.cache_clear()
        try:
            yield
        finally:
            every_agent.cache_clear()


def some_moment(code: str = "en") -> Moment:
    tasks = [Task(f"f:{n}", "f", str(n), title) for n, title in enumerate(TITLES[code])]
    return Standing(tasks, ZONE).at(NOW)


def test_an_agent_is_one_file_that_reaches_prompt_and_tips_within_its_budget(
    tmp_path: Path,
) -> None:
    context = context_of(some_moment())
    with one_more(tmp_path):
        (said,) = (one for one in listen(context, COMPOSER, NOW) if one.agent == "dropped")
        assert len(said.statements) == 9
        assert 0 < said.tokens <= 30
        assert said.snippet.count("\n") < 8
        told = brief(context, COMPOSER)
        rendered = load("instruct-v3").render(context, 3, told.briefing)
        assert f"dropped:\n{said.snippet}" in rendered[-1]["content"]
        lines = COMPOSER.lines(context, Random(1))
        assert any(line.insight == "night_closed" for line in lines)


async def test_an_agent_that_is_one_file_answers_over_http(tmp_path: Path) -> None:
    (tmp_path / "dropped").mkdir()
    with one_more(tmp_path / "dropped"):
        async with open_site(tmp_path) as site:
            browser = await site.signed_in()
            answer = (await browser.get("/api/agents")).json()
    assert [one["budget"] for one in answer["agents"] if one["agent"] == "dropped"] == [30]


class Says:
    """A model that answers with this text, whatever it is asked."""

    def __init__(self, *contents: tuple[str | None, str]) -> None:
        tips = [
            f'{{"task_id":{"null" if ref is None else f"{chr(34)}{ref}{chr(34)}"},"kind":"insight",'
            f'"content":"{content}","confidence":0.8}}'
            for ref, content in contents
        ]
        self.answer = f'{{"tips":[{",".join(tips)}]}}'
        self.asked: list[CompletionRequest] = []

    async def complete(self, request: CompletionRequest) -> Completion:
        self.asked.append(request)
        return Completion(self.answer, "model", 1, 1, 0.1)


async def written(context: PromptContext, model: Says) -> list[TipDraft]:
    made = await write(
        context, 2, load("instruct-v3"), model, COMPOSER, deadline_s=20.0, random=Random(1)
    )
    return [tip for tip in made.tips if tip.source is Source.LLM]


@pytest.mark.parametrize("code", CODES)
async def test_what_agents_said_may_be_said_word_for_word_in_every_language(code: str) -> None:
    context = context_of(some_moment(code))
    heard = [one for one in ask(context, COMPOSER) if one.statements]
    first = heard[0].statements[0]
    line = brief(context, COMPOSER).known[first.spoken]
    ref = None if line.index is None else f"t{line.index + 1}"
    (tip,) = await written(context, Says((ref, first.spoken), (ref, first.spoken + "!")))
    assert (tip.content, tip.claims) == (first.text, first.claims)
    other = Says(("t8" if ref == "t1" else "t1", first.spoken))
    assert await written(context, other) == []


async def test_a_writer_of_another_language_is_offered_proven_lines_and_nothing_else() -> None:
    context = context_of(some_moment("de"))
    model = Says((None, "Du hast heute schon viel geschafft."))
    assert await written(context, model) == []
    told = brief(context, COMPOSER)
    request = model.asked[0]
    assert all(line.spoken in request.grammar for line in told.offered)
    assert "Say one of these:\n- " in request.messages[-1]["content"]
    assert "Ruf jetzt an" in request.messages[0]["content"]


def test_only_a_prompt_that_tells_of_agents_is_another_by_what_they_know() -> None:
    quiet = context_of(some_moment())
    busy = replace(quiet, lately=context_of(_with_history()).lately)
    assert busy.lately is not None
    for version in ("embedded-v2", "instruct-v2"):
        assert pool_key(quiet, load(version), "m") == pool_key(busy, load(version), "m")
    assert pool_key(quiet, load("instruct-v3"), "m") != pool_key(busy, load("instruct-v3"), "m")


def _with_history() -> Moment:
    acted = [Acted(NOW - timedelta(hours=1), "done", "task")]
    return Standing([], ZONE, Beside(acted)).at(NOW)


def test_nothing_is_said_of_a_history_that_was_not_asked_for() -> None:
    said = {one.agent: one for one in said_at(some_moment())}
    assert said["momentum"].statements == said["recent_patterns"].statements == ()
    assert said["momentum"].snippet == ""

"""Cues are looked up by how they begin: what is not looked at must not match."""

import pytest

from ml.activities.activity import activities
from ml.activities.cues import Cues, plain
from ml.composing.evaluation import held_out


@pytest.fixture(scope="module")
def cues() -> Cues:
    return Cues(activities())


def overlooked(cues: Cues, title: str) -> list[str]:
    text = plain(title)
    looked_at = set(cues._possible(text))
    return [
        name
        for number, (name, _, pattern) in enumerate(cues._rules)
        if number not in looked_at and pattern.search(text)
    ]


def test_no_cue_of_any_title_is_overlooked(cues: Cues) -> None:
    titles = [example.title for example in held_out()]
    titles += [t for a in activities().values() for w in a.wordings.values() for t in w.titles]
    assert not [title for title in titles if overlooked(cues, title)]


@pytest.mark.parametrize("frame", ["{}", "Re: {}", "母に{}を", "(urgent){}!!", "2x {} (Jo)"])
def test_no_cue_is_overlooked_wherever_it_stands(cues: Cues, frame: str) -> None:
    words = {
        cue.replace("*", "x")
        for activity in activities().values()
        for wording in activity.wordings.values()
        for cue in (*wording.verbs, *wording.nouns)
    }
    assert not [word for word in sorted(words) if overlooked(cues, frame.format(word))]

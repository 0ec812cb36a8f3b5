"""Cues are looked up by how they begin: what is not looked at must not match."""

import pytest

from ml.activities.activity import activities
from ml.activities.cues import NOUN, VERB, Cues, _pattern, _verbs, plain
from ml.composing.evaluation import held_out


@pytest.fixture(scope="module")
def cues() -> Cues:
    return Cues(activities())


def test_no_cue_of_a_title_is_overlooked(cues: Cues) -> None:
    for example in held_out():
        text = plain(example.title)
        looked_at = set(cues._possible(text))
        others = (rule for number, rule in enumerate(cues._rules) if number not in looked_at)
        assert not [name for name, _, pattern in others if pattern.search(text)], example


def test_no_language_of_a_verb_is_overlooked(cues: Cues) -> None:
    kinds = activities()
    codes = {code for activity in kinds.values() for code in activity.wordings}
    whole = {code: _pattern(_verbs(kinds.values(), code)) for code in codes}
    titles = [example.title for example in held_out()]
    titles += [
        f"Re: {verb.replace('*', 'x')}" for code in codes for verb in _verbs(kinds.values(), code)
    ]
    for title in titles:
        found = {code for code, words in whole.items() if words and words.search(plain(title))}
        assert cues.languages(title) == found, title


@pytest.mark.parametrize("frame", ["{}", "Re: {}", "母に{}を", "(urgent){}!!", "2x {} (Jo)"])
def test_no_cue_is_overlooked_wherever_it_stands(cues: Cues, frame: str) -> None:
    numbers = {(name, weight): number for number, (name, weight, _) in enumerate(cues._rules)}
    for activity in activities().values():
        for wording in activity.wordings.values():
            for weight, words in ((VERB, wording.verbs), (NOUN, wording.nouns)):
                for word in words:
                    text = plain(frame.format(word.replace("*", "x")))
                    pattern = _pattern([word])
                    if pattern is not None and pattern.search(text):
                        assert numbers[activity.name, weight] in cues._possible(text), word

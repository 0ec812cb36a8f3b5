"""Files of tips are read, or refused with the place of what is wrong."""

import json
from pathlib import Path

import pytest

from oo.kit.errors import BadRequest
from oo.mlops.judging import RULE, judge, own_set, read_file

TIP = "Ring the bank before ten."


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_csv_json_and_yaml_say_the_same(tmp_path: Path) -> None:
    rows = [{"list": ["call the bank", "buy milk"], "hour": 9, "tip": TIP}]
    found = [
        read_file(file(tmp_path, "a.csv", f'list,hour,tip\ncall the bank | buy milk,9,"{TIP}"\n')),
        read_file(file(tmp_path, "a.json", json.dumps(rows))),
        read_file(file(tmp_path, "a.yaml", json.dumps(rows))),
    ]
    assert found[0] == found[1] == found[2]
    assert (found[0][0].titles, found[0][0].language) == (("call the bank", "buy milk"), "en")


def test_tips_of_one_list_stand_beside_each_other(tmp_path: Path) -> None:
    text = f"list,hour,tip\na task,9,{TIP}\nanother,9,{TIP}\na task,9,{TIP}\n"
    first, other, second = read_file(file(tmp_path, "a.csv", text))
    assert (first.beside, other.beside, second.beside) == ((), (), (TIP,))
    assert first.list_id == second.list_id != other.list_id


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[{"list": ["a"], "hour": 25, "tip": "b"}]', "hour"),
        ('[{"list": ["a"], "tip": ""}]', "tip"),
        ('[{"list": 5, "tip": "b"}]', "list"),
        ('[{"list": ["a"], "tip": "b", "language": "xx"}]', "the languages are"),
        ('{"tips": 1}', "list"),
        ("[", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        read_file(file(tmp_path, "tips.json", text))


async def test_the_products_own_are_the_same_for_a_seed(tmp_path: Path) -> None:
    own = own_set(1, seed=3)
    assert own == own_set(1, seed=3)
    assert {one.language for one in own} == {"de", "en", "es", "fr", "ja"}
    found = await judge(RULE, own, tmp_path / "none.yaml")
    assert all(one.opinion is not None for one in found)


async def test_a_judge_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="there are llm, rule"):
        await judge("crowd", [], tmp_path / "none.yaml")

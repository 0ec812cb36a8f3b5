"""What moved from some days to another, and when that is said to be more than chance."""

from oo.admin.moving import Day, mixed, moves, verdict
from oo.store.everyone.counts import Group, Point


def day(tips: int, reacted: int, reward: float, done: int = 0) -> Day:
    """Rewards that are all the same but for one half each way."""
    mean = reward / reacted if reacted else 0.0
    squares = reacted * (mean * mean + 0.25)
    return Day(Point(0, tips, reacted, done, 0, reward, squares), tips)


def test_a_day_beyond_all_before_is_higher_and_one_among_them_is_usual() -> None:
    before = [day(tips, 40, 10.0) for tips in (50, 60, 70)]
    found = {one.what: one for one in moves(day(90, 40, 10.0), before)}
    assert (found["Tips"].state, found["Tips"].usual) == ("higher", 60)
    assert found["Mean reward"].state == "as usual"
    assert moves(day(40, 0, 0.0), before)[0].state == "lower"
    assert moves(day(40, 0, 0.0), before[:2])[0].state == "too few days"
    assert moves(day(40, 0, 0.0), [])[0].state == ""


def test_a_mean_moves_only_where_its_interval_leaves_no_zero() -> None:
    before = [day(100, 100, 20.0)] * 7
    risen = verdict(day(100, 100, 60.0), before)
    assert risen is not None
    assert (risen.title, risen.holds) == ("The reward rose", True)
    same = verdict(day(100, 100, 22.0), before)
    assert same is not None
    assert "may be chance" in same.words
    assert not same.holds
    fallen = verdict(day(100, 100, -60.0), before)
    assert fallen is not None
    assert fallen.title == "The reward fell"
    assert verdict(day(100, 10, 6.0), before) is None, "too few to say"


def group(value: str, tips: int) -> Group:
    return Group(value, tips, tips, 0, 0, 0, 0, 0.0, 0.0)


def test_what_is_new_gone_or_more_is_said() -> None:
    before = [group("a", 600), group("b", 100), group("rare", 1)]
    found = {it.value: it.state for it in mixed([group("a", 60), group("c", 40)], before)}
    assert found == {"a": "less", "c": "new", "b": "gone", "rare": ""}
    assert {it.state for it in mixed([], before)} == {""}
    assert {it.state for it in mixed([group("a", 3)], [])} == {""}

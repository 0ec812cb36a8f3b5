"""Which language a list is in, of titles as short as people type them."""

from collections.abc import Sequence

import pytest

from ml.languages.detection import language_of


@pytest.mark.parametrize(
    ("titles", "code"),
    [
        (("歯医者予約", "免許更新", "3つ"), "ja"),  # by its other characters it reads as Chinese
        (("健康診断の予約", "PTAアンケート"), "ja"),
        (("プレゼン資料 v2", "FAX送る"), "ja"),
        (("会議準備", "資料作成"), "ja"),  # no kana, and neither Chinese standard has all of these
        (("銀行振込",), "ja"),
        (("买牛奶", "给妈妈打电话"), "en"),  # none of ours
        (("会议准备", "写报告"), "en"),
        (("會議準備", "繳電費"), "en"),
        (("Angebot Praxis Dr. Kühn", "ノート kaufen für Jonas und Lena"), "de"),
        (("🦔", "123"), "en"),
    ],
)
def test_a_list_is_in_the_language_of_its_words(titles: Sequence[str], code: str) -> None:
    assert language_of(titles, lambda _: ()).code == code

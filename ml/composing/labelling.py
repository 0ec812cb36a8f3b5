"""What a tip is about and in which language, for those of which nobody has told yet.

A composed line knows both. What a model wrote freely is read: its task by the recogniser that has
just seen all titles, its text by the letters.
"""

from collections.abc import Sequence
from dataclasses import replace

from ml.activities.recogniser import Recognised
from ml.composing.composer import Composer
from ml.generation.drafts import TipDraft, quoted
from ml.languages.detection import language_of
from oo.domain.context import PromptContext


def labelled(
    tips: Sequence[TipDraft], context: PromptContext, composer: Composer
) -> list[TipDraft]:
    """The tips, each with its language, and its activity where its task names one clearly."""
    untold = [tip for tip in tips if tip.language is None]
    if not untold:
        return list(tips)
    titles = {task.task_id: task.title for task in context.tasks}
    kinds = dict(zip(titles, composer.recogniser(list(titles.values())), strict=True))
    return [tip if tip.language else _labelled(tip, titles, kinds) for tip in tips]


def _labelled(tip: TipDraft, titles: dict[str, str], kinds: dict[str, Recognised]) -> TipDraft:
    title, said = titles.get(tip.task_id or ""), tip.content
    if title is not None:
        said = said.replace(quoted(title), "")  # the person's words, whatever language they are in
    known = kinds.get(tip.task_id or "")
    return replace(
        tip,
        language=language_of([said], lambda _: ()).code,
        activity=known.activity.name if known is not None and known.activity else None,
    )

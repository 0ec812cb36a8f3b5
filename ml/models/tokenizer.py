"""The embedded model's tokenizer: byte-level BPE with the answer's scaffolding as single tokens."""

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SIZE = 3072
END, USER, ASSISTANT, SYSTEM = "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"
SPECIAL = (END, USER, ASSISTANT, SYSTEM)

_PIECES = "|".join(
    (
        r'\{"tips":\[\{"task_id":',
        r',\{"task_id":',
        r',"kind":"(?:task|advice|insight|reminder)","content":"',
        r'","confidence":0\.\d\}(?:\]\})?',
        r'"t\d"',
        r" ?“t\d”",
        r"\n?t\d“",
        r" ?[A-Za-z]+",
        r" ?\d{1,3}",
        r"[^\sA-Za-z\d]",
        r"\s",
    )
)

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
"""The chat template; training text is made with `chat` below, which a test holds equal to it."""


def chat(prompt: str, answer: str = "") -> str:
    """The text of one exchange; with no answer it ends where the model begins to write."""
    text = f"{USER}{prompt}{END}{ASSISTANT}"
    return f"{text}{answer}{END}" if answer else text


def train(texts: Iterable[str]) -> Tokenizer:
    """A tokenizer of SIZE entries from plain texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write the folder that AutoTokenizer and vLLM load.

    It must not hold a config.json: for model type qwen2, transformers 5 would put Qwen's own
    splitter in place of this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": END,
        "model_max_length": 1024,
        "clean_up_tokenization_spaces": False,
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def load(folder: Path) -> Tokenizer:
    """The tokenizer that `save` wrote."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))

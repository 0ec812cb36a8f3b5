"""Several answers to one prompt: how each is asked for, and what comes of them."""

from typing import Any

from deployments.answers import continuing, joined

FIELDS = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 9}


def completion(text: str, tokens: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 7, "completion_tokens": tokens, "total_tokens": 7 + tokens}
    return {"id": text, "choices": [{"index": 0, "message": message}], "usage": usage}


def test_an_answer_goes_on_after_its_beginning() -> None:
    asked = continuing(FIELDS, begin="a ", grammar="g")
    assert asked["messages"] == [*FIELDS["messages"], {"role": "assistant", "content": "a "}]
    assert asked["structured_outputs"] == {"grammar": "g"}
    assert (asked["continue_final_message"], asked["add_generation_prompt"]) == (True, False)
    assert len(FIELDS["messages"]) == 1


def test_one_without_a_beginning_is_asked_for_as_ever() -> None:
    asked = continuing(FIELDS, begin="", grammar="g")
    assert asked == {**FIELDS, "structured_outputs": {"grammar": "g"}}


def test_answers_are_choices_of_one_body_with_all_tokens() -> None:
    found = joined([completion("x", 3), completion("y", 4)])
    said = [(choice["index"], choice["message"]["content"]) for choice in found["choices"]]
    assert said == [(0, "x"), (1, "y")]
    assert found["usage"] == {"prompt_tokens": 14, "completion_tokens": 7, "total_tokens": 21}

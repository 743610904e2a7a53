from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.adapters.withheld_result import WORDS, NoShape, withheld_result
from governance.engine.call import Json

KEY = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG3iL6"


def test_objects_stay_objects_and_every_text_is_replaced() -> None:
    bash: Json = {"stdout": KEY, "stderr": "", "interrupted": False, "isImage": False, "exitCode": 2}
    assert withheld_result(bash, "no token") == {
        "stdout": "[withheld]",
        "stderr": "",
        "interrupted": False,
        "isImage": False,
        "exitCode": 0,
    }


def test_the_words_that_tell_shapes_apart_stay() -> None:
    read: Json = {"type": "text", "file": {"filePath": "/x", "content": KEY, "numLines": 1}}
    assert withheld_result(read, "why") == {
        "type": "text",
        "file": {"filePath": "[withheld]", "content": "[withheld]", "numLines": 0},
    }


def test_a_text_is_replaced_by_one_that_says_why() -> None:
    assert withheld_result(KEY, "no token") == "[withheld] no token"


def test_a_name_that_could_be_a_credential_is_told_by_its_place() -> None:
    assert withheld_result({"a": 1, KEY: "x"}, "why") == {"a": 0, "[withheld]#1": "[withheld]"}


def test_a_name_of_the_clients_own_stays_with_its_digits() -> None:
    assert withheld_result({"ephemeral_5m_input_tokens": 7}, "why") == {"ephemeral_5m_input_tokens": 0}


@pytest.mark.parametrize(
    "result",
    [
        None,
        {"type": "image", "file": {"base64": "iVBORw0KGgo=", "type": "image/png", "originalSize": 70}},
        [{"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"}],
    ],
    ids=["nothing", "a picture", "an MCP server's picture"],
)
def test_what_cannot_be_replaced_in_its_shape_has_none(result: Json) -> None:
    with pytest.raises(NoShape):
        withheld_result(result, "why")


def test_what_is_nested_beyond_bounds_has_no_shape() -> None:
    deep: Any = KEY
    for _ in range(200):
        deep = [deep]
    with pytest.raises(NoShape):
        withheld_result(deep, "why")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4),
    max_leaves=20,
)


def same_shape(one: Any, other: Any) -> bool:
    """Whether two values differ in nothing but texts and numbers."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same_shape(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return (
            isinstance(other, list)
            and len(one) == len(other)
            and all(same_shape(item, beside) for item, beside in zip(one, other, strict=True))
        )
    if isinstance(one, bool) or one is None:
        return one is other
    return isinstance(other, str) if isinstance(one, str) else isinstance(other, int) and not isinstance(other, bool)


def texts(value: Any) -> list[str]:
    """Every text in a value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


@given(values.filter(lambda value: value is not None))
def test_whatever_is_withheld_keeps_its_shape_and_says_nothing(result: Any) -> None:
    withheld = withheld_result(result, "why")
    assert same_shape(result, withheld)
    assert set(texts(withheld)) <= {"", "[withheld]", "[withheld] why", *WORDS}

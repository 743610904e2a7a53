from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.engine.strict_json import BadJson, read_json

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_plain_json_is_read_as_it_was_written(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        (b'{"a": 1, "a": 2}', "/a", "Duplicate"),
        (b'{"x": [{"a": 1, "a": 2}]}', "/x/0/a", "Duplicate"),
        (b'{"a": {"b": NaN}}', "/a/b", "NaN"),
        (b'{"a": [1, -Infinity]}', "/a/1", "Infinity"),
        (b'{"a": "\\ud800"}', "/a", "surrogate"),
        (b'{"\\udfff": 1}', "", "surrogate"),
        (b'{"a/b": {"~": 9223372036854775808}}', "/a~1b/~0", "64 bits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "/a", "64 bits"),
        (b'{"a": 1e400}', "/a", "double"),
        (b'{"a": 0.1000000000000000055511151231257827}', "/a", "double"),
        (b'{"a": ', "", "Malformed"),
        (b"", "", "Malformed"),
        (b'{"a": 1} x', "", "Malformed"),
        (b"\xff\xfe", "", "UTF-8"),
        (b"[" * 200_000, "", "Nested"),
    ],
)
def test_what_another_reader_could_see_differently_is_refused_with_its_path(body: bytes, path: str, says: str) -> None:
    with pytest.raises(BadJson) as refused:
        read_json(body)
    assert refused.value.path == path
    assert says in refused.value.message


def test_thirty_two_levels_pass_and_thirty_three_do_not() -> None:
    def nested(levels: int) -> bytes:
        return b"[" * levels + b"1" + b"]" * levels

    read_json(nested(32))
    with pytest.raises(BadJson, match="32"):
        read_json(nested(33))


def test_brackets_inside_strings_do_not_count_as_depth() -> None:
    assert read_json(json.dumps({"a": "[" * 500}).encode()) == {"a": "[" * 500}


def test_a_paired_surrogate_escape_is_one_character() -> None:
    assert read_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.deciding.following.slices import NotCanonical, read_in_slices
from governance.engine.call import Json
from governance.policy.document.codec import canonical_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=15,
)


def read_at_once(text: str) -> Any:
    reading = read_in_slices(text)
    while True:
        try:
            next(reading)
        except StopIteration as done:
            document: Any = done.value
            return document


@given(st.dictionaries(st.text(), values, max_size=5))
def test_reading_in_slices_gives_what_json_gives(document: dict[str, Json]) -> None:
    assert read_at_once(canonical_json(document).decode()) == document


@given(st.dictionaries(st.text(), values, max_size=4), st.data())
def test_a_text_cut_short_is_never_read(document: dict[str, Json], data: st.DataObject) -> None:
    text = canonical_json(document).decode()
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(NotCanonical):
        read_at_once(text[:cut])


@pytest.mark.parametrize(
    "text", ["", "[]", '{"a":1}x', '{"a" :1}', '{"a":1,}', '{"a":[1,]}', "{1:2}", '{"a":{"b":1,}}']
)
def test_what_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(NotCanonical):
        read_at_once(text)


def test_no_slice_of_ten_thousand_rules_holds_the_loop_for_long() -> None:
    rule = {"id": "r", "effect": "allow", "subjects": {"roles": ["analyst"] * 5}, "entities": ["tool:files/read"] * 5}
    text = json.dumps({"rules": [{**rule, "id": f"r{n}"} for n in range(10_000)]}, separators=(",", ":"))
    slices = []
    reading = read_in_slices(text)
    while True:
        started = time.perf_counter()
        try:
            next(reading)
        except StopIteration:
            break
        slices.append(time.perf_counter() - started)
    assert len(slices) == 625
    assert sorted(slices)[len(slices) * 9 // 10] < 0.02

"""Whole policies drawn from the schema itself: a key that is added there is drawn here without being named."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import (
    Choice,
    Either,
    Flag,
    Free,
    Many,
    Moment,
    Number,
    Reference,
    Selector,
    Shape,
    Struct,
    Table,
    Text,
)

VISIBLE = st.characters(exclude_categories=("Cc", "Cs", "Cf"))
WORDS = st.text(VISIBLE, min_size=1, max_size=20)
FREE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
PATTERNS = ["tool:files/read", "server:files", "**", "tool:*/read", "agent:reporter"]


def drawn(shape: Shape, *, every_key: bool = False) -> st.SearchStrategy[Any]:
    """Values of a shape, with every key set or only some."""
    match shape:
        case Text(pattern=None):
            return WORDS.map(lambda text: text[: shape.max_length])
        case Text() | Reference():
            limit = getattr(shape, "max_length", 64)
            matching = st.from_regex(str(shape.pattern), fullmatch=True, alphabet=VISIBLE)
            return matching.filter(lambda text: len(text) <= min(limit, 128))
        case Choice():
            return st.sampled_from(shape.values)
        case Flag():
            return st.booleans()
        case Number(whole=True):
            return st.integers(int(shape.minimum), int(shape.maximum))
        case Number():
            return st.floats(shape.minimum, shape.maximum, allow_nan=False).map(lambda number: number + 0.0)
        case Moment():
            years = st.integers(2000, 2099)
            return st.builds("{}-0{}-1{}T03:04:05Z".format, years, st.integers(1, 9), st.integers(0, 9))
        case Selector():
            return st.sampled_from(PATTERNS)
        case Free():
            return st.dictionaries(st.text(max_size=6), FREE, max_size=3) if shape.mapping else FREE
        case Many():
            least = 1 if every_key or not shape.empty else 0
            key = shape.key[0] if shape.key else None
            unique = (lambda item: item[key]) if key and shape.distinct else repr
            return st.lists(drawn(shape.of, every_key=every_key), min_size=least, max_size=2, unique_by=unique)
        case Table():
            ids = st.from_regex(shape.ids, fullmatch=True).filter(lambda text: len(text) <= 64)
            return st.dictionaries(ids, drawn(shape.of, every_key=every_key), min_size=int(every_key), max_size=2)
        case Either():
            return drawn(shape.text) | drawn(shape.record, every_key=every_key)
        case Struct():
            parts = {key: drawn(field.shape, every_key=every_key) for key, field in shape.fields.items()}
            needed = {key: part for key, part in parts.items() if every_key or shape.fields[key].required}
            return st.fixed_dictionaries(
                needed, optional={key: part for key, part in parts.items() if key not in needed}
            )


def tamed(document: dict[str, Any]) -> dict[str, Any]:
    """What the tables' own constraints demand of a policy that nobody validated."""
    for rule in document.get("rules", []):
        rule.setdefault("justification", "because")
        rule.pop("valid_from", None)
    document["layers"] = {
        layer: {**said, "mode": "shadow" if layer == "secrets" else "enforce", "until": "2027-01-01T00:00:00Z"}
        for layer, said in document.get("layers", {}).items()
        if layer == "secrets"
    }
    for principal in document.get("principals", {}).values():
        principal.setdefault("tier", "mcp")
        if principal["tier"] == "user":
            principal["tier"] = "mcp"
    return document


policies = drawn(POLICY).map(tamed)
maximal_policies = drawn(POLICY, every_key=True).map(tamed)

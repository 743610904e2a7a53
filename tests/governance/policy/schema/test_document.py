"""The types of a policy document say what the schema says: every key, its type, whether it must be there."""

from __future__ import annotations

from typing import Any, Literal, Required, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from governance.engine.document.policy import EntityTable, PolicyDocument
from governance.policy.document.entity_patterns import TABLES
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import (
    Choice,
    Either,
    Field,
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


class AnyJson:
    """Stands for `Json`, which speaks of itself and cannot be written out."""


def typed(kind: Any) -> dict[str, Any]:
    """The keys of a TypedDict with their types; `Required` stays."""
    return get_type_hints(kind, localns={"Json": AnyJson}, include_extras=True)


def differences(shape: Shape, kind: Any, path: str = "") -> list[str]:
    """Where a type says something else than the shape, by path."""
    match shape:
        case Struct() if is_typeddict(kind):
            return record_differences(shape, typed(kind), path)
        case Struct() if get_origin(kind) is dict and get_origin(get_args(kind)[0]) is Literal:
            # A record whose keys all hold the same may be a mapping from those very keys.
            keys, of = get_args(kind)
            if any(field.required for field in shape.fields.values()):
                return [f"{path}: a mapping cannot say that a key is required"]
            return record_differences(shape, dict.fromkeys(get_args(keys), of), path)
        case Many() if get_origin(kind) is list:
            return differences(shape.of, get_args(kind)[0], f"{path}[]")
        case Table() if get_origin(kind) is dict and get_args(kind)[0] is str:
            return differences(shape.of, get_args(kind)[1], f"{path}.*")
        case Either() if len(get_args(kind)) == 2:
            text, record = get_args(kind)
            return [*differences(shape.text, text, path), *differences(shape.record, record, path)]
    expected = plain(shape)
    return [] if kind == expected else [f"{path}: {kind} is not {expected}"]


def record_differences(shape: Struct, kinds: dict[str, Any], path: str) -> list[str]:
    """The same for a record; a required key must be `Required`, and no other."""
    found = [f"{path}.{key}: is in one of the two only" for key in sorted({*shape.fields} ^ {*kinds})]
    for key, field in shape.fields.items():
        kind = kinds.get(key)
        if kind is None:
            continue
        required = get_origin(kind) is Required
        if required != field.required:
            found.append(f"{path}.{key}: required is {required} and should be {field.required}")
        found += differences(field.shape, get_args(kind)[0] if required else kind, f"{path}.{key}")
    return found


def plain(shape: Shape) -> Any:
    """The type of a shape that holds no other."""
    match shape:
        case Text() | Moment() | Reference() | Selector():
            return str
        case Choice():
            return Literal[shape.values]
        case Flag():
            return bool
        case Number():
            return int if shape.whole else float
        case Free():
            return dict[str, AnyJson] if shape.mapping else AnyJson
        case _:
            return type(shape)


def test_the_types_say_what_the_schema_says() -> None:
    assert differences(POLICY, PolicyDocument) == []


def test_a_required_key_has_no_default() -> None:
    """Otherwise leaving defaults out would make a document that its type refuses."""

    def required(shape: Shape) -> list[Field]:
        match shape:
            case Struct():
                own = [field for field in shape.fields.values() if field.required]
                return own + [inner for field in shape.fields.values() for inner in required(field.shape)]
            case Many() | Table():
                return required(shape.of)
            case Either():
                return required(shape.record)
            case _:
                return []

    found = required(POLICY)
    assert found
    assert all(field.default is None for field in found)


def test_the_tables_of_entities_are_those_with_a_kind() -> None:
    assert get_args(EntityTable) == tuple(TABLES)


@pytest.mark.parametrize(
    "shape",
    [
        Struct(fields={**POLICY.fields, "novel": Field(shape=Text())}),
        Struct(fields={key: field for key, field in POLICY.fields.items() if key != "rules"}),
        Struct(fields={**POLICY.fields, "toolgate": Field(shape=Text(), required=True)}),
        Struct(fields={**POLICY.fields, "rules": Field(shape=POLICY.fields["rules"].shape, required=True)}),
        Struct(fields={**POLICY.fields, "roles": Field(shape=Many(of=Text()))}),
        Struct(fields={**POLICY.fields, "hooks": Field(shape=Many(of=Struct(fields={"id": Field(shape=Text())})))}),
    ],
    ids=["a new key", "a key gone", "another type", "required", "another container", "another record"],
)
def test_a_schema_that_says_something_else_is_noticed(shape: Struct) -> None:
    assert differences(shape, PolicyDocument) != []

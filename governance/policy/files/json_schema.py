"""The policy file's JSON Schema, generated from the table of keys, so that editors complete and check it."""

from __future__ import annotations

import json

from governance.engine.call import Json
from governance.policy.document.entity_patterns import KINDS, PATTERN
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

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FORMATS = {"regex": "regex", "pointer": "json-pointer", "url": "uri", "email": "email"}

Schema = dict[str, Json]


def json_schema() -> Schema:
    """The schema (draft 2020-12) of one policy file. It knows shapes; what refers to what only `policy lint` knows."""
    return {
        "$schema": DIALECT,
        "$id": "urn:toolgate:policy:1",
        "title": "Toolgate policy",
        "description": "A whole policy, or one file of a folder that holds it.",
        **_schema(POLICY),
    }


def schema_text() -> str:
    """The schema as it is kept in docs/policy.schema.json."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def record_schema(record: Struct, *, without: frozenset[str] = frozenset()) -> Schema:
    """The schema of one object of a policy; the keys of `without` are held elsewhere."""
    return _record(Struct(fields={key: field for key, field in record.fields.items() if key not in without}))


def _schema(shape: Shape) -> Schema:
    match shape:
        case Struct():
            return _record(shape)
        case Table():
            return {
                "type": "object",
                "propertyNames": {"pattern": _anchored(shape.ids)},
                "additionalProperties": _schema(shape.of),
                **({"default": shipped} if (shipped := shape.shipped) else {}),
            }
        case Many():
            return {
                "type": "array",
                "items": _schema(shape.of),
                **({} if shape.empty else {"minItems": 1}),
                "maxItems": shape.max_items,
            }
        case Either():
            return {"anyOf": [_schema(shape.text), _schema(shape.record)]}
        case _:
            return _scalar(shape)


def _scalar(shape: Shape) -> Schema:
    match shape:
        case Text():
            return {
                "type": "string",
                **({"minLength": shape.min_length} if shape.min_length else {}),
                "maxLength": shape.max_length,
                **({"pattern": _anchored(shape.pattern)} if shape.pattern else {}),
                **({"format": _FORMATS[shape.check]} if shape.check in _FORMATS else {}),
            }
        case Choice():
            return {"enum": list(shape.values)}
        case Flag():
            return {"type": "boolean"}
        case Number():
            kind = "integer" if shape.whole else "number"
            return {"type": kind, "minimum": _tidy(shape.minimum), "maximum": _tidy(shape.maximum)}
        case Moment():
            return {"type": "string", "format": "date-time"}
        case Reference():
            return {"type": "string", "pattern": _anchored(shape.pattern)}
        case Selector():
            star = "" if shape.across else r"(?!.*\*\*)"
            return {"type": "string", "pattern": f"^{star}(?:(?:{'|'.join(KINDS)}):)?{PATTERN}$"}
        case Free():
            return {"type": "object"} if shape.mapping else {}
        case _:
            raise TypeError(f"{type(shape).__name__} is no scalar shape")


def _record(shape: Struct) -> Schema:
    required: list[Json] = [key for key, field in shape.fields.items() if field.required]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _property(field) for key, field in shape.fields.items()},
        **({"required": required} if required and shape is not POLICY else {}),
    }


def _property(field: Field) -> Schema:
    schema = _schema(field.shape)
    if field.told:
        schema = {"description": field.told, **schema}
    if field.default not in (None, {}, [], ""):
        schema["default"] = field.default
    return schema


def _anchored(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _tidy(number: float) -> Json:
    return int(number) if float(number).is_integer() else number

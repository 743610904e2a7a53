"""Bodies and answers: one class each says what is read or told, and describes itself in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, TypeVar

from django.db import models
from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from governance.api.door.exchange import Problem
from governance.api.management.door.fields import ExactField, MomentField, TextField, refused
from governance.engine.strict_json import pointer

_Row = TypeVar("_Row", bound=models.Model)


class Closed(serializers.Serializer[Any]):
    """An object with these fields and no other; `from_` is the key `from`, a name that is taken otherwise."""

    def get_fields(self) -> dict[str, Any]:
        """The fields by key."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class Body(Closed):
    """What a request may say. Fields are read in their order; the first fault is the answer."""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a request's object, with defaults. Raises `Problem` 400 with the path of the first fault."""
        body = cls(data=document)
        try:
            found: dict[str, Any] = body.run_validation(document)
        except serializers.ValidationError as error:
            path, fault = _first("", error.detail)
            code = "field.missing" if fault.code in ("required", "null") else fault.code
            raise Problem(400, str(code), str(fault), path=path) from None
        return found

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The values. An unknown key comes before every other fault."""
        if not isinstance(data, dict):
            raise refused("field.type", "This field must be an object.")
        for key in data:
            if key not in self.fields:
                raise serializers.ValidationError(
                    {key: refused("field.unknown", "This field is not known here.").detail}
                )
        found: dict[str, Any] = super().to_internal_value(data)
        return found


def _first(path: str, detail: Any) -> tuple[str, ErrorDetail]:
    while not isinstance(detail, ErrorDetail):
        if isinstance(detail, dict):
            key, detail = next(iter(detail.items()))
            path = pointer(path, key)
        else:
            detail = detail[0]
    return path, detail


class ObjectAnswer(Closed):
    """What an answer says, read from an object's attributes or a mapping's keys."""

    @classmethod
    def of(cls, said: Any, **context: Any) -> dict[str, Any]:
        """The answer about an object, as JSON."""
        answer: dict[str, Any] = cls(context=context).to_representation(said)
        return answer


class RowAnswer(serializers.ModelSerializer[_Row], ObjectAnswer):
    """What an answer says of a row: the columns of `Meta.fields`, described as the model describes them."""

    serializer_field_mapping: ClassVar[Any] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: MomentField,
    }

    def get_extra_kwargs(self) -> dict[str, Any]:
        """Answers are never written."""
        return {name: {"read_only": True} for name in self.Meta.fields}


class EitherField(serializers.Field[Any, Any, Any, Any]):
    """A value of one of several kinds: serializers, or shapes of the document."""

    kinds: ClassVar[tuple[Any, ...]]
    default_error_messages: ClassVar[dict[str, Any]] = ExactField.default_error_messages


def either(name: str, *kinds: type[Closed]) -> PolymorphicProxySerializer:
    """A whole body or answer of one of several kinds."""
    return PolymorphicProxySerializer(component_name=name, serializers=list(kinds), resource_type_field_name=None)


@cache
def page_answer(items: type[ObjectAnswer]) -> type[ObjectAnswer]:
    """One page of a list."""
    name = f"{items.__name__.removesuffix('Answer')}PageAnswer"
    following = TextField(allow_null=True, help_text="What `after` takes for the next page.")
    return type(name, (ObjectAnswer,), {"items": items(many=True), "next": following})


class ClosedSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Bodies and answers in the document: closed, under their subject's name, with what fields say for it alone."""

    target_class = Closed
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: Any) -> str:
        """`SwitchAnswer` is `Switch`."""
        serializer = getattr(self.target, "child", self.target)
        name: str = type(serializer).__name__
        return name.removesuffix("Answer")

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """The object's schema."""
        shape: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        for name, field in self.target.fields.items():
            _complete(shape["properties"][name], field)
        return {**shape, "additionalProperties": False}


def _complete(shape: dict[str, Any], field: Any) -> None:
    for key in ("readOnly", "x-spec-enum-id"):
        shape.pop(key, None)
    if isinstance(field, ExactField):
        shape |= field.described
    if isinstance(field, serializers.ListField):
        _complete(shape["items"], field.child)


class EitherSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A value of several kinds in the document."""

    target_class = EitherField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Any of them."""
        kinds = self.target.kinds
        return {
            "anyOf": [
                kind if isinstance(kind, dict) else auto_schema.resolve_serializer(kind, direction).ref
                for kind in kinds
            ]
        }

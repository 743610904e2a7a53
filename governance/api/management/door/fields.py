"""Fields of bodies and answers: one JSON type each, nothing coerced, every fault in the words of the API.

A fault is a `ValidationError` whose code is the problem's; `Body.read` adds the path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from governance.api.door.body import CALLER_ID
from governance.api.door.shapes import ID, Shape
from governance.engine.moment import moment
from governance.policy.document.moments import moment as read_moment


def refused(code: str, text: str) -> serializers.ValidationError:
    """What is wrong with a value."""
    return serializers.ValidationError(text, code=code)


class ExactField(serializers.Field[Any, Any, Any, Any]):
    """A value of exactly one JSON type. `described` is said in the document alone: what a service or model checks."""

    json: ClassVar[type]
    named: ClassVar[str]
    default_error_messages: ClassVar[dict[str, Any]] = {"null": "This field is required."}

    def __init__(self, *args: Any, described: Shape | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.described = described or {}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """The value as it was sent. DRF's own validators only describe: `to_internal_value` has checked."""
        empty, value = self.validate_empty_values(data)
        return value if empty else self.to_internal_value(value)

    def to_internal_value(self, data: Any) -> Any:
        """The value, of its type and nothing near it: neither is "1" a number nor 1 a truth."""
        if type(data) is not self.json:
            raise refused("field.type", f"This field must be {self.named}.")
        return data


class TextField(ExactField, serializers.CharField):
    """A string; with `max_length` of at most so many characters, and without NUL."""

    json = str
    named = "a string"

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **more)

    def to_internal_value(self, data: Any) -> str:
        """The string, neither trimmed nor otherwise altered."""
        text: str = super().to_internal_value(data)
        if self.max_length is not None and (len(text) > self.max_length or "\x00" in text):
            raise refused("field.size", f"At most {self.max_length} characters, none of them NUL.")
        return text


class ChoiceField(TextField):
    """One of some words."""

    def __init__(self, choices: Iterable[str], **more: Any) -> None:
        self.choices = tuple(choices)
        super().__init__(described={"enum": [str(choice) for choice in self.choices]}, **more)

    def to_internal_value(self, data: Any) -> str:
        """The word."""
        word = super().to_internal_value(data)
        if word not in self.choices:
            raise refused("field.value", f"One of {', '.join(self.choices)}.")
        return word


class IdField(TextField):
    """A caller's own id."""

    def __init__(self, *, fault: str = "Must be 1 to 128 characters of A-Z a-z 0-9 . _ : -", **more: Any) -> None:
        self.fault = fault
        super().__init__(described={"pattern": ID["pattern"]}, **more)

    def to_internal_value(self, data: Any) -> str:
        """The id."""
        if not isinstance(data, str) or not CALLER_ID.fullmatch(data):
            raise refused("field.format", self.fault)
        return data


class WholeField(ExactField, serializers.IntegerField):
    """A whole number, from `min_value` (0, where nothing is said of the most) to `max_value`."""

    json = int
    named = "an integer"

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        number: int = super().to_internal_value(data)
        if self.max_value is not None and not (self.min_value or 0) <= number <= self.max_value:
            raise refused("field.value", f"Must be from {self.min_value or 0} to {self.max_value}.")
        if self.min_value is not None and number < self.min_value:
            raise refused("field.value", "Must not be negative.")
        return number


class FlagField(ExactField, serializers.BooleanField):
    """True or false."""

    json = bool
    named = "true or false"


class MomentField(ExactField, serializers.DateTimeField):
    """An instant, RFC 3339."""

    json = str
    named = "a string"
    default_error_messages: ClassVar[dict[str, Any]] = {
        "format": "Must be a timestamp such as 2026-06-01T12:00:00Z.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        """The instant, in UTC."""
        try:
            return read_moment(super().to_internal_value(data))
        except ValueError:
            raise refused("field.format", str(self.error_messages["format"])) from None

    def to_representation(self, value: datetime) -> str | None:
        """As answers write it."""
        return moment(value.timestamp())


class ManyField(ExactField, serializers.ListField):
    """A list; in a body of at most `max_length` items."""

    json = list
    named = "an array"

    def to_internal_value(self, data: Any) -> list[Any]:
        """Its items, each as `child` takes it."""
        sent = super().to_internal_value(data)
        if self.max_length is not None and len(sent) > self.max_length:
            raise refused("field.size", f"At most {self.max_length} items.")
        items: list[Any] = self.run_child_validation(sent)
        return items


@extend_schema_field({})
class AnyField(serializers.Field[Any, Any, Any, Any]):
    """Any JSON value."""

    def to_representation(self, value: Any) -> Any:
        """The value."""
        return value


@extend_schema_field({"type": "object"})
class FreeField(AnyField):
    """An object whose keys are not ours."""

    def to_representation(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The object."""
        return dict(value)

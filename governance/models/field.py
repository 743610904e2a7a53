"""Column types of the authoring tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from accounts.models.slug import SlugField, TierChoice
from governance.engine.normalise.names import TOOL_NAME

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
    _StringSet = ArrayField[list[str], list[str]]
else:
    _TextField = models.TextField
    _StringSet = ArrayField

validate_tool_name = RegexValidator(
    rf"\A{TOOL_NAME}\Z", "A tool's own name is 1 to 128 of A–Z, a–z, 0–9, underscore, dot, colon and dash."
)


class PrincipalKindChoice(models.TextChoices):
    """What a principal is, as an entity may demand it."""

    USER = "user", "user"
    SERVICE = "service", "service"
    ANONYMOUS = "anonymous", "anonymous"


class Mode(models.TextChoices):
    """Whether something is in force, or only watched."""

    ENFORCE = "enforce", "enforce"
    SHADOW = "shadow", "shadow"


class StringSet(_StringSet):
    """A set of strings as policy writes it: no order, no doubles, sorted by code point; empty is *not written*."""

    def __init__(self, base_field: models.Field[Any, Any] | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("default", list)
        kwargs.setdefault("blank", True)
        super().__init__(base_field or models.TextField(), **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Sort and deduplicate at the last moment, so that no way of writing can store a set twice differently."""
        value = getattr(model_instance, self.attname)
        if isinstance(value, (list, tuple, set, frozenset)):
            value = sorted(set(value))
            setattr(model_instance, self.attname, value)
        return value


def slug_set(**kwargs: Any) -> StringSet:
    """A set of ids."""
    return StringSet(SlugField(), **kwargs)


def tier_set(**kwargs: Any) -> StringSet:
    """A set of tiers."""
    return StringSet(models.CharField(max_length=16, choices=TierChoice), **kwargs)


def kind_set(**kwargs: Any) -> StringSet:
    """A set of principal kinds."""
    return StringSet(models.CharField(max_length=16, choices=PrincipalKindChoice), **kwargs)


class ExactJSONField(_TextField):
    """Any JSON value, kept as text so that what is read is what was written: jsonb refuses NUL and lone surrogates,
    reorders keys and rewrites numbers, and a policy test may be about exactly those."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        """Decode a stored value."""
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        """Encode a value, escaping everything that is not ASCII."""
        return None if value is None else json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)

    def to_python(self, value: Any) -> Any:
        """Values in memory are decoded ones."""
        return value

    def value_to_string(self, obj: models.Model) -> str:
        """The form for serialisers."""
        return self.get_prep_value(self.value_from_object(obj)) or ""

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        """Refuse what JSON cannot say."""
        try:
            self.get_prep_value(value)
        except (TypeError, ValueError) as error:
            raise ValidationError(f"This is not JSON: {error}") from error
        if value is None and not self.null:
            raise ValidationError(self.error_messages["null"], code="null")

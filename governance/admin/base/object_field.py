"""A form field for an object of the policy, made from the schema: one labelled input for each of its keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.admin.base.lines import JSONLinesField, JSONTextField, LinesField
from governance.policy.schema.shapes import Choice, Either, Field, Flag, Free, Many, Number, Shape, Struct, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One input: where its value goes, what it is called, and how it is checked.

    `rest` takes, as a JSON object, the keys that no other input is for.
    """

    path: tuple[str, ...]
    label: str
    help: str
    spec: Field
    field: forms.Field
    rest: bool = False


def leaves(record: Struct, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """The inputs of a record, those of records within it too."""
    for key, spec in record.fields.items():
        here = (*path, key)
        if isinstance(spec.shape, Struct):
            yield from leaves(spec.shape, here)
        else:
            label = " › ".join(here).replace("_", " ")
            yield Leaf(path=here, label=label, help=spec.told, spec=spec, field=_input(spec))


def known_leaves(table: Table) -> Iterator[Leaf]:
    """The inputs of a mapping whose usual keys are known, their shipped values as placeholders, and one of the rest."""
    for key, default in table.known.items():
        spec = Field(shape=table.of, default=default)
        yield Leaf(path=(key,), label=key.replace("_", " "), help="", spec=spec, field=_input(spec))
    others = Field(shape=Free(mapping=True))
    told = f'Each other {table.what}, as JSON: {{"own": 5}}'
    yield Leaf(path=("others",), label="others", help=told, spec=others, field=_input(others), rest=True)


class ObjectField(forms.MultiValueField):
    """An object of the policy."""

    def __init__(self, *, parts: list[Leaf], **kwargs: Any) -> None:
        for unused in ("encoder", "decoder", "max_length"):
            kwargs.pop(unused, None)
        self.parts = parts
        kwargs.update(required=False, require_all_fields=False, widget=ObjectWidget(parts))
        super().__init__(fields=[part.field for part in parts], **kwargs)

    def clean(self, value: Any) -> Any:
        """Check every input, naming the one that is wrong."""
        errors: list[str] = []
        cleaned: list[Any] = []
        for part, raw in zip(self.parts, value or [None] * len(self.parts), strict=False):
            try:
                cleaned.append(part.field.clean(raw))
            except ValidationError as error:
                errors.extend(f"{part.label}: {message}" for message in error.messages)
                cleaned.append(None)
        if errors:
            raise ValidationError(errors)
        return self.compress(cleaned)

    def compress(self, data_list: list[Any]) -> dict[str, Any]:
        """The object, without what was left empty or stands at its default."""
        found: dict[str, Any] = {}
        for part, value in zip(self.parts, data_list, strict=False):
            if value in (None, "", []) or (value is False and part.spec.default in (None, False)):
                continue
            if part.rest:
                if not isinstance(value, dict):
                    raise ValidationError(f"{part.label}: This must be a JSON object.")
                found = {**value, **found}
                continue
            place = found
            for step in part.path[:-1]:
                place = place.setdefault(step, {})
            place[part.path[-1]] = value
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant."""
        try:
            return bool((initial or {}) != self.clean(data))
        except ValidationError:
            return True


class ObjectWidget(forms.MultiWidget):
    """The inputs of a record in a grid, each with its label."""

    template_name = "console/record_widget.html"
    use_fieldset = True

    def __init__(self, parts: list[Leaf]) -> None:
        self.parts = parts
        super().__init__([part.field.widget for part in parts])

    def decompress(self, value: Any) -> list[Any]:
        """One value for each input."""
        own = {part.path[0] for part in self.parts if not part.rest}
        return [_without(value, own) if part.rest else _at(value, part.path, part.spec.default) for part in self.parts]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Put label and help beside each input."""
        context = super().get_context(name, value, attrs)
        for part, sub in zip(self.parts, context["widget"]["subwidgets"], strict=True):
            sub["label"], sub["help"] = part.label, part.help
            sub["is_flag"] = isinstance(part.field, forms.BooleanField)
        return context

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        for sub, widget in zip(context["widget"]["subwidgets"], self.widgets, strict=True):
            render: Any = widget._render  # type: ignore[attr-defined]
            sub["html"] = render(sub["template_name"], {"widget": sub}, renderer)
        return render_to_string(template_name, context)


def _without(value: Any, keys: set[str]) -> Any:
    return {key: held for key, held in value.items() if key not in keys} or None if isinstance(value, dict) else None


def _at(value: Any, path: tuple[str, ...], default: Any) -> Any:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return default if isinstance(default, bool) else None
        value = value[step]
    return value


def _input(spec: Field) -> forms.Field:
    """The input for a shape that is no record."""
    shape: Shape = spec.shape
    match shape:
        case Choice():
            unset = f"default: {spec.default}" if spec.default else "not set"
            return forms.ChoiceField(choices=[("", unset), *((v, v) for v in shape.values)], required=False)
        case Flag():
            return forms.BooleanField(required=False)
        case Number():
            number: type[Any] = forms.IntegerField if shape.whole else forms.FloatField
            bound: type[Any] = int if shape.whole else float
            shipped = "" if spec.default is None else str(spec.default)
            made: forms.Field = number(
                required=False,
                min_value=bound(shape.minimum),
                max_value=bound(shape.maximum),
                widget=forms.NumberInput({"placeholder": shipped, "step": "any"}),
            )
            return made
        case Many(of=Free()):
            return JSONLinesField(required=False)
        case Many(unique=False):
            return JSONLinesField(texts=True, required=False)
        case Many():
            return LinesField(required=False)
        case Free() | Table() | Struct():
            return JSONTextField(required=False)
        case Either():
            return JSONTextField(plain=True, required=False)
        case _:
            long = getattr(shape, "lines", False)
            attrs = {"placeholder": str(spec.default)} if spec.default else {}
            widget = forms.Textarea({"rows": "3"}) if long else forms.TextInput({"class": "vTextField", **attrs})
            return forms.CharField(required=False, widget=widget)

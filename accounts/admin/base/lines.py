"""Form fields for sets and for free JSON, readable and checked where they stand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class LinesField(forms.CharField):
    """A set or list of strings, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        for unused in ("base_field", "max_length", "choices", "coerce"):
            kwargs.pop(unused, None)
        kwargs.setdefault("widget", LinesWidget())
        super().__init__(strip=True, **kwargs)

    def to_python(self, value: Any) -> Any:
        """The lines that are not empty, without spaces around them."""
        if isinstance(value, list | tuple):
            return list(value)
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Order and repeats mean nothing."""
        return sorted(set(initial or [])) != sorted(set(self.to_python(data)))


class LinesWidget(forms.Textarea):
    """A text box as tall as what it holds."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "tg-lines", "spellcheck": "false", "autocapitalize": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str:
        """One item a line."""
        return value if isinstance(value, str) else "\n".join(str(item) for item in value or ())

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Give the box as many rows as there are lines, between 2 and 12."""
        context = super().get_context(name, value, attrs)
        lines = (context["widget"]["value"] or "").count("\n") + 1
        context["widget"]["attrs"]["rows"] = str(min(12, max(2, lines)))
        context["widget"]["attrs"].pop("cols", None)
        return context


class JSONTextField(forms.CharField):
    """Free JSON in a text box. `plain` also takes text that is no JSON as a string (an id, an example)."""

    def __init__(self, *, plain: bool = False, **kwargs: Any) -> None:
        for unused in ("encoder", "decoder"):
            kwargs.pop(unused, None)
        self.plain = plain
        kwargs["widget"] = JSONTextWidget(plain=plain)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """The decoded value; None for nothing."""
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        if self.plain and value.strip()[0] not in '{["':
            return value.strip()
        try:
            return json.loads(value, object_pairs_hook=_once, parse_constant=_no_constant)
        except ValueError as error:
            where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            text = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise ValidationError(f"This is not JSON{where}: {text}.") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True


class JSONTextWidget(LinesWidget):
    """A text box that shows JSON indented."""

    def __init__(self, *, plain: bool = False) -> None:
        self.plain = plain
        super().__init__({"class": "tg-lines tg-code"})

    def format_value(self, value: Any) -> str:
        """Indented JSON; a plain string as it is."""
        if value is None or value == "":
            return ""
        if isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


class JSONLinesField(LinesField):
    """A list of JSON values, one a line; a line that is no JSON is a string.

    `texts`: a list of strings, where only a line in quotes is read as JSON (for line feeds and outer spaces).
    """

    def __init__(self, *, texts: bool = False, **kwargs: Any) -> None:
        self.texts = texts
        super().__init__(widget=JSONLinesWidget(texts=texts), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Each line's value."""
        if isinstance(value, list):
            return value
        return [_loose(line, texts=self.texts) for line in super().to_python(value)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Order counts among examples."""
        return bool((initial or []) != self.to_python(data))


class JSONLinesWidget(LinesWidget):
    """One JSON value a line; strings bare where that reads back the same."""

    def __init__(self, *, texts: bool) -> None:
        self.texts = texts
        super().__init__({"class": "tg-lines tg-code"})

    def format_value(self, value: Any) -> str:
        """The lines."""
        return value if isinstance(value, str) else "\n".join(_line(item, texts=self.texts) for item in value or ())


class KnownField(forms.MultipleChoiceField):
    """Ids out of those that exist, and those that are set already though they do not exist (any more)."""

    widget = forms.CheckboxSelectMultiple(attrs={"class": "tg-known"})

    def offer(self, known: Iterable[tuple[str, str]], chosen: Iterable[str]) -> None:
        """Set what can be chosen."""
        offered = dict(known)
        missing = {slug: f"{slug} (not defined)" for slug in chosen if slug not in offered}
        self.choices = [*offered.items(), *missing.items()]


def _line(item: Any, *, texts: bool) -> str:
    if isinstance(item, str) and _loose(item, texts=texts) == item and item.strip().splitlines() == [item]:
        return item
    return json.dumps(item, ensure_ascii=False)


def _loose(line: str, *, texts: bool) -> Any:
    if texts and not line.startswith('"'):
        return line
    try:
        return json.loads(line, parse_constant=_no_constant)
    except ValueError:
        return line


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is written twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")

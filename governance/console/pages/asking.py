"""Forms that name a caller and a call, shared by the pages that ask questions of a policy."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.admin.base.lines import LinesField
from governance.engine.asking.posed_caller import PosedCaller, described
from governance.engine.call import Call, Door, EntityKind, Json
from governance.engine.principal import TIERS, Caller, Directory

_KINDS = [("user", "user"), ("service", "service"), ("anonymous", "anonymous")]
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def call_of(entity: str, arguments: dict[str, Json]) -> Call:
    """A call to `server/tool`, or to `kind:id` for everything else. Raises ValidationError for an unknown kind."""
    kind, colon, name = entity.partition(":")
    if colon and kind in EntityKind._value2member_map_:
        chosen = EntityKind(kind)
    else:
        chosen, name = EntityKind.TOOL, entity
    if chosen is EntityKind.TOOL and "/" not in name:
        raise ValidationError("A tool is named server/tool; anything else as kind:id, for example skill:close-books.")
    size = len(json.dumps(arguments, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return Call(kind=chosen, entity=name, arguments=arguments, size=size, door=Door.TEST)


class EntityField(forms.CharField):
    """A tool as `server/tool`, or `kind:id`."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "server/tool, or kind:id for a server, skill, plugin, agent or data source.")
        kwargs.setdefault("widget", forms.TextInput({**_PLAIN, "list": "known-entities"}))
        super().__init__(max_length=260, **kwargs)

    def clean(self, value: Any) -> Any:
        """The text, once it names something that could exist."""
        text: str = super().clean(value)
        if text:
            call_of(text, {})
        return text


class CallerForm(forms.Form):
    """Somebody the directory knows, or somebody made up, and the agent that acts for them."""

    principal = forms.CharField(
        required=False,
        max_length=128,
        label="Principal",
        help_text="An id from the directory, or anonymous. Empty: somebody made up, described below.",
        widget=forms.TextInput({**_PLAIN, "list": "known-principals"}),
    )
    agent = forms.CharField(
        required=False,
        max_length=128,
        label="Agent",
        help_text="Its id. Empty: nobody acts for the principal.",
        widget=forms.TextInput({**_PLAIN, "list": "known-agents"}),
    )
    kind = forms.ChoiceField(required=False, label="Kind", choices=_KINDS)
    tier = forms.ChoiceField(required=False, label="Tier", choices=[(word, word) for word in reversed(list(TIERS))])
    roles = LinesField(required=False, label="Roles", help_text="One id a line.")
    groups = LinesField(required=False, label="Groups", help_text="One id a line.")
    departments = LinesField(required=False, label="Departments", help_text="One id a line.")

    def caller(self, directory: Directory) -> Caller:
        """Who is meant."""
        said = {key: value for key, value in self.cleaned_data.items() if value}
        posed = PosedCaller(principal=said.get("principal") or described(said), agent=said.get("agent"))
        return posed.caller(directory)


class CallForm(CallerForm):
    """A caller, and the call that is attempted."""

    entity = EntityField(label="Tool or other entity")
    arguments = forms.CharField(
        required=False,
        max_length=262_144,
        label="Arguments",
        help_text="A JSON object. Empty: none.",
        strip=False,
        widget=forms.Textarea({"rows": "5", "class": "tg-code", **_PLAIN}),
    )

    def clean_arguments(self) -> dict[str, Json]:
        """The decoded object."""
        text = self.cleaned_data["arguments"]
        if not text.strip():
            return {}
        try:
            value = json.loads(text)
        except RecursionError:
            raise ValidationError("This is nested too deeply.") from None
        except json.JSONDecodeError as error:
            raise ValidationError(
                f"This is not JSON at line {error.lineno}, column {error.colno}: {error.msg}."
            ) from None
        if not isinstance(value, dict):
            raise ValidationError("Arguments are a JSON object: begin with {.")
        return value

    def call(self) -> Call:
        """The call."""
        return call_of(self.cleaned_data["entity"], self.cleaned_data["arguments"])

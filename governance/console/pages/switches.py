"""The kill switch: stop everything, a principal, an agent, a department, a server or a tool, at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import Department, User
from governance.console.pages.page import actor, person, refusals_told, sees_all, show
from governance.deciding import keys
from governance.models import Agent, Server, Switch, SwitchScope, Tool
from governance.selectors.switch_targets import SwitchTargets, denied_lately
from governance.selectors.switches import live_switches
from governance.services.switches import SwitchRefused, TargetUnknown, lift_switch, set_switch

OFFERED = 300
"""Ids of each kind that are offered while a target is typed."""
LIFTED_SHOWN = 10


class SetForm(forms.Form):
    """What is to be stopped, why, and until when."""

    scope = forms.ChoiceField(choices=SwitchScope.choices, label="What to stop", initial=SwitchScope.AGENT)
    target = forms.CharField(
        max_length=200,
        required=False,
        label="Which one",
        help_text="Its id; a tool as server/tool. Empty for everything.",
        widget=forms.TextInput({"list": "switch-targets", "autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(max_length=2_000, label="Reason", widget=forms.Textarea({"rows": "2"}))
    until = forms.DateTimeField(
        required=False,
        label="Ends at (UTC)",
        help_text="Empty: until somebody lifts it. A drill ends after 60 minutes at the latest.",
        widget=forms.DateTimeInput({"type": "datetime-local"}),
    )
    drill = forms.BooleanField(
        required=False, label="This is a drill", help_text="Stops calls like a live switch, and is labelled DRILL."
    )
    force = forms.BooleanField(
        required=False, label="Although nothing has this id", help_text="Only for an id that is still to come."
    )
    everything = forms.BooleanField(
        required=False, label="Yes, stop everything", help_text="Only for everything: every call is then denied."
    )

    def clean(self) -> dict[str, Any]:
        """A target belongs to every scope but everything, which is to be meant."""
        data: dict[str, Any] = super().clean() or {}
        scope, target = data.get("scope"), data.get("target", "")
        if scope == SwitchScope.ALL and target:
            self.add_error("target", "Everything has no id: leave this empty, or choose what this names.")
        if scope == SwitchScope.ALL and not data.get("everything"):
            self.add_error("everything", "Tick this to stop everything.")
        if scope and scope != SwitchScope.ALL and not target:
            self.add_error("target", "Say which one.")
        if scope == SwitchScope.TOOL and target and "/" not in target:
            self.add_error("target", "A tool is named server/tool.")
        return data


class LiftForm(forms.Form):
    """Why a switch is lifted, and for everything the second person, who signs in here."""

    reason = forms.CharField(max_length=2_000, label="Reason", widget=forms.Textarea({"rows": "2"}))
    second_name = forms.CharField(
        max_length=128, required=False, label="Second person: name", widget=forms.TextInput({"autocomplete": "off"})
    )
    second_password = forms.CharField(
        required=False, label="Second person: password", widget=forms.PasswordInput({"autocomplete": "off"})
    )


def switches(request: HttpRequest) -> HttpResponse:
    """Set a switch; what is on; what was lifted lately."""
    form = SetForm(request.POST or None, initial={"scope": SwitchScope.AGENT})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        with refusals_told(request, SwitchRefused):
            try:
                switch = _set(request, said)
            except TargetUnknown as unknown:
                form.add_error("target", f"{unknown}.")
            else:
                label = "DRILL: the switch" if switch.drill else "The switch"
                stops = SwitchTargets().stopped(SwitchScope(switch.scope), switch.target)
                messages.success(request, f"{label} for {switch} is on. Within half a second it stops {stops}.")
                return _back()
    user = person(request)
    live = list(live_switches().order_by("-set_at"))
    targets = SwitchTargets()
    denied = denied_lately(live) if sees_all(request, "audit.view_decision") else None
    return show(
        request,
        "console/switches.html",
        title="Kill switch",
        form=form,
        may_set=user.has_perm("governance.add_switch"),
        may_lift=user.has_perm("governance.lift_switch"),
        live=[
            {
                "switch": switch,
                "stops": targets.stopped(SwitchScope(switch.scope), switch.target),
                "denied": None if denied is None else denied.get(switch.pk, 0),
            }
            for switch in live
        ],
        lifted=list(Switch.objects.exclude(lifted_at=None).order_by("-lifted_at")[:LIFTED_SHOWN]),
        targets=_targets(user),
    )


def _set(request: HttpRequest, said: dict[str, Any]) -> Switch:
    return set_switch(
        actor=actor(request),
        scope=SwitchScope(said["scope"]),
        target=said["target"],
        reason=said["reason"],
        until=said["until"],
        drill=said["drill"],
        force=said["force"],
        macs=keys.state_macs(),
    )


def lift(request: HttpRequest, switch_id: int) -> HttpResponse:
    """One switch that is on, and the form that lifts it."""
    switch = live_switches().filter(pk=switch_id).first()
    if switch is None:
        messages.warning(request, "That switch is no longer on.")
        return _back()
    takes_two = switch.scope == SwitchScope.ALL and not switch.drill
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        second = _second(request, form) if takes_two else None
        if not form.errors:
            with refusals_told(request, SwitchRefused):
                lift_switch(
                    actor=actor(request),
                    switch_id=switch.pk,
                    reason=form.cleaned_data["reason"],
                    macs=keys.state_macs(),
                    second=second,
                )
                messages.success(request, f"The switch for {switch} is lifted. Calls are decided by the policy again.")
                return _back()
    return show(
        request,
        "console/lift.html",
        title=f"Lift the switch for {switch}",
        switch=switch,
        form=form,
        takes_two=takes_two,
        may_lift=person(request).has_perm("governance.lift_switch"),
        now=datetime.now(tz=UTC),
    )


def _second(request: HttpRequest, form: LiftForm) -> User | None:
    """The second person, who proves it with their own password."""
    said = form.cleaned_data
    found = authenticate(request, username=said["second_name"], password=said["second_password"])
    if not isinstance(found, User):
        form.add_error("second_password", "Lifting this takes a second person: this name and password are not right.")
        return None
    return found


def _targets(user: User) -> list[str]:
    """Ids that can be chosen while typing, of what this person may see."""
    found: list[str] = []
    for model in (Agent, Server, Department):
        if user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
            found += model._default_manager.order_by("slug").values_list("slug", flat=True)[:OFFERED]
    tools = Tool.objects.order_by("server", "own_name").values_list("server_id", "own_name")[:OFFERED]
    return list(dict.fromkeys([*found, *(f"{server}/{tool}" for server, tool in tools)]))


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:switches"))

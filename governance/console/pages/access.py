"""Reverse questions: who can do this, and what can somebody do. The question stands in the URL."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse

from governance.console.pages.asking import EntityField, call_of
from governance.console.pages.page import person, show
from governance.console.pages.question import chosen_version, world_now
from governance.console.pages.simulator import offered
from governance.engine.asking.posed_caller import PosedCaller
from governance.engine.asking.questions import Right, what_can, who_can_ever
from governance.engine.principal import ANONYMOUS
from governance.engine.world import World
from governance.selectors.policy_versions import PolicyVersion

SHOWN = 500
"""Rows of one answer; how many there are is always said."""


class WhoForm(forms.Form):
    """Who can call this?"""

    entity = EntityField(label="Who can call")
    agent = forms.CharField(required=False, max_length=128, label="Through this agent")
    policy = forms.ChoiceField(
        required=False, label="By", choices=[("current", "what is in force"), ("draft", "the draft")]
    )


class WhatForm(forms.Form):
    """What can they call?"""

    principal = forms.CharField(max_length=128, label="What can this principal call")
    agent = forms.CharField(required=False, max_length=128, label="Through this agent")
    policy = forms.ChoiceField(
        required=False, label="By", choices=[("current", "what is in force"), ("draft", "the draft")]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The rights found, the first `SHOWN` of them; `asked` is the question in words."""

    asked: str
    policy: str
    rights: tuple[Right, ...]
    count: int
    by_principal: bool


def access(request: HttpRequest) -> HttpResponse:
    """Both questions, and the answer to the one that was asked."""
    sees_draft = person(request).has_perm("governance.view_draftstate")
    who = WhoForm(request.GET if "entity" in request.GET else None)
    what = WhatForm(request.GET if "principal" in request.GET else None)
    answered: Answered | None = None
    asked = who if who.is_bound else what
    if asked.is_bound and asked.is_valid():
        policy = chosen_version(
            asked,
            draft=sees_draft and asked.cleaned_data["policy"] == "draft",
            unpublished="Nothing has been published yet: ask it of the draft.",
        )
        if policy is not None:
            world = world_now()
            answered = _who(policy, world, who) if asked is who else _what(policy, world, what)
    return show(
        request,
        "console/access.html",
        title="Who can, what can",
        who=who,
        what=what,
        answered=answered,
        offered=offered(),
    )


def _who(policy: PolicyVersion, world: World, form: WhoForm) -> Answered:
    said = form.cleaned_data
    agent = said["agent"] or None
    call = call_of(said["entity"], {})
    callers = (
        PosedCaller(principal=name, agent=agent).caller(world.directory)
        for name in (*sorted(world.directory), ANONYMOUS.id)
    )
    rights = who_can_ever(policy.snapshot, world, callers, call.kind, call.entity, now=time.time())
    through = f" through {agent}" if agent else ""
    return Answered(
        asked=f"Who can call {said['entity']}{through}",
        policy=policy.name,
        rights=rights[:SHOWN],
        count=len(rights),
        by_principal=True,
    )


def _what(policy: PolicyVersion, world: World, form: WhatForm) -> Answered:
    said = form.cleaned_data
    name, agent = said["principal"], said["agent"] or None
    caller = PosedCaller(principal=name, agent=agent).caller(world.directory)
    rights = what_can(policy.snapshot, world, caller, now=time.time())
    through = f" through {agent}" if agent else ""
    return Answered(
        asked=f"What {name} can call{through}",
        policy=policy.name,
        rights=rights[:SHOWN],
        count=len(rights),
        by_principal=False,
    )

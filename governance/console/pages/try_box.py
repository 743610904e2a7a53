"""The try-it box: what the detectors and the blocklist make of a text, and what they stopped lately.

Nothing that is pasted is kept, logged or sent back: the answer shows it with every finding replaced, or not at all
where not all of it could be looked through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse

from governance.console.pages.page import person, sees_all, show
from governance.console.pages.question import chosen_version
from governance.console.pages.traffic import EntryHits, hits_of_a_week
from governance.engine.blocking import CODES, UNREADABLE, Blocklist
from governance.engine.call import EntityKind, Json
from governance.engine.detection import Finding, Scan, redact
from governance.selectors.policy_versions import PolicyVersion

MOST = 262_144
"""Characters that can be tried: what the doors take as arguments."""
NO_TOOL = "try/it"
"""The tool that is called where none is named: none of that name can be registered, so no entry is about it."""


class TryForm(forms.Form):
    """What to look at, as what, and against which policy."""

    text = forms.CharField(
        max_length=MOST,
        label="Text, command or JSON",
        strip=False,
        help_text="It is looked through and forgotten.",
        widget=forms.Textarea({"rows": "6", "class": "tg-code", "spellcheck": "false", "autocomplete": "off"}),
    )
    form = forms.ChoiceField(
        label="Read it as",
        choices=[("auto", "JSON, else text"), ("text", "text"), ("command", "a shell command"), ("sql", "SQL")],
    )
    tool = forms.CharField(
        required=False,
        max_length=200,
        label="Called tool",
        help_text="server/tool; some entries are about tools, and a tool's name says what its arguments mean.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    policy = forms.ChoiceField(label="Against", choices=[("current", "what is in force"), ("draft", "the draft")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """One hit of the blocklist, with what its entry says of itself."""

    entry: str
    kind: str
    code: str
    path: str
    shadow: bool
    pack: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of it. `cleaned` is what was tried without its findings; None where it is not shown again."""

    policy: str
    scan: Scan
    findings: tuple[Finding, ...]
    blocked: tuple[Blocked, ...]
    cleaned: Json

    @property
    def secret_effect(self) -> str:
        """What layer 2 does."""
        if not self.scan.complete:
            return "deny"
        if not self.scan.enforced:
            return "pass"
        in_key = any(finding.in_key for finding in self.scan.enforced)
        return "deny" if self.scan.action == "block" or in_key else "redact"

    @property
    def block_effect(self) -> str:
        """What layer 3 does."""
        return "deny" if any(not one.shadow for one in self.blocked) else "pass"


def try_box(request: HttpRequest) -> HttpResponse:
    """Try something; hits of the last 7 days by entry."""
    sees_draft = person(request).has_perm("governance.view_draftstate")
    week = hits_of_a_week() if sees_all(request, "audit.view_decision") else None
    form = TryForm(request.POST if request.method == "POST" else None)
    tried: Tried | None = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        policy = chosen_version(
            form,
            draft=said["policy"] == "draft" and sees_draft,
            unpublished="Nothing has been published yet: try it against the draft.",
        )
        if policy is not None:
            tried = tried_against(policy, arguments_of(said["text"], said["form"]), tool=said["tool"] or NO_TOOL)
    fresh, faults = _without_text(form)
    return show(
        request,
        "console/try.html",
        title="Try detectors and blocklist",
        form=fresh,  # what was pasted never goes back into the page
        faults=faults,
        tried=tried,
        hits=list(_hits(week)) if week is not None else None,
        counted=week is None or week.counted,
    )


def arguments_of(text: str, form: str) -> dict[str, Json]:
    """The arguments that a call with this text would carry."""
    if form in ("command", "sql", "text"):
        return {{"command": "command", "sql": "query", "text": "text"}[form]: text}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {"text": text}
    return value if isinstance(value, dict) else {"value": value}


def tried_against(policy: PolicyVersion, arguments: dict[str, Json], *, tool: str = NO_TOOL) -> Tried:
    """What layers 2 and 3 of a policy say of these arguments, exemptions left aside."""
    scan = policy.snapshot.scanner.scan(arguments)
    # Every compilation makes a `Blocklist`; the engine asks for less, so that tests may hand in less.
    blocklist = cast(Blocklist, policy.snapshot.blocklist)
    hits = blocklist.match(EntityKind.TOOL.value, tool, arguments)
    return Tried(
        policy=policy.name,
        scan=scan,
        findings=scan.findings,
        blocked=tuple(_blocked(blocklist, hit) for hit in hits),
        cleaned=redact(arguments, scan.findings) if scan.complete else None,
    )


def _blocked(blocklist: Blocklist, hit: Any) -> Blocked:
    entry = blocklist.entry(hit.entry)
    missing = "What stands there could not be read as what it is meant to be." if hit.entry == UNREADABLE else ""
    return Blocked(
        entry=hit.entry,
        kind=hit.kind,
        code=CODES[hit.kind],
        path=hit.path,
        shadow=hit.shadow,
        pack=(entry.pack or "") if entry is not None else "",
        description=entry.description if entry is not None else missing,
    )


def _without_text(form: TryForm) -> tuple[TryForm, list[str]]:
    """A form with the same choices and nothing in its box, and what was wrong with the one that was sent."""
    if not form.is_bound:
        return form, []
    chosen = {name: form.cleaned_data.get(name, "") for name in ("form", "tool", "policy")}
    return TryForm(initial=chosen), [str(fault) for faults in form.errors.values() for fault in faults]


def _hits(week: EntryHits) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    for name, days in sorted(week.by_entry.items(), key=lambda item: (-sum(item[1]), item[0])):
        yield name, sum(days), days

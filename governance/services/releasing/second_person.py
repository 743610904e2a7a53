"""When a release takes a second person: two-person mode, less protection, or the author's own rights.

Everything is judged by the release in force, as the control stood before: a draft cannot vote on itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from accounts.models import User
from governance.engine.document.entities import EntityFields
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import RuleFields, SubjectFields
from governance.engine.principal import TIERS, Tier
from governance.policy.diff.moves import Move
from governance.policy.diff.semantic import Change
from governance.policy.document.reach import SETS, SetWord
from governance.selectors.policy_versions import PolicyVersion

PROTECTION = frozenset(
    {"blocklist", "blocklist.entries", "detectors", "detectors.own", "exemptions", "hooks", "layers", "settings"}
)
"""Kinds of object whose widening is less protection, whoever it is for; so is switching the limits off.

Taking away an own entry, detector or hook does what switching it off does, and counts as that. Rules say who may do
what and come and go by themselves; only one that looks like protection and is none, in shadow, counts here.
"""

MOST_REASONS = 20
_NAMED: tuple[Literal["roles", "groups", "departments", "agents"], ...]
_NAMED = ("roles", "groups", "departments", "agents")
_BOUNDED: tuple[Literal["servers", "data_sources", "skills", "plugins"], ...]
_BOUNDED = ("servers", "data_sources", "skills", "plugins")
_APPROVING: tuple[Literal["users", "groups", "roles", "departments"], ...]
_APPROVING = ("users", "groups", "roles", "departments")
_QUOTED = re.compile(r"""["']([A-Za-z0-9._:@-]{1,128})["']""", re.ASCII)
"""Words in a condition that stand in quotes."""


def second_person_reasons(
    current: PolicyVersion, after: PolicyDocument, *, changes: Sequence[Change], author: User | None
) -> list[str]:
    """Why `after` needs a second person, a sentence each; empty when it needs none.

    `current` is the newest release; before the first every call is denied, and nothing is less than that.
    """
    if current.nothing_released:
        return []
    before = current.document
    reasons: list[str] = []
    if before.get("settings", {}).get("two_person"):
        reasons.append("Two-person mode is on.")
    reasons += [f"{change.path} protects less: {change.summary}." for change in changes if _protects_less(change)]
    reasons += [f"Rule {rule} restricts and goes into shadow." for rule in _into_shadow(before, after)]
    if author is not None:
        reasons += [f"{path} is about the author, {author.username}." for path in own_rights(before, after, author)]
    if len(reasons) > MOST_REASONS:
        reasons[MOST_REASONS:] = [f"And {len(reasons) - MOST_REASONS} more of the kind."]
    return reasons


def own_rights(before: PolicyDocument, after: PolicyDocument, author: User) -> list[str]:
    """What a draft changes that names its author: by id, group, role, department, agent, or as an administrator.

    A rule names them in its subjects, its exceptions, its approvers or, quoted, in its condition; an entity by a
    department that it opens to. What is for everyone, or for a tier that many hold, names nobody in particular.
    """
    found: list[str] = []
    own = {
        name
        for document in (before, after)
        for name, agent in document.get("agents", {}).items()
        if agent.get("owner") == author.username
    }
    held = _held(author, own)
    for table in _NAMED:
        old, new = before.get(table, {}), after.get(table, {})
        found += [f"{table}.{name}" for name in sorted(held[table]) if old.get(name) != new.get(name)]
    rules, changed = _rules(before), _rules(after)
    for name in sorted({*rules, *changed}):
        sides = (rules.get(name), changed.get(name))
        if sides[0] != sides[1] and any(side is not None and _about(side, author, own) for side in sides):
            found.append(f"rules.{name}")
    bounds = _departments(after)
    for path, departments in sorted(_departments(before).items()):
        if not set(author.departments).isdisjoint(bounds.get(path, departments) - departments):
            found.append(f"{path}.departments")
    return found


def _protects_less(change: Change) -> bool:
    if change.effect not in (Move.WIDENS, Move.BOTH):
        return False
    return change.kind in PROTECTION or change.path == "rate_limits.disabled"


def _into_shadow(before: PolicyDocument, after: PolicyDocument) -> Iterable[str]:
    old = _rules(before)
    for name, rule in sorted(_rules(after).items()):
        was = old.get(name)
        if was is None or was["effect"] == "allow" or was.get("mode") == "shadow":
            continue
        if rule.get("mode") == "shadow":
            yield name


def _about(rule: RuleFields, author: User, agents: set[str]) -> bool:
    held = _held(author, agents)
    if _names(rule["subjects"], held, author) or _names(rule.get("except", {}), held, author):
        return True
    approvers = rule.get("approval", {}).get("approvers", {})
    if any(not held[key].isdisjoint(approvers.get(key, ())) for key in _APPROVING):
        return True
    return not set().union(*held.values()).isdisjoint(_QUOTED.findall(rule.get("when", "")))


def _departments(document: PolicyDocument) -> dict[str, frozenset[str]]:
    """The boundaries that are written down, by the path of their entity."""
    entities: dict[str, EntityFields] = {
        f"{table}.{name}": fields for table in _BOUNDED for name, fields in document.get(table, {}).items()
    }
    for name, server in document.get("servers", {}).items():
        entities.update((f"servers.{name}.tools.{tool}", fields) for tool, fields in server.get("tools", {}).items())
    return {path: frozenset(said["departments"]) for path, said in entities.items() if "departments" in said}


def _held(author: User, agents: set[str]) -> dict[SetWord, set[str]]:
    """What subjects can name somebody by."""
    return {
        "users": {author.username},
        "groups": set(author.groups),
        "roles": set(author.roles),
        "departments": set(author.departments),
        "agents": agents,
    }


def _names(subjects: SubjectFields, held: dict[SetWord, set[str]], author: User) -> bool:
    named = [key for key in SETS if key in subjects]
    if named:
        return all(held[key] & set(subjects[key]) for key in named)
    words = [*subjects.get("tiers", ()), *([subjects["min_tier"]] if "min_tier" in subjects else [])]
    tiers = {TIERS[word] for word in words}
    return tiers == {Tier.ADMIN} and author.tier == Tier.ADMIN.word


def _rules(document: PolicyDocument) -> dict[str, RuleFields]:
    return {rule["id"]: rule for rule in document.get("rules", ())}

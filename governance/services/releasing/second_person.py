"""When a release takes a second person: two-person mode, less protection, or the author's own rights.

Everything is judged by the release in force, as the control stood before: a draft cannot vote on itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from accounts.models import User
from governance.engine.principal import TIERS, Tier
from governance.policy.diff.moves import Move
from governance.policy.diff.semantic import Change
from governance.policy.schema.shapes import Document
from governance.selectors.policy_versions import PolicyVersion

PROTECTION = frozenset(
    {"blocklist", "blocklist.entries", "detectors", "detectors.own", "exemptions", "hooks", "layers", "settings"}
)
"""Kinds of object whose widening is less protection, whoever it is for; so is switching the limits off.

Taking away an own entry, detector or hook does what switching it off does, and counts as that. Rules say who may do
what and come and go by themselves; only one that looks like protection and is none, in shadow, counts here.
"""

MOST_REASONS = 20
_NAMING = ("users", "groups", "roles", "departments", "agents")
_BOUNDED = ("servers", "data_sources", "skills", "plugins")
_QUOTED = re.compile(r"""["']([A-Za-z0-9._:@-]{1,128})["']""", re.ASCII)
"""Words in a condition that stand in quotes."""


def second_person_reasons(
    current: PolicyVersion, after: Document, *, changes: Sequence[Change], author: User | None
) -> list[str]:
    """Why `after` needs a second person, a sentence each; empty when it needs none.

    `current` is the newest release; before the first every call is denied, and nothing is less than that.
    """
    if current.nothing_released:
        return []
    before = current.document
    reasons: list[str] = []
    if cast(Mapping[str, Any], before.get("settings", {})).get("two_person"):
        reasons.append("Two-person mode is on.")
    reasons += [f"{change.path} protects less: {change.summary}." for change in changes if _protects_less(change)]
    reasons += [f"Rule {rule} restricts and goes into shadow." for rule in _into_shadow(before, after)]
    if author is not None:
        reasons += [f"{path} is about the author, {author.username}." for path in own_rights(before, after, author)]
    if len(reasons) > MOST_REASONS:
        reasons[MOST_REASONS:] = [f"And {len(reasons) - MOST_REASONS} more of the kind."]
    return reasons


def own_rights(before: Document, after: Document, author: User) -> list[str]:
    """What a draft changes that names its author: by id, group, role, department, agent, or as an administrator.

    A rule names them in its subjects, its exceptions, its approvers or, quoted, in its condition; an entity by a
    department that it opens to. What is for everyone, or for a tier that many hold, names nobody in particular.
    """
    found: list[str] = []
    for table, held in (("roles", author.roles), ("groups", author.groups), ("departments", author.departments)):
        old, new = _mapping(before, table), _mapping(after, table)
        found += [f"{table}.{name}" for name in sorted(held) if old.get(name) != new.get(name)]
    old, new = _mapping(before, "agents"), _mapping(after, "agents")
    own = {name for agents in (old, new) for name, agent in agents.items() if agent.get("owner") == author.username}
    found += [f"agents.{name}" for name in sorted(own) if old.get(name) != new.get(name)]
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


def _into_shadow(before: Document, after: Document) -> Iterable[str]:
    old = _rules(before)
    for name, rule in sorted(_rules(after).items()):
        was = old.get(name)
        if was is None or was["effect"] == "allow" or was.get("mode") == "shadow":
            continue
        if rule.get("mode") == "shadow":
            yield name


def _about(rule: Mapping[str, Any], author: User, agents: set[str]) -> bool:
    approvers = rule.get("approval", {}).get("approvers", {})
    named = (rule["subjects"], rule.get("except", {}), *({key: approvers[key]} for key in approvers))
    if any(_names(subjects, author, agents) for subjects in named):
        return True
    held = {author.username, *author.groups, *author.roles, *author.departments, *agents}
    return not held.isdisjoint(_QUOTED.findall(rule.get("when", "")))


def _departments(document: Document) -> dict[str, frozenset[str]]:
    """The boundaries that are written down, by the path of their entity."""
    found: dict[str, frozenset[str]] = {}
    for table in _BOUNDED:
        for name, fields in _mapping(document, table).items():
            for path, said in (
                (f"{table}.{name}", fields),
                *((f"{table}.{name}.tools.{tool}", of) for tool, of in fields.get("tools", {}).items()),
            ):
                if "departments" in said:
                    found[path] = frozenset(said["departments"])
    return found


def _names(subjects: Mapping[str, Any], author: User, agents: set[str]) -> bool:
    held = {
        "users": {author.username},
        "groups": set(author.groups),
        "roles": set(author.roles),
        "departments": set(author.departments),
        "agents": agents,
    }
    named = [key for key in _NAMING if key in subjects]
    if named:
        return all(held[key] & set(subjects[key]) for key in named)
    words = [*subjects.get("tiers", ()), *([subjects["min_tier"]] if "min_tier" in subjects else [])]
    tiers = {TIERS[word] for word in words}
    return tiers == {Tier.ADMIN} and author.tier == Tier.ADMIN.word


def _mapping(document: Document, key: str) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], document.get(key, {}))


def _rules(document: Document) -> dict[str, Mapping[str, Any]]:
    return {rule["id"]: rule for rule in cast(list[Mapping[str, Any]], document.get("rules", []))}

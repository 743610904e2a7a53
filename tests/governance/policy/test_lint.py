"""What lint says of policies that are sound and still not good."""

from __future__ import annotations

from typing import Any

import pytest

from governance.policy.document.canonical import normalise
from governance.policy.lint.finding import CODES
from governance.policy.lint.linter import Known, lint
from tests.governance.policy.documents import rule, small

NOW = 1_780_000_000.0  # 2026-05-28
PAST, AHEAD = "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"


def findings(known: Known | None = None, **keys: Any) -> set[tuple[str, str]]:
    """Code and path of every finding on a small policy with these keys."""
    found = lint(normalise(small(**keys)), now=NOW, known=known)
    assert all(finding.code in CODES for finding in found)
    return {(finding.code, finding.path) for finding in found}


def test_a_plain_policy_has_no_findings() -> None:
    assert findings(rules=[rule("a"), rule("b", "ask", subjects={"users": ["alice"]})]) == set()


@pytest.mark.parametrize(
    ("keys", "finding"),
    [
        ({"rules": [rule("a", entities=["tool:gone/*"])]}, ("unreachable", "rules.a")),
        ({"rules": [rule("a", entities=["tool:gone/*"])]}, ("missing", "rules.a.entities")),
        ({"rules": [rule("a") | {"except": {"roles": ["analyst"]}}]}, ("unreachable", "rules.a")),
        ({"rules": [rule("a", subjects={"min_tier": "admin", "tiers": ["user"]})]}, ("unreachable", "rules.a")),
        ({"rules": [rule("a", subjects={"tiers": ["mcp"]})]}, ("unreachable", "rules.a")),
        ({"rules": [rule("a", valid_until=PAST)]}, ("expired", "rules.a")),
        ({"rules": [rule("a"), rule("b", "deny", subjects={"everyone": True})]}, ("shadowed", "rules.a")),
        ({"rules": [rule("a"), rule("b", subjects={"everyone": True})]}, ("redundant", "rules.a")),
        ({"rules": [rule("a"), rule("b")]}, ("redundant", "rules.b")),
        ({"rules": [rule("a", entities=["**"])]}, ("too_broad", "rules.a")),
        ({"rules": [rule("a", subjects={"everyone": True}, entities=["tool:files/*"])]}, ("too_broad", "rules.a")),
        ({"rules": [rule("a", mode="shadow")]}, ("in_shadow", "rules.a")),
        ({"blocklist": {"packs": []}}, ("off", "blocklist.packs")),
        ({"detectors": {"off": ["jwt"]}}, ("off", "detectors.off")),
        ({"detectors": {"shadow": ["jwt"]}}, ("in_shadow", "detectors.shadow")),
        ({"rate_limits": {"disabled": True}}, ("off", "rate_limits.disabled")),
        ({"layers": {"secrets": {"mode": "shadow", "until": AHEAD}}}, ("in_shadow", "layers.secrets")),
        ({"layers": {"secrets": {"mode": "shadow", "until": PAST}}}, ("expired", "layers.secrets")),
        ({"agents": {"free": {"owner": "alice"}}}, ("too_broad", "agents.free")),
        ({"agents": {"lost": {"owner": "zoe", "entities": ["server:files"]}}}, ("missing", "agents.lost.owner")),
        ({"agents": {"blind": {"owner": "alice", "entities": ["tool:x/*"]}}}, ("missing", "agents.blind.entities")),
        ({"rules": [rule("a", subjects={"users": ["zoe"]})]}, ("missing", "rules.a.subjects.users")),
        (
            {"servers": {"files": {"agent_required": False, "tools": {"read": {}}}}},
            ("agent_not_required", "servers.files"),
        ),
        ({"servers": {"files": {"mode": "optional", "tools": {"read": {}}}}}, ("too_broad", "servers.files")),
        ({"servers": {"files": {"tools": {"read": {}, "Read": {}}}}}, ("ambiguous", "servers.files")),
        (
            {"servers": {"files": {"tools": {"read": {"default_allow": True}}}}},
            ("too_broad", "servers.files.tools.read"),
        ),
        ({"roles": {"analyst": {"tier": "admin"}}}, ("unreachable", "principals.alice")),
        (
            {"hooks": [{"id": "h", "event": "Stop", "type": "command", "command": "h", "enabled": False}]},
            ("off", "hooks.h"),
        ),
    ],
)
def test_lint_finds(keys: dict[str, Any], finding: tuple[str, str]) -> None:
    assert finding in findings(**keys)


@pytest.mark.parametrize(("until", "code"), [(PAST, "expired"), (AHEAD, "too_broad")])
def test_an_exemption_is_reported_when_it_has_ended_or_is_wide(until: str, code: str) -> None:
    exemption = {"layer": "secrets", "name": "jwt", "entity": "tool:files/*", "until": until, "justification": "x"}
    assert findings(exemptions=[exemption]) == {(code, "exemptions.secrets.jwt")}


@pytest.mark.parametrize(
    "other",
    [
        rule("b", subjects={"everyone": True}, when="args.n > 1"),
        rule("b", subjects={"everyone": True}, mode="shadow"),
        rule("b", subjects={"everyone": True}, valid_until=AHEAD),
        rule("b", subjects={"everyone": True}, parameters={"deny": ["/x"]}),
        rule("b", subjects={"roles": ["analyst"], "departments": ["finance"]}),
        rule("b", subjects={"everyone": True}, entities=["tool:files/write"]),
        rule("b", subjects={"everyone": True}) | {"except": {"users": ["alice"]}},
    ],
)
def test_a_rule_is_not_redundant_to_one_that_reaches_less_far(other: dict[str, Any]) -> None:
    assert ("redundant", "rules.a") not in findings(rules=[rule("a"), other])


def test_asks_with_different_approvers_are_both_needed() -> None:
    other = rule("b", "ask", subjects={"everyone": True}, approval={"four_eyes": True})
    assert ("redundant", "rules.a") not in findings(rules=[rule("a", "ask"), other])


def test_rules_that_matched_nothing_are_reported_where_hits_are_known() -> None:
    rules = [rule("a"), rule("b", entities=["tool:files/write"])]
    assert findings(known=Known(idle={"b": 30}), rules=rules) == {("unused", "rules.b")}


def test_secrets_and_executables_are_missed_only_where_they_are_known() -> None:
    keys: dict[str, Any] = {
        "bindings": [{"secret": "k", "server": "files", "into": {"header": "X"}}],
        "hooks": [{"id": "h", "event": "Stop", "type": "command", "command": "h"}],
    }
    assert findings(**keys) == set()
    known = Known(secrets=[], executables=[])
    assert findings(known=known, **keys) == {("missing", "bindings.k"), ("missing", "hooks.h.command")}
    assert findings(known=Known(secrets=["k"], executables=["h"]), **keys) == set()


def test_a_policy_without_principals_misses_none() -> None:
    keys: dict[str, Any] = {"principals": {}, "rules": [rule("a", subjects={"users": ["zoe"]})]}
    assert findings(**keys) == set()
    assert ("missing", "rules.a.subjects.users") in findings(known=Known(principals=["alice"]), **keys)

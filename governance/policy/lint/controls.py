"""Findings about what protects: everything that is off, in shadow, exempted or left wide open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from governance.engine.document.controls import (
    BlocklistEntryFields,
    BlocklistFields,
    DetectorFields,
    ExemptionFields,
    ScannerFields,
)
from governance.engine.document.policy import PolicyDocument
from governance.engine.principal import TIERS
from governance.policy.document.moments import seconds
from governance.policy.lint.finding import LintFinding


def control_findings(document: PolicyDocument, *, now: float) -> Iterator[LintFinding]:
    """Everything off or in shadow, expired, wider than one thing, or without an agent."""
    for name, layer in document.get("layers", {}).items():
        if layer.get("mode") == "shadow":
            ended = "until" in layer and seconds(layer["until"]) <= now
            code = "expired" if ended else "in_shadow"
            yield LintFinding(code=code, path=f"layers.{name}", message=f"the whole layer, until {layer.get('until')}")
    blocklist, detectors = document.get("blocklist", {}), document.get("detectors", {})
    yield from _packs("blocklist", blocklist, "entries", blocklist.get("entries", ()))
    yield from _packs("detectors", detectors, "own", detectors.get("own", ()))
    if document.get("rate_limits", {}).get("disabled"):
        yield LintFinding(code="off", path="rate_limits.disabled", message="nothing is limited")
    for exemption in document.get("exemptions", ()):
        yield from _exemption(exemption, now)
    for rule in document.get("rules", ()):
        if rule.get("mode") == "shadow":
            yield LintFinding(code="in_shadow", path=f"rules.{rule['id']}", message="is recorded and not enforced")
    for hook in document.get("hooks", ()):
        if not hook.get("enabled", True):
            yield LintFinding(code="off", path=f"hooks.{hook['id']}", message="is disabled")
        elif hook.get("mode") == "shadow":
            yield LintFinding(code="in_shadow", path=f"hooks.{hook['id']}", message="is recorded and not enforced")
    yield from _entities(document)
    yield from _people(document)


def _packs(
    key: str,
    record: BlocklistFields | ScannerFields,
    own: str,
    entries: Iterable[BlocklistEntryFields | DetectorFields],
) -> Iterator[LintFinding]:
    if record.get("packs") == []:
        yield LintFinding(code="off", path=f"{key}.packs", message="the shipped packs are off")
    for name in record.get("off", ()):
        yield LintFinding(code="off", path=f"{key}.off", message=f"{name} is off")
    for name in record.get("shadow", ()):
        yield LintFinding(code="in_shadow", path=f"{key}.shadow", message=f"{name} is recorded and not enforced")
    for entry in entries:
        if entry.get("mode") == "shadow":
            path = f"{key}.{own}.{entry['id']}"
            yield LintFinding(code="in_shadow", path=path, message="is recorded and not enforced")


def _exemption(exemption: ExemptionFields, now: float) -> Iterator[LintFinding]:
    path = f"exemptions.{exemption['layer']}.{exemption['name']}"
    if seconds(exemption["until"]) <= now:
        message = f"has had no effect on {exemption['entity']} since {exemption['until']}"
        yield LintFinding(code="expired", path=path, message=message)
    elif "*" in exemption["entity"] or "?" in exemption["entity"]:
        yield LintFinding(code="too_broad", path=path, message=f"exempts whatever matches {exemption['entity']}")


def _entities(document: PolicyDocument) -> Iterator[LintFinding]:
    for name, server in document.get("servers", {}).items():
        path = f"servers.{name}"
        if server.get("agent_required", True) is False:
            message = "a token at its MCP door need not name an agent, so no agent's bounds hold"
            yield LintFinding(code="agent_not_required", path=path, message=message)
        if server.get("mode", "required") != "required":
            yield LintFinding(
                code="too_broad", path=path, message=f"authentication is {server['mode']} at its MCP door"
            )
        if server.get("default_allow"):
            yield LintFinding(code="too_broad", path=path, message="is allowed by default, without a rule")
        for tool, count in Counter(tool.casefold() for tool in server.get("tools", {})).items():
            if count > 1:
                yield LintFinding(code="ambiguous", path=path, message=f"{count} tools differ only by case: {tool}")
        for tool, fields in server.get("tools", {}).items():
            if fields.get("default_allow"):
                message = "is allowed by default, without a rule"
                yield LintFinding(code="too_broad", path=f"{path}.tools.{tool}", message=message)
    for name, plugin in document.get("plugins", {}).items():
        for key, parts in (("skills", plugin.get("skills", {})), ("agents", plugin.get("agents", {}))):
            both = set(parts.get("include", ())) & set(parts.get("exclude", ()))
            for one in sorted(both):
                message = f"{one} is included and excluded; it is left out"
                yield LintFinding(code="ambiguous", path=f"plugins.{name}.{key}", message=message)
    for name, agent in document.get("agents", {}).items():
        if "entities" not in agent and "max_sensitivity" not in agent and "departments" not in agent:
            message = "is bound by its tier and its owner's departments only"
            yield LintFinding(code="too_broad", path=f"agents.{name}", message=message)


def _people(document: PolicyDocument) -> Iterator[LintFinding]:
    roles = document.get("roles", {})
    for name, principal in document.get("principals", {}).items():
        tier = TIERS[principal.get("tier", "user")]
        for role in principal.get("roles", ()):
            if tier < TIERS[roles[role].get("tier", "anonymous")]:
                message = f"is of tier {tier.word}, below what the role {role} asks for, so the role has no effect"
                yield LintFinding(code="unreachable", path=f"principals.{name}", message=message)

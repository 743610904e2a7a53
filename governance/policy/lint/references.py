"""Findings about names that lead nowhere: globs, principals, secrets, executables, controls that nobody ships."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from governance.engine.document.policy import PolicyDocument
from governance.policy.document.entity_patterns import entities_of
from governance.policy.document.reach import Entities, covered_bits
from governance.policy.lint.finding import LintFinding


def reference_findings(
    document: PolicyDocument,
    *,
    principals: Collection[str] | None,
    secrets: Collection[str] | None,
    executables: Collection[str] | None,
) -> Iterator[LintFinding]:
    """Names that are not known; of kinds about which nothing is known (None) nothing is said.

    The document's own principals count as known; where it has none and none are handed in, none are missed.
    """
    entities = entities_of(document)
    for rule in document.get("rules", ()):
        yield from _globs(f"rules.{rule['id']}.entities", rule["entities"], entities, fold=rule["effect"] != "allow")
    for name, agent in document.get("agents", {}).items():
        yield from _globs(f"agents.{name}.entities", agent.get("entities", ()), entities, fold=False)
    own = document.get("principals", {})
    if own or principals is not None:
        yield from _principals(document, {*own, *(principals or ())})
    for binding in document.get("bindings", ()):
        if secrets is not None and binding["secret"] not in secrets:
            message = f"there is no secret {binding['secret']}"
            yield LintFinding(code="missing", path=f"bindings.{binding['secret']}", message=message)
    if executables is not None:
        yield from _executables(document, executables)


def _globs(path: str, selectors: Collection[str], entities: Entities, *, fold: bool) -> Iterator[LintFinding]:
    for text in selectors:
        if ("*" in text or "?" in text) and not covered_bits([text], entities, fold=fold):
            yield LintFinding(code="missing", path=path, message=f"{text} matches no entity of this policy")


def _principals(document: PolicyDocument, known: Collection[str]) -> Iterator[LintFinding]:
    named: list[tuple[str, str]] = []
    for kind in _OWNED:
        named += [
            (f"{kind}.{name}.owner", fields["owner"])
            for name, fields in document.get(kind, {}).items()
            if "owner" in fields
        ]
    for rule in document.get("rules", ()):
        path = f"rules.{rule['id']}"
        named += [(f"{path}.subjects.users", user) for user in rule["subjects"].get("users", ())]
        named += [(f"{path}.except.users", user) for user in rule.get("except", {}).get("users", ())]
        approvers = rule.get("approval", {}).get("approvers", {})
        named += [(f"{path}.approval.approvers.users", user) for user in approvers.get("users", ())]
    for path, user in named:
        if user not in known:
            yield LintFinding(code="missing", path=path, message=f"there is no principal {user}")


def _executables(document: PolicyDocument, known: Collection[str]) -> Iterator[LintFinding]:
    for hook in document.get("hooks", ()):
        if hook["type"] == "command" and hook["command"] not in known:
            message = f"no executable {hook['command']} is registered, so it stays disabled"
            yield LintFinding(code="missing", path=f"hooks.{hook['id']}.command", message=message)
    for name, server in document.get("servers", {}).items():
        command = server.get("transport", {}).get("command")
        if command is not None and command not in known:
            message = f"no executable {command} is registered, so it stays disabled"
            yield LintFinding(code="missing", path=f"servers.{name}.transport.command", message=message)


_OWNED: tuple[Literal["agents", "skills", "principals"], ...] = ("agents", "skills", "principals")

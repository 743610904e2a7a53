"""What a sound policy still says that it probably should not.

Pure over the document: nothing here is an error, and nothing stops a publish.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from governance.engine.document.policy import PolicyDocument
from governance.policy.lint.controls import control_findings
from governance.policy.lint.finding import LintFinding
from governance.policy.lint.references import reference_findings
from governance.policy.lint.rules import rule_findings

__all__ = ["Known", "LintFinding", "lint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beside the document; None where it is not, and then nothing is said about it.

    `idle` are the rules that matched no call, each with the days for which it did not; `idle_problem` says why that
    cannot be told.
    """

    principals: Collection[str] | None = None
    secrets: Collection[str] | None = None
    executables: Collection[str] | None = None
    idle: Mapping[str, int] | None = None
    idle_problem: str = ""


def lint(document: PolicyDocument, *, now: float, known: Known | None = None) -> list[LintFinding]:
    """Every finding, sorted by path; `now` is in epoch seconds, `document` canonical and sound."""
    beside = known or Known()
    found = [
        *rule_findings(document, now=now),
        *control_findings(document, now=now),
        *reference_findings(
            document, principals=beside.principals, secrets=beside.secrets, executables=beside.executables
        ),
        *_unused(document, beside),
    ]
    return sorted(found, key=lambda finding: (finding.path, finding.code, finding.message))


def _unused(document: PolicyDocument, known: Known) -> Iterator[LintFinding]:
    if known.idle_problem:
        yield LintFinding(code="incomplete", path="rules", message=known.idle_problem)
    idle = known.idle or {}
    for rule in document.get("rules", ()):
        if rule["id"] in idle:
            message = f"matched no call in {idle[rule['id']]} days"
            yield LintFinding(code="unused", path=f"rules.{rule['id']}", message=message)

"""Layer 2: no credential in any key or value of the arguments."""

from __future__ import annotations

from dataclasses import replace

from governance.engine.call import Json
from governance.engine.deciding.run import Run, Stop
from governance.engine.decision import Obligation
from governance.engine.detection.finding import Finding
from governance.engine.detection.redaction import redact

NAME = "secrets"


def check(run: Run) -> Stop | None:
    """Deny on a finding in force, or on a scan that could not look through everything. A hint would help a thief."""
    arguments = run.call.arguments
    if not arguments:
        return None
    scan = run.scan = run.snapshot.scanner.scan(arguments)
    if scan.complete and not scan.findings:
        return None
    in_force = [finding for finding in scan.findings if not finding.shadow and not _exempted(run, finding)]
    run.note(NAME, "findings", [_evidence(finding) for finding in scan.findings])
    run.note(NAME, "complete", scan.complete)
    for finding in scan.findings:
        if finding.shadow:
            run.shadowed[finding.detector] = None
            run.shadow_failed.add(NAME)
    if not in_force and scan.complete:
        return None
    if run.now < run.snapshot.shadow_until.get(NAME, float("-inf")):
        run.shadow_failed.add(NAME)
        for finding in in_force:
            run.shadowed[finding.detector] = None
        return None
    if scan.complete and scan.action == "redact" and not any(finding.in_key for finding in in_force):
        paths = tuple(dict.fromkeys(finding.path for finding in in_force))
        run.obligations.append(Obligation(type="redact", paths=paths))
        clean = redact(dict(run.outgoing.arguments), in_force)
        if not isinstance(clean, dict):
            raise TypeError("redacted arguments are no object")
        run.outgoing = replace(run.outgoing, arguments=clean)
        return None
    rule = min((finding.detector for finding in in_force), default=None)
    return Stop(NAME, "secret.found", "The arguments may not carry credentials.", rule=rule)


def _exempted(run: Run, finding: Finding) -> bool:
    for exemption in run.snapshot.exemptions[NAME]:
        if exemption.holds(
            kind=run.call.kind, entity=run.call.entity, name=finding.detector, path=finding.path, now=run.now
        ):
            run.exemptions[exemption.id] = None
            return True
    return False


def _evidence(finding: Finding) -> Json:
    return {
        "detector": finding.detector,
        "path": finding.path,
        "kind": finding.kind,
        "confidence": finding.confidence,
        "fingerprint": finding.fingerprint,
        "in_key": finding.in_key,
        "shadow": finding.shadow,
    }

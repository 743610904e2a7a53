"""What a scan says: where a credential stands and of what kind it is, never a byte of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One credential in one place.

    `detector` is the detector's id, `kind` its family (`cloud`, `private_key`, `assignment` …), `confidence` one of
    `high`, `medium`, `low`. `path` is the JSON pointer of the leaf; a key that itself holds a credential stands in it
    as `[key:<position in its object>]`, so that the path does not tell it. `fingerprint` is 32 hex digits of a keyed
    BLAKE2b over the
    value: equal values have equal fingerprints under one key, and without the key it says nothing.
    `in_key` says that the credential stands in the key at `path`, which no door can rewrite. `shadow` findings are
    recorded and redacted, not enforced.
    """

    detector: str
    path: str
    kind: str
    confidence: str
    fingerprint: str
    in_key: bool = False
    shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The outcome of one scan.

    `complete` is False when something could not be looked through within the bounds of depth, size or time: the layer
    must then deny, and whoever captures must treat the whole value as secret. `action` is the policy's answer to a
    finding, `block` or `redact`.
    """

    findings: tuple[Finding, ...] = ()
    complete: bool = True
    action: str = "block"

    @property
    def enforced(self) -> tuple[Finding, ...]:
        """The findings that count for the decision: those not in shadow."""
        return tuple(finding for finding in self.findings if not finding.shadow)

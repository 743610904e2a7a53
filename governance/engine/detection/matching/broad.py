"""The broad rule set: Kingfisher's rules on Vectorscan, compiled once for the process.

Always the plain `Scanner`: it honours no marker in the text. Importing this module fails where the wheel is missing,
and `broad()` raises where the rules do not compile: a process without its rules must not start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import kingfisher_sdk

from governance.engine.detection.catalogue import DETECTORS
from governance.engine.detection.detector import expand
from governance.engine.detection.matching.assignment import likely_url_password
from governance.engine.detection.matching.benign import entropy, is_placeholder
from governance.engine.detection.matching.matcher import Match

LEAST_RULES = 400  # fewer mean a broken or foreign rule set
_URL_PASSWORD = re.compile(r"://[^\s:/@]*:([^\s@]+)@")
_FAMILY = re.compile(r"[a-z0-9]+")
_WEAK = 2.8  # bits a character, under which a finding of a rule of medium or low confidence is not believed


class BroadRulesError(RuntimeError):
    """The broad rules are not usable; the process must not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadRules:
    """The compiled rules. The native scanner keeps no state between scans, so any number of threads may use it."""

    native: Any
    rules: Any
    kinds: dict[str, str]

    def match(self, text: bytes, *, timeout: float | None) -> Iterator[Match]:
        """Every credential in the text. `timeout` in seconds; raises TimeoutError, never a part of the findings."""
        for found in self.native.scan_bytes(text, timeout=timeout):
            if not found.visible:
                continue
            secret = found.secret
            if (inside := _URL_PASSWORD.search(secret)) is not None and not likely_url_password(inside[1]):
                continue
            if is_placeholder(secret) or (found.confidence != "high" and entropy(secret) < _WEAK):
                continue
            place = found.location
            rule = found.rule_id
            start, end = _narrowed(text, place["start_offset"], place["end_offset"], secret)
            yield Match(
                detector=rule,
                kind=self.kinds.get(rule, "credential"),
                confidence=found.confidence,
                start=start,
                end=end,
                specific=True,
            )

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all rules, for `off`, `shadow` and exemptions."""
        return frozenset(self.kinds)

    @property
    def cache_status(self) -> str:
        """`loaded` from the rule cache, `stored` into it, or `bypassed`."""
        return str(self.rules.cache_status)


@cache
def broad() -> BroadRules:
    """Compile the rules, or load them from the cache that `KF_RULE_CACHE_DIR` names. Raises BroadRulesError."""
    try:
        rules = kingfisher_sdk.Rules()
        scanner = kingfisher_sdk.Scanner(rules, base64=False)
        metadata = rules.metadata()
        scanner.scan(_every_format())
    except Exception as error:
        raise BroadRulesError(f"the broad rules do not compile: {error}") from error
    if len(metadata) < LEAST_RULES:
        raise BroadRulesError(f"only {len(metadata)} broad rules were loaded, at least {LEAST_RULES} are expected")
    kinds = {rule["id"]: _kind(rule["id"]) for rule in metadata}
    return BroadRules(native=scanner._native, rules=rules, kinds=kinds)


def _every_format() -> str:
    """One of each of our formats: the rules make ready at their first candidate, and no call should wait for that."""
    return "\n".join(expand(shape, detector.id) for detector in DETECTORS for shape in detector.shapes)


def _kind(rule: str) -> str:
    """The family of a rule: that of our own detector of the same vendor, else `credential`."""
    words = _FAMILY.findall(rule.partition(".")[2])
    if "private" in words and "key" in words:
        return "private_key"
    if "jwt" in words:
        return "token"
    return next((kind for word in words if (kind := _VENDORS.get(word)) is not None), "credential")


_VENDORS = {detector.id.partition("-")[0]: detector.kind for detector in DETECTORS}


def _narrowed(text: bytes, start: int, end: int, secret: str) -> tuple[int, int]:
    at = text.find(secret.encode("utf-8", "replace"), start, end)
    return (start, end) if at < 0 else (at, at + len(secret.encode("utf-8", "replace")))

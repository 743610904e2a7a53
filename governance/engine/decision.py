"""The pipeline's answer, and what it says about how it came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from governance.engine.call import Json
from governance.engine.detection.finding import Scan


class Effect(StrEnum):
    """What may happen to a call."""

    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


class Outcome(StrEnum):
    """What one layer said."""

    PASS = "pass"
    FAIL = "fail"
    SKIPPED = "skipped"
    SHADOW_FAIL = "shadow_fail"


NOTHING: Mapping[str, Json] = MappingProxyType({})

LAYERS: tuple[str, ...] = (
    "kill_switch",
    "scope",
    "secrets",
    "blocklist",
    "rate_limit",
    "hooks",
    "approval",
)

SHADOWABLE: tuple[str, ...] = ("secrets", "blocklist", "rate_limit")
"""Layers that may be in shadow as a whole, with an end."""


class LayerResult(NamedTuple):
    """One layer's outcome. `nanos` is its wall time; `evidence` goes to the record and to staff, never to an agent.

    A named tuple, like `Decision`: each call makes seven of these, and a frozen dataclass takes five times as long.
    """

    layer: str
    outcome: Outcome
    nanos: int = 0
    evidence: Mapping[str, Json] = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Why a scope or rule denial came about, told inside the surface: the path that decided and what would pass."""

    path: str
    required: Json = None
    actual: Json = None
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What the enforcement point must do with an allowed call: `redact` or `confirm`, at JSON pointers."""

    type: str
    paths: tuple[str, ...] = ()


class Decision(NamedTuple):
    """Allow, deny or ask, with everything the record and the answer need.

    `layer` and `code` are those that decided (None for an allow). `reason` is safe to tell the agent.
    `masked` means that the entity is outside the caller's surface: a door then answers exactly as for
    something that does not exist (`public()` in this package does so). `layers` always holds all seven.
    `rule` is the id of the rule, entry, detector, switch or hook that decided; `matched` and `shadowed` are
    ids of rules that matched and of shadow findings; `asks` of what asks. `scan` is what layer 2 saw (None: it did not
    run), so that a capture need not look again.
    """

    effect: Effect
    layer: str | None = None
    code: str | None = None
    reason: str = ""
    detail: Detail | None = None
    layers: tuple[LayerResult, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    rule: str | None = None
    masked: bool = False
    matched: tuple[str, ...] = ()
    shadowed: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    exemptions: tuple[str, ...] = ()
    retry_after_ms: int | None = None
    release: int = 0
    digest: str = ""
    entity: Mapping[str, Json] = NOTHING
    skip_client_prompt: bool = False
    scan: Scan | None = None

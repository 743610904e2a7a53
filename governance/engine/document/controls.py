"""Controls in a policy document: blocklist, detectors, exemptions, layers, limits, bindings."""

from __future__ import annotations

from typing import Literal, Required, TypeAlias, TypedDict

from governance.engine.call import Json
from governance.engine.document.rules import ModeWord

RateTierWord: TypeAlias = Literal["admin", "service", "a2a", "mcp", "user", "anon"]


# A key that is one of Python's own words cannot be written in a class.
_PassJson = TypedDict("_PassJson", {"pass": "list[Json]"}, total=False)


class BlocklistExamples(_PassJson, total=False):
    """What a blocklist entry must match and must let pass."""

    match: list[Json]


class BlocklistEntryFields(TypedDict, total=False):
    """One of the blocklist's own entries."""

    id: Required[str]
    description: str
    kind: Required[Literal["entity", "host", "network", "command", "sql", "path", "argument"]]
    pattern: Required[str]
    pointer: str
    mode: ModeWord
    examples: BlocklistExamples


class BlocklistFields(TypedDict, total=False):
    """What no call may contain."""

    packs: list[Literal["builtin"]]
    off: list[str]
    shadow: list[str]
    entries: list[BlocklistEntryFields]


# A key that is one of Python's own words cannot be written in a class.
_PassText = TypedDict("_PassText", {"pass": list[str]}, total=False)


class DetectorExamples(_PassText, total=False):
    """What a detector must find and must let pass."""

    match: list[str]


class DetectorFields(TypedDict, total=False):
    """One of the policy's own detectors."""

    id: Required[str]
    description: str
    pattern: Required[str]
    mode: ModeWord
    examples: DetectorExamples


class ScannerFields(TypedDict, total=False):
    """How credentials in arguments are found."""

    packs: list[Literal["builtin"]]
    action: Literal["block", "redact"]
    off: list[str]
    shadow: list[str]
    own: list[DetectorFields]
    canaries: list[str]


class ExemptionFields(TypedDict, total=False):
    """One detector or entry that does not hold for one entity."""

    layer: Required[Literal["secrets", "blocklist"]]
    name: Required[str]
    entity: Required[str]
    path: str
    until: Required[str]
    justification: Required[str]


class LayerFields(TypedDict, total=False):
    """One layer as a whole."""

    mode: ModeWord
    until: str


class SettingFields(TypedDict, total=False):
    """Settings of the decision point."""

    stale_after: int
    stale_after_restricted: int
    two_person: bool


class SessionLimitFields(TypedDict, total=False):
    """The sliding window of a signed session."""

    calls: int
    window_seconds: int


class RateLimitFields(TypedDict, total=False):
    """Token buckets and the session window."""

    disabled: bool
    burst_multiplier: float
    burst_multipliers: dict[str, float]
    base_per_second: dict[str, float]
    tier_multipliers: dict[RateTierWord, float]
    session: SessionLimitFields


class PlaceFields(TypedDict, total=False):
    """Where a secret goes."""

    header: str
    environment: str
    argument: str
    query: str
    allow_query: bool
    template: str


class BindingFields(TypedDict, total=False):
    """Which secret goes into which call."""

    secret: Required[str]
    server: Required[str]
    tool: str
    into: Required[PlaceFields]
    hosts: list[str]

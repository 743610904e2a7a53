"""What the engine cannot know by itself, asked for by value, and the answers a driver sends back.

The engine is a generator: it yields a `Need` and is sent its `Answer`. A driver that cannot answer sends the
answer that says so (`Buckets(...)` from its degraded share, `HookRun(verdict="error")`,
`Approval(state="unavailable")`); an answer of the wrong type ends in a deny with `engine.error`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from governance.engine.call import Call
from governance.engine.document.rules import ApprovalFields


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedBuckets:
    """Spend one token of the principal's bucket on the class, and one admission of the signed session.

    `rate` is tokens a second, `burst` the bucket's size in tokens; `session` is None when the token has none,
    and at most `session_calls` are admitted in any `session_window` seconds.
    """

    principal: str
    rate_class: str
    rate_tier: str
    rate: float
    burst: float
    session: str | None
    session_calls: int
    session_window: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """The answer to `NeedBuckets`: which of the two had nothing left, and when to try again."""

    principal: bool = True
    session: bool = True
    retry_after_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One synchronous hook as the policy holds it. `timeout` is in seconds; `spec` is its policy file entry."""

    id: str
    type: str
    category: str
    on_failure: str
    timeout: float
    shadow: bool
    spec: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedHooks:
    """Run these hooks on the call, in this order: system hooks first."""

    hooks: tuple[Hook, ...]
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRun:
    """What one hook said: `verdict` is pass, deny, ask, error or timeout; it can only tighten.

    `reason` is for the record. `confirm` and `redact` are JSON pointers into the arguments.
    """

    hook: str
    verdict: str = "pass"
    reason: str = ""
    confirm: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRuns:
    """The answer to `NeedHooks`: one run for each hook asked for. One that is missing counts as an error."""

    runs: tuple[HookRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedApproval:
    """Something asks: find and use an approval for exactly this call.

    `asks` are the ids of the rules (`rule:ID`) and hooks (`hook:ID`) that ask, sorted; `approvals` each asking
    rule's `approval` mapping by rule id; `sensitivity` the highest level that the call touches.
    """

    call: Call
    asks: tuple[str, ...]
    approvals: Mapping[str, ApprovalFields]
    sensitivity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The answer to `NeedApproval`: `state` is approved, required, denied, expired, limit or unavailable."""

    state: str
    id: str | None = None


Need: TypeAlias = NeedBuckets | NeedHooks | NeedApproval
Answer: TypeAlias = Buckets | HookRuns | Approval
